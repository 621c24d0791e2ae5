"""Whether this authorizer is the one that answers for its site, and under which epoch.

On SQLite there is one, kept alone by a lock on a file beside the database; on PostgreSQL several may stand ready, and
a lease says which of them answers (`candidate.py`).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from access.errors import SettingsError
from access.store import terms
from access.store.database import Database
from policies.ids import SourceId


class Tenure(Protocol):
    """The right to answer. `epoch` is told with every answer: doors refuse one that is older than they know of."""

    @property
    def epoch(self) -> int:
        """Return the number of the newest term; it only grows."""
        ...

    def may_answer(self) -> bool:
        """Return whether any tap may be answered now."""
        ...

    def may_answer_plain(self) -> bool:
        """Return whether a tap may be answered now for which it does not matter who is where."""
        ...


class Unrivalled:
    """The tenure of an authorizer that has its site to itself."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def may_answer(self) -> bool:
        """Return True."""
        return True

    def may_answer_plain(self) -> bool:
        """Return True."""
        return True


@contextmanager
def unrivalled(database: Database, source: SourceId, at: datetime) -> Iterator[Unrivalled]:
    """Be the only authorizer of a SQLite database until the block ends; raise `SettingsError` where another is."""
    file = database.engine.url.database
    lock = None if file in (None, "", ":memory:") else _lock(Path(str(file)))
    try:
        with database.writing() as session:
            epoch = terms.begin(session, f"process {os.getpid()}", source, at)
        yield Unrivalled(epoch)
    finally:
        if lock is not None:
            os.close(lock)


def _lock(database: Path) -> int:
    """Return the lock of a database's authorizer, held as long as it is open."""
    path = database.with_name(f"{database.name}.authorizer")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(lock, 100, 0).decode(errors="replace").strip()
        os.close(lock)
        raise SettingsError(
            f"{database}: process {holder or '?'} answers taps from this database already, expected nobody; "
            f"stop it first (it holds {path}), or use PostgreSQL, where a second one stands by"
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock
