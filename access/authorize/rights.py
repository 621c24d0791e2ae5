"""Everybody and every badge, compiled and in memory: what the authorizer decides from, changed one by one.

Nothing here reads a database. Whoever holds the rights is told of a change and hands it over with `apply`.
"""

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from policies.building import Building
from policies.engine import Engine
from policies.ids import BadgeId, PersonId
from policies.policy import Policy
from policies.presence import dwell_limit
from policies.roster import Badge, Person, Roster


class Change(msgspec.Struct, frozen=True):
    """People and badges as they are from now on, and those that are gone."""

    people: tuple[Person, ...] = ()
    badges: tuple[Badge, ...] = ()
    people_gone: tuple[PersonId, ...] = ()
    badges_gone: tuple[BadgeId, ...] = ()


class Rights:
    """The engine of one site, and who is due the longer opening."""

    def __init__(self, policy: Policy, building: Building, roster: Roster) -> None:
        self.engine = Engine(policy, building, roster)
        self._longer = {person.id for person in roster.people.values() if person.extended_opening}

    def apply(self, change: Change) -> None:
        """Take up a change: one look-up a person or badge, however large the site."""
        for person in change.people:
            self.engine.put_person(person)
        self._note_longer(change.people)
        for badge in change.badges:
            self.engine.put_badge(badge)
        for gone in change.people_gone:
            self.engine.drop_person(gone)
            self._longer.discard(gone)
        for dropped in change.badges_gone:
            self.engine.drop_badge(dropped)

    def needs_longer(self, person: PersonId | None) -> bool:
        """Return whether the extended strike time is due to somebody."""
        return person in self._longer

    def stays_for(self, person: PersonId) -> timedelta:
        """Return how long somebody is believed to stay in one space unheard."""
        holder = self.engine.holders.people.get(person)
        return dwell_limit(holder.standing.type if holder is not None else None)

    def _note_longer(self, people: Iterable[Person]) -> None:
        for person in people:
            if person.extended_opening:
                self._longer.add(person.id)
            else:
                self._longer.discard(person.id)
