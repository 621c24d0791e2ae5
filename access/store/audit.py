"""The administration's own record: who did what to whom, append-only, each row carrying the hash of the one before.

It holds pseudonymous ids and nothing else of a person (docs/domain.md, 6), but for what an operator wrote as a reason.
Its oldest part may go after its time; the hash of the last row that went stays, so that the rest still proves itself.
"""

import hashlib
import secrets
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.orm import Session

from access.store import site
from access.store.listing import Listing, piece
from access.store.models import AuditRow

_AT_ONCE = 2_000
_SALT_BYTES = 16


FORGOTTEN = "erased-"
"""Before the name that stands for a subject who was erased."""


class AuditEntry(msgspec.Struct, frozen=True):
    """One row of the record. `purpose` and `reason`: why somebody's events were read, or a rule was set aside.

    `sealed` is the SHA-256 of salt and subject, and stands for the subject in the digest: a subject that is forgotten
    loses its salt, and the chain stays whole. Entries of before hold their subject itself in it.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    prev: str
    digest: str
    purpose: str | None = None
    reason: str | None = None
    salt: str | None = None
    sealed: str | None = None


class AuditFilter(msgspec.Struct, frozen=True):
    """Which entries a list holds; what is not given lets all pass. The time is half-open, [since, until)."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    subject: str | None = None


class Chain(msgspec.Struct, frozen=True):
    """What a look at the whole record found: how far it goes, and the first entry that is not as it was written."""

    gone: int
    seq: int
    digest: str
    broken: int | None


def append(
    session: Session,
    at: datetime,
    actor: str,
    action: str,
    subjects: Iterable[str],
    *,
    purpose: str | None = None,
    reason: str | None = None,
) -> None:
    """Note that `actor` did `action` to each of `subjects`, at the end of the chain."""
    row = site.locked(session)
    entries = []
    for subject in subjects:
        salt = secrets.token_hex(_SALT_BYTES)
        entry = AuditEntry(
            row.audit_seq + 1,
            at,
            actor,
            action,
            subject,
            row.audit_digest,
            "",
            purpose,
            reason,
            salt,
            _sealed(salt, subject),
        )
        entry = msgspec.structs.replace(entry, digest=_digest(entry))
        row.audit_seq, row.audit_digest = entry.seq, entry.digest
        entries.append(entry)
    if entries:
        session.flush()
        session.execute(insert(AuditRow), [msgspec.structs.asdict(entry) for entry in entries])


def page(session: Session, after: int, limit: int) -> list[AuditEntry]:
    """Return up to `limit` entries that follow number `after`, in order."""
    query = select(AuditRow).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(limit)
    return list(map(_entry, session.scalars(query)))


def listed(session: Session, chosen: AuditFilter, listing: Listing) -> list[AuditEntry]:
    """Return a piece of the record."""
    return list(map(_entry, piece(session, _where(chosen), AuditRow, listing)))


def acts(session: Session, after: int, actions: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was done, and to whom, by the entries that follow number `after`; these actions only, in order."""
    row = AuditRow
    query = select(row.action, row.subject).where(row.seq > after, row.action.in_(actions)).order_by(row.seq)
    return [(action, subject) for action, subject in session.execute(query)]


def of_doors(session: Session, since: datetime, until: datetime) -> list[tuple[str, str]]:
    """Return who told a door something within [since, until), and the subject: the door, the command and the reason."""
    row = AuditRow
    told = row.action.startswith("door-") | row.action.in_(("lockdown", "lockdown-ended"))
    query = select(row.actor, row.subject).where(told, row.at >= since, row.at < until)
    return [(actor, about) for actor, about in session.execute(query)]


def _oldest_first(session: Session) -> Generator[AuditEntry, None, None]:
    query = select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=_AT_ONCE)
    with session.scalars(query) as rows:  # closed also where the reader stops half-way
        yield from map(_entry, rows)


def entry_at(session: Session, seq: int) -> AuditEntry | None:
    """Return one entry; None if it is gone or not written yet."""
    row = session.scalar(select(AuditRow).where(AuditRow.seq == seq))
    return None if row is None else _entry(row)


def verify(session: Session) -> Chain:
    """Look at the whole record: every entry, none missing, and the end where the site's row says that it is."""
    row = site.read(session)
    seq, digest = row.audit_gone_seq, row.audit_gone_digest
    with closing(_oldest_first(session)) as entries:
        for entry in entries:
            is_next = entry.seq == seq + 1 and entry.prev == digest
            if not (is_next and entry.digest == _digest(entry) and _is_of_its_subject(entry)):
                return Chain(row.audit_gone_seq, row.audit_seq, row.audit_digest, seq + 1)
            seq, digest = entry.seq, entry.digest
    is_whole = (seq, digest) == (row.audit_seq, row.audit_digest)
    return Chain(row.audit_gone_seq, row.audit_seq, row.audit_digest, None if is_whole else seq + 1)


def forget_subject(session: Session, subject: str, pseudonym: str) -> None:
    """Put a pseudonym in a subject's place; what was sealed of it stays, and says nothing without its salt."""
    row = AuditRow
    theirs = update(row).where(row.subject == subject, row.sealed.is_not(None))
    session.execute(theirs.values(subject=pseudonym, salt=None))


def forget_before(session: Session, at: datetime) -> int:
    """Let the entries go that are older; return how many went. What comes after them still proves itself."""
    row = site.locked(session)
    older = select(AuditRow).where(AuditRow.at < at).order_by(AuditRow.seq.desc()).limit(1)
    last = session.scalars(older).first()
    if last is None:
        return 0
    gone = last.seq - row.audit_gone_seq
    row.audit_gone_seq, row.audit_gone_digest = last.seq, last.digest
    session.flush()
    session.execute(delete(AuditRow).where(AuditRow.seq <= row.audit_gone_seq))
    return gone


def _where(chosen: AuditFilter) -> Select[AuditRow]:
    row, query = AuditRow, select(AuditRow)
    for column, wanted in (
        (row.actor, chosen.actor),
        (row.action, chosen.action),
        (row.subject, chosen.subject),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if chosen.since is not None:
        query = query.where(row.at >= chosen.since)
    if chosen.until is not None:
        query = query.where(row.at < chosen.until)
    return query


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        row.seq,
        row.at,
        row.actor,
        row.action,
        row.subject,
        row.prev,
        row.digest,
        row.purpose,
        row.reason,
        row.salt,
        row.sealed,
    )


def _sealed(salt: str, subject: str) -> str:
    return hashlib.sha256(f"{salt}\n{subject}".encode()).hexdigest()


def _is_of_its_subject(entry: AuditEntry) -> bool:
    """Return whether the subject is the one that was written, or was forgotten since."""
    if entry.sealed is None:
        return True
    if entry.salt is None:
        return entry.subject.startswith(FORGOTTEN)
    return _sealed(entry.salt, entry.subject) == entry.sealed


def _digest(entry: AuditEntry) -> str:
    said: list[object] = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.subject if entry.sealed is None else entry.sealed,
    ]
    if entry.purpose is not None or entry.reason is not None:
        said += [entry.purpose, entry.reason]
    return hashlib.sha256(msgspec.json.encode([*said, entry.prev])).hexdigest()
