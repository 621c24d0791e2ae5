"""The lockdowns in force, kept in memory: every page says them at its top, and none reads the database for it."""

from datetime import UTC, datetime
from threading import Lock

from access.store import doors as stored
from access.store.database import Database
from access.store.doors import Lockdown

_ALL = datetime.min.replace(tzinfo=UTC)


class Standing:
    """What stands. Whoever begins or ends a lockdown, here or in another program, says `refresh` afterwards."""

    def __init__(self, database: Database) -> None:
        self._database, self._in_order = database, Lock()
        self._known: tuple[Lockdown, ...] = ()
        self.refresh()

    def refresh(self) -> None:
        """Read anew what nobody has ended; it blocks."""
        with self._in_order, self._database.reading() as session:  # what was read first is never kept last
            self._known = tuple(stored.lockdowns(session, _ALL))

    def at(self, now: datetime) -> tuple[Lockdown, ...]:
        """Return those in force at `now`, the oldest first."""
        return tuple(one for one in self._known if one.until is None or one.until > now)
