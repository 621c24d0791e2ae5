"""A copy of a SQLite database while it is in use, and back again; a copy is checked before it replaces anything.

PostgreSQL has tools of its own for this, pg_dump and pg_restore, which know more than could be wrapped here.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from access.errors import Conflict, Invalid, NotFound
from access.store import schema
from access.store.database import Database

_PAGES_AT_ONCE = 1_000  # the source is locked this long at a time, so that a server goes on meanwhile


def back_up(database: Database, target: Path) -> None:
    """Write a checked copy to `target`, which must not exist; raise `Conflict` if it does."""
    source = _file_of(database)
    if target.exists():
        raise Conflict(f"{target}: exists already; a backup overwrites nothing")
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    try:
        _copy(source, part)
        verify(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def restore(database: Database, backup: Path) -> None:
    """Put a backup in the place of the database's content; raise `Invalid` and change nothing if it is damaged."""
    target = _file_of(database)
    if not backup.is_file():
        raise NotFound(f"{backup}: there is no such backup")
    verify(backup)
    database.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(backup, target)


def verify(file: Path) -> None:
    """Raise `Invalid` unless the file is a whole database with a schema that this program knows."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
            versions = [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{file}: not a database of Totem: {error}") from error
    if found != ["ok"] or orphans:
        raise Invalid(f"{file}: damaged: {found[0]}, {len(orphans)} orphans")
    if not set(versions) <= set(schema.history()) or not versions:
        raise Invalid(f"{file}: schema {versions}, expected one of {schema.history()}")


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written, pages=_PAGES_AT_ONCE)


def _file_of(database: Database) -> Path:
    name = database.engine.url.database
    if not database.is_sqlite:
        raise Invalid("backup and restore are for SQLite; for PostgreSQL use pg_dump and pg_restore")
    if not name or name == ":memory:":
        raise Invalid("a database in memory has no file to back up")
    return Path(name)
