"""The machine's own time as a `readers.ports.Clock`: it smooths small corrections and follows large ones back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

FOLLOWED_BACK = timedelta(minutes=1)
"""A correction further back is followed: standing still until the wall catches up would keep doors in an hour that is
over, for as long as the clock was wrong."""


def _wall() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The wall clock and the running event loop's timers."""

    def __init__(self, wall: Callable[[], datetime] = _wall) -> None:
        self._wall = wall
        self._latest = wall()

    def now(self) -> datetime:
        """Return the time; where the wall clock was set back a little, the latest given, until it is past that."""
        wall = self._wall()
        if wall > self._latest or self._latest - wall > FOLLOWED_BACK:
            self._latest = wall
        return self._latest

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the running event loop after `delay_s` seconds."""
        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds."""
        await asyncio.sleep(delay_s)
