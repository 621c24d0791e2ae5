"""The database as one object: SQLite by default, PostgreSQL by URL, the same code over both.

A transaction says at its beginning whether it writes: SQLite then takes its one write lock at once and waits for it,
instead of failing half-way. One that only reads cannot write, and waits for nobody. SQLite runs in WAL mode with
`synchronous = NORMAL`: a power cut may take the last commits, never the database, and every source still holds what
was not acknowledged.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from access.store.turns import Turns

LONGEST_WAIT_S = 60
"""How long a writer waits for others: an import of a whole city's people holds the lock for a part of it."""

_CONNECTIONS = {"pool_size": 8, "max_overflow": 40}
"""More than the server has threads (40 and the writer's): nobody waits for a connection, whoever waits holding one."""

_HIDDEN = True
"""The values of a statement that failed: its error goes to a log, and they are people's names and badges."""

_WRITES, _ONLY_READS = "totem_writes", "totem_only_reads"


class Database:
    """An engine and the two kinds of transaction over it."""

    def __init__(self, engine: Engine, longest_wait_s: float = LONGEST_WAIT_S) -> None:
        self.engine = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self._reader = engine.execution_options(**{_ONLY_READS: True})
        if not self.is_sqlite:
            self._reader = engine.execution_options(postgresql_readonly=True)
        self._turns = Turns(longest_wait_s) if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Return whether this is SQLite, with one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a transaction that writes; it commits at the end, or rolls back if the block raises."""
        with ExitStack() as stack:
            if self._turns is not None:
                stack.enter_context(self._turns.turn())
            session = stack.enter_context(Session(self._writer, expire_on_commit=False, autoflush=False))
            stack.enter_context(session.begin())
            yield session

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_database(url: str, longest_wait_s: float = LONGEST_WAIT_S) -> Database:
    """Connect to `sqlite:///path`, `sqlite://` (memory, one thread at a time) or `postgresql://…`.

    Whoever waits longer for others who write is told so: `OperationalError`, or SQLAlchemy's `TimeoutError`.
    """
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return Database(_postgresql(address, longest_wait_s), longest_wait_s)
    in_memory = address.database in (None, "", ":memory:")
    # One connection is one memory database: everybody shares it.
    shared = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    engine = create_engine(address, hide_parameters=_HIDDEN, **(shared if in_memory else _CONNECTIONS))
    event.listen(engine, "connect", partial(_configure_sqlite, longest_wait_s))
    event.listen(engine, "begin", _begin_sqlite)
    return Database(engine, longest_wait_s)


def _postgresql(address: URL, longest_wait_s: float) -> Engine:
    told = f"-c lock_timeout={longest_wait_s * 1000:.0f}"
    waits = {} if "options" in address.query else {"options": told}
    return create_engine(
        address, pool_pre_ping=True, hide_parameters=_HIDDEN, connect_args=waits, **_CONNECTIONS
    )


def _configure_sqlite(
    longest_wait_s: float, connection: SqliteConnection, _record: ConnectionPoolEntry
) -> None:
    # The driver would begin transactions on its own, too late and always deferred; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {longest_wait_s * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes, only_reads = options.get(_WRITES, False), options.get(_ONLY_READS, False)
    if connection.info.get(_ONLY_READS, False) is not only_reads:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(only_reads)}")
        connection.info[_ONLY_READS] = only_reads
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
