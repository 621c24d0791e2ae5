"""Imports that are being written now, in this program: how far each has come. Nothing of it is in the database yet."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from policies.ids import OrganisationId


class UnderWay(msgspec.Struct):
    """An import under way: whose it is and since when, for whose people it speaks, and how many are written."""

    actor: str
    begun_at: datetime
    organisation: OrganisationId | None
    rows: int
    written: int = 0


class Board:
    """The imports under way. Each is written by one thread; whoever reads sees a moment of it."""

    def __init__(self) -> None:
        self._entries: list[UnderWay] = []

    def entries(self, organisation: OrganisationId | None = None) -> list[UnderWay]:
        """Return what is under way, those that began first before; of one organisation only, if given."""
        return [one for one in self._entries if organisation is None or one.organisation == organisation]

    @contextmanager
    def entry(self, entry: UnderWay) -> Iterator[Callable[[int], None]]:
        """Show an import for as long as it is written; what this gives is told how many more are."""

        def tell(more: int) -> None:
            entry.written += more

        self._entries.append(entry)
        try:
            yield tell
        finally:
            # Another may look the same: it is this one that goes.
            self._entries = [one for one in self._entries if one is not entry]
