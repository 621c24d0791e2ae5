"""The time as the server's parts wait in it: the real clock, or a building's in a simulation."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Building time, as far as this waits in it."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` of this clock's seconds."""
        ...
