"""Reading what happened: lists of stored events, the newest first, and what was wrong with some."""

from access.store import events as stored
from access.store.database import Database
from access.store.events import Filter, Finding, Place
from readers.wire.events import Event

__all__ = ["Events", "Filter", "Finding", "Place"]


class Events:
    """The use cases around stored events. Whoever calls has the right to read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, chosen: Filter, before: Place | None = None, limit: int = 100) -> list[Event]:
        """Return up to `limit` events, the newest first, that come before `before`."""
        with self._database.reading() as session:
            return stored.newest(session, chosen, before, limit)

    def findings(self, limit: int = 100) -> list[Finding]:
        """Return up to `limit` findings of ingest, the newest first."""
        with self._database.reading() as session:
            return stored.findings(session, limit)
