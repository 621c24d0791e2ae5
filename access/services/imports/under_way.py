"""The import that is being written now, in this program, and how far it has come: none of it is in the database yet."""

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
    """The import under way: one at most, since it holds the turn to write. Whoever reads sees a moment of it."""

    def __init__(self) -> None:
        self._entry: UnderWay | None = None

    def entry_of(self, organisation: OrganisationId | None = None) -> UnderWay | None:
        """Return what is under way; of one organisation only, if given."""
        entry = self._entry
        return entry if entry is None or organisation in (None, entry.organisation) else None

    @contextmanager
    def entry(self, entry: UnderWay) -> Iterator[Callable[[int], None]]:
        """Show an import for as long as it is written; what this gives is told how many more are."""

        def tell(more: int) -> None:
            entry.written += more

        self._entry = entry
        try:
            yield tell
        finally:
            self._entry = None
