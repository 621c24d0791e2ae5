"""The database as one object: SQLite by default, PostgreSQL by URL, the same code over both.

A transaction says at its beginning whether it writes: SQLite then takes its one write lock at once and waits for it,
instead of failing half-way. SQLite runs in WAL mode with `synchronous = NORMAL`: a power cut may take the last
commits, never the database, and every source still holds what was not acknowledged.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

_BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another; an online backup or an import may hold the lock for seconds."""

_HIDDEN = True
"""The values of a statement that failed: its error goes to a log, and they are people's names and badges."""

_WRITES = "totem_writes"


class Database:
    """An engine and the two kinds of transaction over it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is SQLite, with one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that writes; it commits at the end, or rolls back if the block raises."""
        with Session(self._writer, expire_on_commit=False, autoflush=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Connect to `sqlite:///path`, `sqlite://` (memory, one thread at a time) or `postgresql://…`."""
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return Database(create_engine(address, pool_pre_ping=True, hide_parameters=_HIDDEN))
    if address.database in (None, "", ":memory:"):
        # One connection is one memory database: everybody shares it.
        shared = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        engine = create_engine(address, hide_parameters=_HIDDEN, **shared)
    else:
        engine = create_engine(address, hide_parameters=_HIDDEN)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine)


def _configure_sqlite(connection: SqliteConnection, _record: ConnectionPoolEntry) -> None:
    # The driver would begin transactions on its own, too late and always deferred; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
