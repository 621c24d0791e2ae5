"""Who proved themselves at a door a moment ago, at any of its readers: the second person that somebody may need."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from policies.building import Door
from policies.ids import DoorId, PersonId
from readers.ports import Clock, Timer


class _Waiting(msgspec.Struct):
    """Somebody who waits for a second person, and whom to call when one has come or nobody has."""

    timer: Timer
    on_end: Callable[[tuple[PersonId, ...]], None]


class Company:
    """The people at the doors of one computer. Who waits is alone until somebody else may enter there in time.

    Whoever is at another door is nobody's company, also where both lead into one space.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[tuple[DoorId, PersonId], _Waiting] = {}
        self._passed: dict[DoorId, tuple[PersonId, datetime]] = {}

    def beside(self, door: Door) -> tuple[PersonId, ...]:
        """Return who is there: those who wait, and the one let in last, if within the last `two_person_s`.

        Where two must come together, whoever was let in already has had their second person.
        """
        waiting = tuple(person for at, person in self._waiting if at == door.id)
        if door.two_person or door.id not in self._passed:
            return waiting
        who, at = self._passed[door.id]
        return (*waiting, who) if self._clock.now() - at <= timedelta(seconds=door.two_person_s) else waiting

    def wait(self, door: Door, person: PersonId, on_end: Callable[[tuple[PersonId, ...]], None]) -> None:
        """Let somebody wait; `on_end` hears who came, or nobody once the time is over."""
        place = door.id, person
        self._drop(place)
        timer = self._clock.call_later(door.two_person_s, lambda: self._end(place, ()))
        self._waiting[place] = _Waiting(timer, on_end)

    def let_in(self, door: Door, person: PersonId) -> None:
        """Take note that somebody may enter; whoever waits there is called."""
        self._drop((door.id, person))
        self._passed[door.id] = person, self._clock.now()
        for place in tuple(self._waiting):
            if place[0] == door.id:
                self._end(place, (person,))

    def close(self) -> None:
        """Forget everybody, and call nobody."""
        for place in tuple(self._waiting):
            self._drop(place)

    def _end(self, place: tuple[DoorId, PersonId], with_whom: tuple[PersonId, ...]) -> None:
        waiting = self._drop(place)
        if waiting is not None:
            waiting.on_end(with_whom)

    def _drop(self, place: tuple[DoorId, PersonId]) -> _Waiting | None:
        waiting = self._waiting.pop(place, None)
        if waiting is not None:
            waiting.timer.cancel()
        return waiting
