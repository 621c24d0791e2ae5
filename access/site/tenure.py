"""How an authorizer comes to its tenure: a lock on SQLite's file, or a candidature over PostgreSQL."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from access.authorize.candidate import Candidate
from access.authorize.lease import timing
from access.authorize.tenure import Unrivalled, unrivalled
from access.services import Services
from access.services.offload import WorkThread
from access.settings import Settings
from policies.ids import SourceId
from readers.ports import Clock

_NAME = "holder"


@contextmanager
def tenure_of(
    settings: Settings, services: Services, source: SourceId, folder: Path, clock: Clock
) -> Iterator[Unrivalled | Candidate]:
    """Hold what `source`, whose journal is in `folder`, may answer by; raise `SettingsError` where another is alone."""
    database = services.database
    if database.is_sqlite:
        with unrivalled(database, source, clock.now()) as alone:
            yield alone
        return
    asking = WorkThread("term")
    candidate = Candidate(database, holder_of(folder), source, clock, asking, awake, timing(settings.term_s))
    try:
        with closing(candidate):
            yield candidate
    finally:
        asking.close()


def holder_of(folder: Path) -> str:
    """Return the name under which a journal's owner holds terms, made up once and kept with the journal.

    The journal is locked, so of two processes with this name one is dead: a restart need not wait for its own term.
    """
    path = folder / _NAME
    if not path.exists():
        path.write_text(secrets.token_hex(16), "ascii")
    return path.read_text("ascii").strip()


def awake() -> float:
    """Return the seconds since the machine was started, those included for which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
