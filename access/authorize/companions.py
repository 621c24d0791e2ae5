"""Who is at a door just now: those who went in there a moment ago, and those who wait for a second person."""

from datetime import datetime

from policies.building import Door
from policies.ids import DoorId, PersonId
from policies.presence.companions import Entrants, is_in_time


class Companions:
    """By door, the latest entrants. Whoever waits for a second person is let in by them, once."""

    def __init__(self) -> None:
        self._entrants = Entrants()
        self._waiting: dict[DoorId, dict[PersonId, datetime]] = {}

    def of(self, door: Door, at: datetime) -> tuple[PersonId, ...]:
        """Return who proved themselves at a door lately enough for `at`."""
        waiting = self._waiting.get(door.id, {}).items()
        waiting_still = (person for person, when in waiting if is_in_time(when, at, door))
        return tuple(dict.fromkeys((*self._entrants.of(door, at), *waiting_still)))

    def wait(self, door: Door, person: PersonId, at: datetime) -> None:
        """Note that somebody waits for a second person."""
        self._waiting.setdefault(door.id, {})[person] = at

    def let_in(
        self, door: Door, person: PersonId, at: datetime, *, needed_somebody: bool
    ) -> tuple[PersonId, ...]:
        """Note that `person` is let in; return everybody who is: those who waited for them pass, too.

        Where somebody waited, two proofs have opened once: neither counts for a third person.
        """
        if self._waiting:
            waited = self._waiting.pop(door.id, {})
            others = tuple(
                each for each, when in waited.items() if each != person and is_in_time(when, at, door)
            )
            if others:
                for each in (person, *others):
                    self._entrants.forget(door, each)
                return (person, *others)
        if not needed_somebody:
            self._entrants.note(door, person, at)
        return (person,)
