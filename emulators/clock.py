"""Building time: as fast as the machine goes, or at a chosen speed of the wall.

`BuildingLoop` is an asyncio loop whose seconds are the building's. It begins by never waiting: when nothing is
ready it jumps to the next timer, so that a day passes in seconds and every run is the same run. `go_live` lets it
wait from then on, so that a demonstration first catches up with the morning and then runs at the wall's pace. While it
jumps it is the only thread: what is meant for another is done where it stands.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class LoopClock:
    """A `readers.ports.Clock` over an event loop whose seconds are the building's; it shows `start` now."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop, self._start = loop, start
        self._origin = loop.time()

    def now(self) -> datetime:
        """Return the building's time."""
        return self._start + timedelta(seconds=self._loop.time() - self._origin)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the loop after `delay_s` building seconds."""
        return self._loop.call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` building seconds."""
        await asyncio.sleep(delay_s)


class BuildingLoop(asyncio.SelectorEventLoop):
    """An event loop in building time: it jumps from timer to timer until `go_live` ties it to the wall."""

    def __init__(self) -> None:
        self._pace = _PacedSelector()
        super().__init__(self._pace)

    def time(self) -> float:
        """Return the building seconds that have passed since the loop began."""
        return self._pace.now()

    def go_live(self, speed: float = 1.0) -> None:
        """From now on let `speed` building seconds pass in each second of the wall."""
        self._pace.follow_wall(speed)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Have work done by `executor`; in virtual time at once, as nothing waits for a thread there."""
        if self._pace.follows_wall:
            return super().run_in_executor(executor, func, *args)
        done: asyncio.Future[_T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as fault:  # noqa: BLE001 (it belongs to whoever asked, whatever it is)
            done.set_exception(fault)
        return done


class _PacedSelector(selectors.DefaultSelector):
    """Waits for nothing until it follows the wall: a time-out is taken as passed. Sockets are served either way."""

    def __init__(self) -> None:
        super().__init__()
        self._base = 0.0
        self._speed: float | None = None
        self._since = 0.0

    @property
    def follows_wall(self) -> bool:
        return self._speed is not None

    def now(self) -> float:
        if self._speed is None:
            return self._base
        return self._base + (time.perf_counter() - self._since) * self._speed

    def follow_wall(self, speed: float) -> None:
        self._base, self._speed, self._since = self.now(), speed, time.perf_counter()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._speed is not None:
            return super().select(None if timeout is None else timeout / self._speed)
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("virtual time stands still: every task waits and no timer is set")
        if not ready:
            self._base += max(timeout or 0, 0)
        return ready


def run_virtually(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end without ever waiting, on a loop of its own."""
    with asyncio.Runner(loop_factory=BuildingLoop) as runner:
        return runner.run(main)
