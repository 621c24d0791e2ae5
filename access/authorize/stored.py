"""What feeds the view of an authorizer inside the server: the intake hears what doors report, so the store has it."""

from datetime import datetime
from functools import partial
from typing import Protocol

from access.services.clock import Clock
from access.services.offload import Offload


class ReadsStore(Protocol):
    """Whoever keeps the view."""

    def read_store(self, since: datetime) -> None:
        """Read rights, modes, and what was stored since; blocks. Raise `SQLAlchemyError`."""
        ...

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        ...


class StoreFeed:
    """A `candidate.Feed` that has the store and nothing else: of seats that others give it never hears."""

    is_connected = True
    listened_s = 0.0

    def __init__(self, authorizer: ReadsStore, clock: Clock, offload: Offload) -> None:
        self._authorizer, self._clock, self._offload = authorizer, clock, offload

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        return self._authorizer.longest_seat_s

    async def read_store(self) -> None:
        """Read rights, modes and passages; raise `SQLAlchemyError` where the database does not answer."""
        await self._offload(partial(self._authorizer.read_store, self._clock.now()))

    async def hear_up_to_now(self) -> None:
        """Return: the store is all that there is to hear."""
