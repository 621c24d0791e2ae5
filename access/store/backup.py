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
_WAITS_S = 1.0  # for another program's write, before the file counts as in use
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


def back_up(database: Database, target: Path) -> None:
    """Write a checked copy to `target`; raise `Conflict` if it exists, `Invalid` where nothing can be written."""
    source = _file_of(database)
    if target.exists():
        raise Conflict(f"{target}: exists already; a backup overwrites nothing")
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
    except OSError as error:
        raise Invalid(f"{part}: cannot be written: {error.strerror}") from error
    try:
        _copy(source, part)
        verify(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def restore(database: Database, backup: Path, *, sets_aside: bool = False) -> Path | None:
    """Put a backup in the database's place; raise `Invalid` and change nothing if it is damaged, `Conflict` if in use.

    What is in place is overwritten, or set aside where nothing can be written to it any more; return where to.
    """
    target = _file_of(database)
    if not backup.is_file():
        raise NotFound(f"{backup}: there is no such backup")
    verify(backup)
    database.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = _set_aside(target) if sets_aside else None
    _copy(backup, target)
    return aside


def fault_of(database: Database) -> str | None:
    """Return why what is in the database's place cannot be relied on; None if it is whole, or nothing is there."""
    file = _file_of(database)
    if not file.is_file() or not file.stat().st_size:
        return None
    try:
        verify(file)
    except Invalid as error:
        return str(error)
    return None


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


def _set_aside(file: Path) -> Path:
    aside = file.with_name(f"{file.name}.set-aside")
    if aside.exists():
        raise Conflict(f"{aside}: exists already; look at it and move it away, then do it again")
    for part in ("", "-wal", "-shm"):  # SQLite finds them by their names alone, also beside another database
        if (found := Path(f"{file}{part}")).exists():
            found.replace(f"{aside}{part}")
    return aside


def _copy(source: Path, target: Path) -> None:
    def refuse_to_wait(status: int, _left: int, _of: int) -> None:
        if status in _BUSY:  # Python would try again for ever
            raise Conflict(f"{target}: another program uses it, or {source}; stop that first")

    try:
        with (
            closing(sqlite3.connect(source, timeout=_WAITS_S)) as read,
            closing(sqlite3.connect(target, timeout=_WAITS_S)) as written,
        ):
            read.backup(written, pages=_PAGES_AT_ONCE, progress=refuse_to_wait)
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{source}: could not be copied to {target}: {error}") from error


def _file_of(database: Database) -> Path:
    name = database.engine.url.database
    if not database.is_sqlite:
        raise Invalid("backup and restore are for SQLite; for PostgreSQL use pg_dump and pg_restore")
    if not name or name == ":memory:":
        raise Invalid("a database in memory has no file to back up")
    return Path(name)
