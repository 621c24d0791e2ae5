"""Who went in at a door a moment ago, and so may be somebody's host or second person there. One rule for every decider.

Everybody who went in by a right of their own stays company for the door's `two_person_s`, whoever came after them.
Whoever needed somebody does not: a visitor escorts nobody, and a couple that went in together has been counted once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from policies.building import Door
from policies.ids import DoorId, PersonId, RuleId
from policies.policy import Rule

MOST_A_DOOR = 12
"""So many entries at one door within its few seconds are kept: a group passes, and all can be named to the site."""


class Leaning:
    """By which permits one goes in only beside somebody else."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._escorted = frozenset(rule.id for rule in rules if rule.escorted)
        self._either = self._escorted.union(rule.id for rule in rules if rule.accompanied)

    def is_visitor(self, rules: Collection[RuleId]) -> bool:
        """Return whether all the permits that let somebody in ask for their host."""
        return bool(rules) and self._escorted.issuperset(rules)

    def needs_somebody(self, rules: Collection[RuleId]) -> bool:
        """Return whether no permit that let somebody in is enough alone; at a free door none has been shown."""
        return self._either.issuperset(rules)


class Entrants:
    """By door, who went in lately by a right of their own. Where a door lets in two together, nobody is."""

    def __init__(self) -> None:
        self._entered: dict[DoorId, dict[PersonId, datetime]] = {}

    def of(self, door: Door, at: datetime) -> tuple[PersonId, ...]:
        """Return who went in at a door lately enough for `at`."""
        entered = self._entered.get(door.id)
        if not entered:
            return ()
        return tuple(person for person, when in entered.items() if is_in_time(when, at, door))

    def note(self, door: Door, person: PersonId, at: datetime) -> None:
        """Note that somebody goes in by a right of their own."""
        if door.two_person:
            return
        entered = self._entered.setdefault(door.id, {})
        entered.pop(person, None)
        entered[person] = at
        if len(entered) > MOST_A_DOOR:
            del entered[next(iter(entered))]

    def forget(self, door: Door, person: PersonId) -> None:
        """Note that somebody has been a second person: they are nobody else's."""
        if door.id in self._entered:
            self._entered[door.id].pop(person, None)


def is_in_time(when: datetime, at: datetime, door: Door) -> bool:
    """Return whether two proofs at a door belong together; one from before a clock was set back does not."""
    return abs((at - when).total_seconds()) < door.two_person_s
