"""Who proved themselves at a door just before: the second person whom some doors wait for, or somebody's escort."""

from collections import deque
from datetime import datetime

from policies.building import Door
from policies.ids import DoorId, PersonId

MOST_A_DOOR = 8
"""So many proofs at one door within its few seconds are kept: a queue passes, a couple waits for each other."""


class Companions:
    """By door, the latest proofs. Whoever waits for a second person is let in by them, once."""

    def __init__(self) -> None:
        self._proofs: dict[DoorId, deque[tuple[PersonId, datetime]]] = {}
        self._waiting: dict[DoorId, dict[PersonId, datetime]] = {}

    def of(self, door: Door, at: datetime) -> tuple[PersonId, ...]:
        """Return who proved themselves at a door lately enough for `at`."""
        proofs = (*self._proofs.get(door.id, ()), *self._waiting.get(door.id, {}).items())
        return tuple(dict.fromkeys(person for person, when in proofs if _counts(when, at, door)))

    def wait(self, door: Door, person: PersonId, at: datetime) -> None:
        """Note that somebody waits for a second person."""
        self._waiting.setdefault(door.id, {})[person] = at

    def let_in(self, door: Door, person: PersonId, at: datetime) -> tuple[PersonId, ...]:
        """Note that `person` is let in; return everybody who is: those who waited for them pass, too.

        Where somebody waited, two proofs have opened once: neither counts for a third person.
        """
        if self._waiting:
            waited = self._waiting.pop(door.id, {})
            others = tuple(
                each for each, when in waited.items() if each != person and _counts(when, at, door)
            )
            if others:
                self._proofs.pop(door.id, None)
                return (person, *others)
        proofs = self._proofs.get(door.id)
        if proofs is None:
            proofs = self._proofs[door.id] = deque(maxlen=MOST_A_DOOR)
        proofs.append((person, at))
        return (person,)


def _counts(when: datetime, at: datetime, door: Door) -> bool:
    return (at - when).total_seconds() < door.two_person_s
