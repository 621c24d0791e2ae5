"""A buzzer that knows only on and off: its beeps, one after the other. A new request takes the place of the last."""

import asyncio
from collections.abc import Callable

_OFF, _ON = 0, 1


class Beeper:
    """Turns a buzzer on and off through `put`, given 1 and 0, which never raises."""

    def __init__(self, put: Callable[[int], None], loop: asyncio.AbstractEventLoop) -> None:
        self._put, self._loop = put, loop
        self._next: asyncio.TimerHandle | None = None

    def beep(self, times: int, for_s: float) -> None:
        """Beep so often, each beep and each pause for `for_s`."""
        self.close()
        self._switch(2 * times, for_s)

    def close(self) -> None:
        """Be silent."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
            self._put(_OFF)

    def _switch(self, left: int, for_s: float) -> None:
        """Switch `left` times more: an even number is left before the buzzer goes on."""
        self._next = None
        if left == 0:
            return
        self._put(_OFF if left % 2 else _ON)
        self._next = self._loop.call_later(for_s, lambda: self._switch(left - 1, for_s))
