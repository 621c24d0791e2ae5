"""Rows written many at a time, past the ORM: each once, whatever was written before.

A statement is compiled once and goes straight to the driver, which takes half the time of binding by name; PostgreSQL
takes what is nearly always new by COPY.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import cast

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeEngine

from access.store.columns import Instant, taken_by_postgresql, written_by_sqlite

_COPIED_FROM = 50
"""Rows from which a COPY saves more than its savepoint costs."""

_Rows = Sequence[Sequence[object]]


def insert_once(
    session: Session, table: type[DeclarativeBase], rows: _Rows, update: tuple[str, ...] = ()
) -> None:
    """Write rows, values in the order of the table's columns; of those whose key exists only `update` is written."""
    if rows:
        dialect = session.get_bind().dialect
        session.connection().exec_driver_sql(
            _insertion(dialect, table, update), _converted(dialect, table, rows)
        )


def append_once(session: Session, table: type[DeclarativeBase], rows: _Rows) -> None:
    """Write rows as `insert_once` does, of which next to none is there already: by COPY where there are many."""
    is_many = len(rows) >= _COPIED_FROM and session.get_bind().dialect.name == "postgresql"
    if not (is_many and _copied(session, table, rows)):
        insert_once(session, table, rows)


def _copied(session: Session, table: type[DeclarativeBase], rows: _Rows) -> bool:
    """Copy rows; return False, with nothing written, if one of them exists or cannot be stored: COPY skips none."""
    statement = SQL("COPY {} FROM STDIN").format(Identifier(table.__tablename__))
    connection = session.connection()
    written = _converted(connection.dialect, table, rows)
    savepoint = connection.begin_nested()
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in written:
                copy.write_row(row)
    except psycopg.Error:
        savepoint.rollback()
        return False
    savepoint.commit()
    return True


def _converted(dialect: Dialect, table: type[DeclarativeBase], rows: _Rows) -> list[Sequence[object]]:
    """Return rows with their values in the form that the driver wants."""
    columns: list[Iterable[object]] = list(zip(*rows, strict=True))
    for index, convert in _converters(dialect, table):
        columns[index] = map(convert, columns[index])
    return list(zip(*columns, strict=True))


@cache
def _insertion(dialect: Dialect, table: type[DeclarativeBase], update: tuple[str, ...]) -> str:
    """Return the statement in the driver's words."""
    bare = table.metadata.tables[table.__tablename__]
    insert = (sqlite.insert if dialect.name == "sqlite" else postgresql.insert)(bare)
    statement = insert.on_conflict_do_nothing()
    if update:
        changed = {name: insert.excluded[name] for name in update}
        statement = insert.on_conflict_do_update(index_elements=list(bare.primary_key), set_=changed)
    sql = str(statement.compile(dialect=dialect))
    for column in bare.columns:
        sql = sql.replace(f"%({column.name})s", "%s")
    return sql


@cache
def _converters(
    dialect: Dialect, table: type[DeclarativeBase]
) -> list[tuple[int, Callable[[object], object]]]:
    """Return the columns whose values the driver wants in another form."""
    columns = table.metadata.tables[table.__tablename__].columns
    found = [_converter(column.type, dialect) for column in columns]
    return [(index, convert) for index, convert in enumerate(found) if convert is not None]


def _converter(kind: TypeEngine[object], dialect: Dialect) -> Callable[[object], object] | None:
    """Return what a driver wants done with a value of a column; None where it takes it as it is."""
    if isinstance(kind, Instant):
        convert = written_by_sqlite if dialect.name == "sqlite" else taken_by_postgresql
        return cast("Callable[[object], object]", convert)
    if isinstance(kind, LargeBinary):
        return None  # SQLAlchemy would wrap it; every driver here takes bytes
    return kind.dialect_impl(dialect).bind_processor(dialect)
