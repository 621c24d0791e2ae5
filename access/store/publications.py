"""The rights that went out: a counter that never goes back, how far it is published, and the snapshots."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from access.store import site
from access.store.models import ChangeRow, PublicationRow, SiteRow
from policies.ids import SourceId


def next_version(session: Session, at: datetime) -> int:
    """Return the number of a publication at `at`: its Unix milliseconds, and always higher than the one before.

    A counter alone would go back with a database that is restored from a copy, and doors refuse what is not newer.
    """
    row = site.locked(session)
    row.publication = max(row.publication + 1, int(at.timestamp() * 1000))
    session.flush()
    return row.publication


def next_whole_version(session: Session, at: datetime) -> int:
    """Return the number of a publication of snapshots. Deltas begin there.

    None reaches further back: it could be over a copy of the database that was restored since, and would leave at a
    door what the copy does not hold.
    """
    version = next_version(session, at)
    row = site.locked(session)
    row.deltas_from = version
    session.flush()
    return version


def has_gone_out(session: Session, version: int) -> None:
    """Note that everything up to `version` is on the bus."""
    row = site.locked(session)
    row.published = max(row.published, version)
    session.flush()


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


def newest(session: Session) -> int:
    """Return the newest version; 0 before any."""
    return session.scalar(select(SiteRow.publication)) or 0


def first_after(session: Session, version: int) -> datetime | None:
    """Return when the first rights newer than `version` came to be; None if there are none."""
    moments = [
        session.scalar(select(column).where(table > version).order_by(table).limit(1))
        for column, table in (
            (ChangeRow.at, ChangeRow.version),
            (PublicationRow.issued_at, PublicationRow.version),
        )
    ]
    return min((moment for moment in moments if moment is not None), default=None)
