"""The event loop's side of any reader: the card that has come, and whether the reader is there.

One card at a time; one that leaves before anybody asked was never there. An outage is told once, the end always.
"""

import asyncio
from typing import Generic, TypeVar

from readers.errors import TransportDown
from readers.health import Health, Standing

_C = TypeVar("_C")


class Arrivals(Generic[_C]):
    """Hands cards of one reader over to the one who waits for them, and its health to those who watch."""

    def __init__(self) -> None:
        self._news: _C | None = None
        self._untold: TransportDown | None = None
        self._end: TransportDown | None = None
        self._stirred = asyncio.Event()
        self._standing = Standing()

    async def next(self) -> _C:
        """Return the next card; raise `TransportDown`."""
        self._tell_outage()
        while self._news is None:
            self._stirred.clear()
            await self._stirred.wait()
            self._tell_outage()
        found, self._news = self._news, None
        return found

    def watch(self, on_health: Health) -> None:
        """Call `on_health` at every change from now on, and at once where the health is known."""
        self._standing.watch(on_health)

    def found(self, card: _C) -> None:
        """Note that a card has come."""
        self._news = card
        self._stirred.set()

    def lost(self) -> None:
        """Note that the card has left."""
        self._news = None

    def down(self, outage: TransportDown) -> None:
        """Note that the reader is gone; of one outage only the first word counts."""
        if self._standing.change(outage):
            self._news, self._untold = None, outage
            self._stirred.set()

    def up(self) -> None:
        """Note that the reader is there: an outage that nobody heard of is over."""
        self._untold = None
        self._standing.change(None)

    def end(self, outage: TransportDown) -> None:
        """Note that no card will ever come again."""
        self._news, self._end = None, outage
        self._stirred.set()

    def _tell_outage(self) -> None:
        if self._end is not None:
            raise self._end
        if self._untold is not None:
            outage, self._untold = self._untold, None
            raise outage
