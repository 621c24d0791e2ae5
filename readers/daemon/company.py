"""Who proved themselves at one reader a moment ago: the second person that somebody else may need."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from policies.ids import PersonId
from readers.ports import Clock, Timer


class _Waiting(msgspec.Struct):
    """Somebody who waits for a second person, and whom to call when one has come or nobody has."""

    timer: Timer
    on_end: Callable[[tuple[PersonId, ...]], None]


class Company:
    """The people at one reader. Who waits is alone until somebody else proves themselves there in time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[PersonId, _Waiting] = {}
        self._passed: tuple[PersonId, datetime] | None = None

    def beside(self, within_s: float, *, only_waiting: bool) -> tuple[PersonId, ...]:
        """Return who is there: those who wait, and the one let in last, if within the last `within_s`.

        Where two must come together (`only_waiting`), whoever was let in already has had their second person.
        """
        waiting = tuple(self._waiting)
        if only_waiting or self._passed is None:
            return waiting
        who, at = self._passed
        return (*waiting, who) if self._clock.now() - at <= timedelta(seconds=within_s) else waiting

    def wait(self, person: PersonId, within_s: float, on_end: Callable[[tuple[PersonId, ...]], None]) -> None:
        """Let somebody wait; `on_end` hears who came, or nobody once the time is over."""
        self._drop(person)
        timer = self._clock.call_later(within_s, lambda: self._end(person, ()))
        self._waiting[person] = _Waiting(timer, on_end)

    def let_in(self, person: PersonId) -> None:
        """Take note that somebody may pass; whoever waits is called."""
        self._drop(person)
        self._passed = person, self._clock.now()
        for other in tuple(self._waiting):
            self._end(other, (person,))

    def close(self) -> None:
        """Forget everybody, and call nobody."""
        for person in tuple(self._waiting):
            self._drop(person)

    def _end(self, person: PersonId, with_whom: tuple[PersonId, ...]) -> None:
        waiting = self._drop(person)
        if waiting is not None:
            waiting.on_end(with_whom)

    def _drop(self, person: PersonId) -> _Waiting | None:
        waiting = self._waiting.pop(person, None)
        if waiting is not None:
            waiting.timer.cancel()
        return waiting
