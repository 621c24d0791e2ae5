"""The machine's own time as a `readers.ports.Clock`. It follows corrections of the wall clock, but never back."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime


class SystemClock:
    """The wall clock and the running event loop's timers."""

    def __init__(self) -> None:
        self._latest = datetime.now(UTC)

    def now(self) -> datetime:
        """Return the time; where the wall clock was set back, the latest time given, until it is past that again."""
        self._latest = max(self._latest, datetime.now(UTC))
        return self._latest

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` on the running event loop after `delay_s` seconds."""
        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds."""
        await asyncio.sleep(delay_s)
