"""The administration's own record: who did what to whom, append-only, each row carrying the hash of the one before.

It holds pseudonymous ids and nothing else of a person (DOMAIN section 6).
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from access.store import site
from access.store.models import AuditRow


class AuditEntry(msgspec.Struct, frozen=True):
    """One row of the record."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    prev: str
    digest: str


def append(session: Session, at: datetime, actor: str, action: str, subjects: Iterable[str]) -> None:
    """Note that `actor` did `action` to each of `subjects`, at the end of the chain."""
    row = site.locked(session)
    entries = []
    for subject in subjects:
        prev, row.audit_seq = row.audit_digest, row.audit_seq + 1
        row.audit_digest = _digest(row.audit_seq, at, actor, action, subject, prev)
        entries.append(AuditEntry(row.audit_seq, at, actor, action, subject, prev, row.audit_digest))
    if entries:
        session.flush()
        session.execute(insert(AuditRow), [msgspec.structs.asdict(entry) for entry in entries])


def page(session: Session, after: int, limit: int) -> list[AuditEntry]:
    """Return up to `limit` entries that follow number `after`, in order."""
    query = select(AuditRow).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(limit)
    return [
        AuditEntry(row.seq, row.at, row.actor, row.action, row.subject, row.prev, row.digest)
        for row in session.scalars(query)
    ]


def first_break(entries: Iterable[AuditEntry], prev: str = site.GENESIS) -> int | None:
    """Return the number of the first entry that is not as it was written; None if the chain holds."""
    for entry in entries:
        expected = _digest(entry.seq, entry.at, entry.actor, entry.action, entry.subject, prev)
        if entry.prev != prev or entry.digest != expected:
            return entry.seq
        prev = entry.digest
    return None


def _digest(seq: int, at: datetime, actor: str, action: str, subject: str, prev: str) -> str:
    written = msgspec.json.encode([seq, at.astimezone(UTC).isoformat(), actor, action, subject, prev])
    return hashlib.sha256(written).hexdigest()
