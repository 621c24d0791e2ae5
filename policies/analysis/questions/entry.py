"""What the holder of one badge still needs to enter at one door, at one instant: a PIN, their host, a second person.

Exact: it is the engine that decides, with and without each need. What cannot be had at the door (another hour,
a certification, a stronger medium) is none of this: then the answer is None, they cannot.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations

from policies.analysis.needs import Kind, Need, Needs
from policies.decision import Effect, Reason
from policies.engine import Engine
from policies.holders import Card
from policies.ids import BadgeId, DoorId, PersonId, ReaderId
from policies.request import AccessRequest, Assurance, Direction, LiveState
from policies.roster import Person

NOTHING: Needs = frozenset()
_PIN, _HOST, _SECOND = Need(Kind.PIN), Need(Kind.HOST), Need(Kind.SECOND)
_AUTHENTICATED = Need(Kind.PROOF, "authenticated")
"""A medium that proves itself by a signed URL can also authenticate, to a reader that has its key."""


def entry_reader(engine: Engine, door: DoorId) -> ReaderId | None:
    """Return a reader by which one enters at `door`; None if nobody does, KeyError if there is no such door."""
    engine.building.doors[door]
    sides = engine.building.readers.values()
    return next((side.id for side in sides if side.door == door and side.direction is Direction.ENTRY), None)


class Entry:
    """The way in at one reader, at one instant and in one state."""

    def __init__(self, engine: Engine, reader: ReaderId, at: datetime, state: LiveState) -> None:
        self._engine, self._reader, self._at, self._state = engine, reader, at, state
        self._asks_for_pin = engine.portals[reader].pins

    def least(self, badges: Iterable[BadgeId]) -> Needs | None:
        """Return the least that somebody with `badges` needs, with the best of them; None if no badge opens."""
        each = (needs for badge in badges if (needs := self.needs(badge)) is not None)
        return min(each, key=len, default=None)

    def needs(self, badge: BadgeId) -> Needs | None:
        """Return the least that the badge's holder still needs, the fewest things; None if they cannot enter."""
        card = self._engine.holders.cards[badge]
        if (bare := self._with(badge, card, NOTHING)) is not None:
            return bare
        possible = tuple(self._possible(card))
        if self._with(badge, card, frozenset(possible)) is None:
            return None
        tries = (
            frozenset(some) for size in range(1, len(possible) + 1) for some in combinations(possible, size)
        )
        return next(needs for some in tries if (needs := self._with(badge, card, some)) is not None)

    def _possible(self, card: Card) -> Iterator[Need]:
        if self._asks_for_pin:
            yield _PIN
        if Assurance.UID < card.least_proof < Assurance.AUTHENTICATED:
            yield _AUTHENTICATED
        if self._host(card) is not None:
            yield _HOST

    def _with(self, badge: BadgeId, card: Card, needs: Needs) -> Needs | None:
        """Return `needs`, and a second person if one is needed as well, where they are enough; else None."""
        proof = Assurance.AUTHENTICATED if _AUTHENTICATED in needs else card.least_proof
        host = self._host(card) if _HOST in needs else None
        companions = () if host is None else (host,)
        request = AccessRequest(self._at, self._reader, badge, proof, _PIN in needs, companions)
        decision = self._engine.decide(request, self._state)
        if decision.effect is Effect.GRANT:
            return needs
        # Where it is the host who lacks a second person, that is told before the PIN is asked for.
        is_host_alone = host is not None and decision.reason is Reason.INCORRECT_ACCOMPANIMENT
        lacks_second = decision.reason is Reason.AUTHORIZATION_DELAYED or (
            is_host_alone and not self._engine.lacks_pin(request)
        )
        return needs | {_SECOND} if lacks_second else None

    def _host(self, card: Card) -> PersonId | None:
        person = card.holder.person
        return None if person is None else self.escort(person)

    def escort(self, person: Person) -> PersonId | None:
        """Return who could escort the person here: their host, if that is somebody else who may enter."""
        host = None if person.host == person.id else person.host
        tap = AccessRequest(self._at, self._reader, BadgeId(""), Assurance.AUTHENTICATED)
        return host if host is not None and self._engine.may_accompany(host, tap, self._state) else None
