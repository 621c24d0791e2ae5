"""Who proved themselves at a door just before: the second person whom some doors wait for, or somebody's escort."""

from datetime import datetime, timedelta

import msgspec

from policies.ids import DoorId, PersonId


class _Proven(msgspec.Struct, frozen=True):
    person: PersonId
    until: datetime
    waits: bool


class Companions:
    """By door, those whose proof still counts. Whoever waits for a second person is let in by them, once."""

    def __init__(self) -> None:
        self._by_door: dict[DoorId, list[_Proven]] = {}

    def of(self, door: DoorId, at: datetime) -> tuple[PersonId, ...]:
        """Return who proved themselves at a door lately enough."""
        proven = self._by_door.get(door)
        if not proven:
            return ()
        fresh = [each for each in proven if at < each.until]
        if len(fresh) != len(proven):
            self._by_door[door] = fresh
        return tuple(each.person for each in fresh)

    def note(self, door: DoorId, person: PersonId, until: datetime, *, waits: bool) -> None:
        """Remember somebody who was let pass, or who waits for a second person."""
        others = [each for each in self._by_door.get(door, ()) if each.person != person]
        self._by_door[door] = [*others, _Proven(person, until, waits)]

    def let_in(self, door: DoorId, person: PersonId, at: datetime, window: timedelta) -> list[PersonId]:
        """Note that `person` was let pass; return those who waited for them, and pass too.

        Where somebody waited, two proofs have opened once: neither counts for a third person.
        """
        proven = self._by_door.get(door)
        if proven:
            waiting = [
                each.person for each in proven if each.waits and each.person != person and at < each.until
            ]
            if waiting:
                del self._by_door[door]
                return waiting
        self.note(door, person, at + window, waits=False)
        return []
