"""Building time: as fast as the machine goes, at a chosen speed, or the machine's own.

`VirtualLoop` is an asyncio loop that never waits: when nothing is ready it jumps to the next timer, so that a day
passes in seconds and every run is the same run. A `LoopClock` reads any loop's time as building time; over a
virtual loop it is virtual, over a real one it runs `speed` times as fast as the wall.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

_T = TypeVar("_T")


class LoopClock:
    """A `readers.ports.Clock` over an event loop: it shows `start` now and runs `speed` times as fast."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime, speed: float = 1.0) -> None:
        self._loop, self._start, self._speed = loop, start, speed
        self._origin = loop.time()

    def now(self) -> datetime:
        """Return the building's time."""
        return self._start + timedelta(seconds=(self._loop.time() - self._origin) * self._speed)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the loop after `delay_s` building seconds."""
        return self._loop.call_later(delay_s / self._speed, callback)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` building seconds."""
        await asyncio.sleep(delay_s / self._speed)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time moves only when every task waits, and then straight to the next timer."""

    def __init__(self) -> None:
        self._selector_in_no_time = _JumpingSelector()
        super().__init__(self._selector_in_no_time)

    def time(self) -> float:
        """Return the seconds that have passed since the loop began."""
        return self._selector_in_no_time.now


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for nothing: a timeout is taken as passed. It still serves the loop's own wake-up socket."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("virtual time stands still: every task waits and no timer is set")
        self.now += max(timeout, 0)
        return ready


def run_virtually(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end in virtual time, on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
