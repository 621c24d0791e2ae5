"""The database as one object: SQLite by default, PostgreSQL by URL, the same code over both.

A transaction says at its beginning whether it writes: SQLite then takes its one write lock at once and waits for it,
instead of failing half-way. SQLite runs in WAL mode with `synchronous = NORMAL`: a power cut may take the last
commits, never the database, and every source still holds what was not acknowledged.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from sqlite3 import Connection as SqliteConnection
from typing import cast

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool
from sqlalchemy.types import TypeEngine

from access.store.columns import Instant, written_by_sqlite

_BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another; an online backup or an import may hold the lock for seconds."""

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
        return Database(create_engine(address, pool_pre_ping=True))
    if address.database in (None, "", ":memory:"):
        # One connection is one memory database: everybody shares it.
        engine = create_engine(address, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(address)
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


def insert_once(
    session: Session,
    table: type[DeclarativeBase],
    rows: Sequence[Sequence[object]],
    update: tuple[str, ...] = (),
) -> None:
    """Write rows, values in the order of the table's columns; of those whose key exists only `update` is written.

    The statement is compiled once and goes straight to the driver, which takes half the time of binding by name.
    """
    if rows:
        sql, converters = _insertion(session.get_bind().dialect, table, update)
        columns: list[Iterable[object]] = list(zip(*rows, strict=True))
        for index, convert in converters:
            columns[index] = map(convert, columns[index])
        session.connection().exec_driver_sql(sql, list(zip(*columns, strict=True)))


@cache
def _insertion(
    dialect: Dialect, table: type[DeclarativeBase], update: tuple[str, ...]
) -> tuple[str, list[tuple[int, Callable[[object], object]]]]:
    """Return the statement in the driver's words, and the columns whose values it wants in another form."""
    bare = table.metadata.tables[table.__tablename__]
    insert = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(bare)
    statement = insert.on_conflict_do_nothing()
    if update:
        changed = {name: insert.excluded[name] for name in update}
        statement = insert.on_conflict_do_update(index_elements=list(bare.primary_key), set_=changed)
    sql = str(statement.compile(dialect=dialect))
    for column in bare.columns:
        sql = sql.replace(f"%({column.name})s", "%s")
    found = [_converter(column.type, dialect) for column in bare.columns]
    return sql, [(index, convert) for index, convert in enumerate(found) if convert is not None]


def _converter(kind: TypeEngine[object], dialect: Dialect) -> Callable[[object], object] | None:
    """Return what a driver wants done with a value of a column; None where it takes it as it is."""
    if dialect.name == "sqlite" and isinstance(kind, Instant):
        return cast("Callable[[object], object]", written_by_sqlite)
    return kind.dialect_impl(dialect).bind_processor(dialect)
