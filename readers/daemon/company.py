"""Who proved themselves at a door a moment ago, at any of its readers: the second person that somebody may need."""

from collections.abc import Callable

import msgspec

from policies.building import Door
from policies.ids import DoorId, PersonId
from policies.presence.companions import Entrants
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
        self._entrants = Entrants()

    def beside(self, door: Door) -> tuple[PersonId, ...]:
        """Return who is there: those who went in lately by a right of their own, then those who wait."""
        waiting = (person for at, person in self._waiting if at == door.id)
        return tuple(dict.fromkeys((*self._entrants.of(door, self._clock.now()), *waiting)))

    def wait(self, door: Door, person: PersonId, on_end: Callable[[tuple[PersonId, ...]], None]) -> None:
        """Let somebody wait; `on_end` hears who came, or nobody once the time is over."""
        place = door.id, person
        self._drop(place)
        timer = self._clock.call_later(door.two_person_s, lambda: self._end(place, ()))
        self._waiting[place] = _Waiting(timer, on_end)

    def let_in(self, door: Door, person: PersonId, *, needed_somebody: bool) -> None:
        """Take note that somebody may enter; whoever waits there is called.

        Who needed somebody, and whoever is called, has had their second person, and is nobody else's.
        """
        self._drop((door.id, person))
        called = [place for place in self._waiting if place[0] == door.id]
        if called:
            self._entrants.forget(door, person)
        elif not needed_somebody:
            self._entrants.note(door, person, self._clock.now())
        for place in called:
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
