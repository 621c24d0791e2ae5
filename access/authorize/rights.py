"""Everybody and every badge, compiled and in memory: what the authorizer decides from, changed one by one.

Nothing here reads a database. Whoever holds the rights is told of a change and hands it over with `apply`.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from policies.building import Building, Passback
from policies.engine import Engine
from policies.ids import PersonId, ReaderId
from policies.policy import Policy
from policies.presence import dwell_limit
from policies.presence.seats import gained
from policies.roster import Badge, BadgeStatus, Person, Roster
from readers.wire.delta import Delta


class Rights:
    """The engine of one site at a version, and who is due the longer opening."""

    def __init__(
        self, policy: Policy, building: Building, holders: Iterable[Person | Badge], version: int
    ) -> None:
        self.engine = Engine(policy, building, Roster({}, {}))
        self.version = version
        self.cards = self.engine.holders.cards
        self.seated = _seated(self.engine, building)
        """The readers at which a permit takes a seat: somebody will count it, or ask whether its holder is inside."""
        self._pins: dict[PersonId, str] = {}
        self._longer: set[PersonId] = set()
        for each in holders:
            if isinstance(each, Person):
                self._put(each)
            else:
                self.engine.put_badge(each)

    def apply(self, delta: Delta) -> Iterator[None]:
        """Take up a change one person or badge at a time, what shuts doors first; the last reaches the version."""
        alive = [badge for badge in delta.badges if badge.status is BadgeStatus.ACTIVE]
        dead = [badge for badge in delta.badges if badge.status is not BadgeStatus.ACTIVE]
        suspended = [person for person in delta.people if person.suspended]
        others = [person for person in delta.people if not person.suspended]
        yield from map(self.engine.drop_badge, delta.gone_badges)
        yield from map(self.engine.put_badge, dead)
        yield from map(self._drop, delta.gone_people)
        yield from map(self._put, suspended)
        yield from map(self._put, others)
        yield from map(self.engine.put_badge, alive)
        self.version = max(self.version, delta.version)

    def needs_longer(self, person: PersonId | None) -> bool:
        """Return whether the extended strike time is due to somebody."""
        return person in self._longer

    def pin_of(self, person: PersonId | None) -> str | None:
        """Return the hash of somebody's PIN; None where there is none or nobody."""
        return self._pins.get(person) if person is not None else None

    def stays_for(self, person: PersonId) -> timedelta:
        """Return how long somebody is believed to stay in one space unheard."""
        holder = self.engine.holders.people.get(person)
        return dwell_limit(holder.standing.type if holder is not None else None)

    def _drop(self, person: PersonId) -> None:
        self.engine.drop_person(person)
        self._longer.discard(person)
        self._pins.pop(person, None)

    def _put(self, person: Person) -> None:
        self.engine.put_person(person)
        if isinstance(person.pin, str):
            self._pins[person.id] = person.pin
        else:
            self._pins.pop(person.id, None)
        if person.extended_opening:
            self._longer.add(person.id)
        else:
            self._longer.discard(person.id)


def _seated(engine: Engine, building: Building) -> frozenset[ReaderId]:
    portals = engine.portals
    counted = {space for portal in portals.values() for space in portal.enforced}
    counted |= {space for portal in portals.values() if portal.full_forbids for space in portal.counted}
    asked = {
        portal.inner for portal in portals.values() if portal.passback in {Passback.HARD, Passback.TIMED}
    }
    return frozenset(
        reader for reader in portals if not (counted | asked).isdisjoint(gained(building, reader))
    )
