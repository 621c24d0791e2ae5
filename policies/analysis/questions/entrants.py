"""Who can enter at a door at an instant: everybody, exactly, with what each still needs; in a city as in a building.

One of each class of the census answers for all who are like them; those with more to look at are looked at one by
one, remembered by all of them that a decision here depends on.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from policies import conditions as on
from policies.analysis.needs import Need, Needs, in_order
from policies.analysis.questions.census import Census, Class
from policies.analysis.questions.entry import Entry, entry_reader
from policies.engine import Engine
from policies.ids import BadgeId, CertificationId, DoorId, PersonId, ReaderId
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Person, within

_Rights = tuple[frozenset[CertificationId], PersonId | None, bool] | None
"""What a decision at one door depends on beside class and validity: trainings, the host if they may
enter (one host is let in alone, another with a second person), whether a grant holds."""


class Group(NamedTuple):
    """The people who can enter with the same still needed: nothing, a PIN, their host, a second person.

    They stand in the lists of the census itself, as copying a million names would be most of the work.
    """

    needs: tuple[Need, ...]
    lists: tuple[list[PersonId], ...]

    @property
    def people(self) -> list[PersonId]:
        """Return everybody in the group, rising."""
        return sorted(chain.from_iterable(self.lists))

    @property
    def number(self) -> int:
        """Return how many they are."""
        return sum(map(len, self.lists))


class Entrants(NamedTuple):
    """Everybody who can enter at a door at an instant, each in one group; those who need least come first."""

    door: DoorId
    at: datetime
    groups: tuple[Group, ...]


def who_can(
    engine: Engine,
    door: DoorId,
    at: datetime,
    census: Census | None = None,
    mode: DoorMode = DoorMode.NORMAL,
) -> Entrants:
    """Return who has the right to enter at `door` at `at`; raise KeyError for a door that the building does not have.

    Somebody can if one of their badges can. How full it is and who is inside is not looked at, nor who might be the
    second person of whom. A `census` of the engine's holders, taken before, saves most of the time.
    """
    reader = entry_reader(engine, door)
    if reader is None:
        return Entrants(door, at, ())
    found: dict[Needs, list[list[PersonId]]] = {}
    for needs, people in _Search(engine, reader, at, mode).run(census or Census(engine.holders)):
        found.setdefault(needs, []).append(people)
    return Entrants(door, at, _groups(found))


def _groups(found: dict[Needs, list[list[PersonId]]]) -> tuple[Group, ...]:
    groups = (Group(in_order(needs), tuple(lists)) for needs, lists in found.items())
    return tuple(
        sorted(groups, key=lambda group: (len(group.needs), [need.kind.value for need in group.needs]))
    )


class _Search:
    """One look through a census."""

    def __init__(self, engine: Engine, reader: ReaderId, at: datetime, mode: DoorMode) -> None:
        self._holders, self._building, self._at = engine.holders, engine.building, at
        self._portal, self._is_free = engine.portals[reader], mode is DoorMode.FREE
        self._entry = Entry(engine, reader, at, LiveState({self._portal.door: mode}))
        self._tap = AccessRequest(at, reader, BadgeId(""), Assurance.AUTHENTICATED)
        self._known: dict[_Rights, Needs | None] = {}

    def run(self, census: Census) -> Iterator[tuple[Needs, list[PersonId]]]:
        """Yield people with what they need, each person once."""
        best: dict[PersonId, Needs] = {}
        for each in census.classes:
            is_reached = self._is_free or bool(each.rules & self._portal.permits)
            if is_reached:
                yield from self._alike(each)
            self._known.clear()
            for badge in each.others:
                self._look_at(badge, best, is_reached=is_reached)
        yield from ((needs, [person]) for person, needs in best.items())

    def _alike(self, each: Class) -> Iterator[tuple[Needs, list[PersonId]]]:
        at = self._at
        dated = [who for who in each.dated if who.since <= at < who.until]
        badge = dated[0].badge if each.badge is None and dated else each.badge
        if badge is not None and (needs := self._entry.needs(badge)) is not None:
            yield needs, each.alike
            yield needs, [who.person for who in dated]

    def _look_at(self, badge: BadgeId, best: dict[PersonId, Needs], *, is_reached: bool) -> None:
        """Put into `best` what the holder of `badge` needs, if that is the least of all their badges yet."""
        holder = self._holders.cards[badge].holder
        has_grants = holder.person is not None and holder.person.grants
        if holder.id is None or not (is_reached or has_grants):
            return
        needs = self._needs(badge)
        if needs is not None and (holder.id not in best or len(needs) < len(best[holder.id])):
            best[holder.id] = needs

    def _needs(self, badge: BadgeId) -> Needs | None:
        """Return what `Entry.needs` does, remembered for those of one class who have the same rights besides."""
        card = self._holders.cards[badge]
        person = card.holder.person
        if card.badge is not None and on.badge_refusal(card.badge, self._tap):
            return None
        if person is not None and on.person_refusal(person, self._at):
            return None
        own = None if person is None else self._rights(person)
        if own not in self._known:
            self._known[own] = self._entry.needs(badge)
        return self._known[own]

    def _rights(self, person: Person) -> _Rights:
        at, door = self._at, self._portal.door
        trained = frozenset(held.id for held in person.certifications if within(at, None, held.until))
        is_granted = any(
            within(at, grant.valid_from, grant.valid_until)
            and on.permit_covers(grant.doors, grant.spaces, self._building, door)
            for grant in person.grants
        )
        return trained, self._entry.escort(person), is_granted
