"""The snapshots that went out, and the counter that never goes back."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from access.store import site
from access.store.models import PublicationRow
from policies.ids import SourceId


def next_version(session: Session, at: datetime) -> int:
    """Return the number of a publication at `at`: its Unix milliseconds, and always higher than the one before.

    A counter alone would go back with a database that is restored from a copy, and doors refuse what is not newer.
    """
    row = site.locked(session)
    row.publication = max(row.publication + 1, int(at.timestamp() * 1000))
    session.flush()
    return row.publication


def note(session: Session, version: int, issued_at: datetime, digests: Mapping[SourceId, str]) -> None:
    """Write down what went out under `version`: a hash for each scope."""
    rows = [
        {"version": version, "scope": scope, "issued_at": issued_at, "digest": digest}
        for scope, digest in digests.items()
    ]
    if rows:
        session.execute(insert(PublicationRow), rows)


def latest(session: Session, scope: SourceId) -> int | None:
    """Return the newest version that went out to `scope`; None if none did."""
    query = select(PublicationRow.version).where(PublicationRow.scope == scope)
    return session.scalar(query.order_by(PublicationRow.version.desc()).limit(1))
