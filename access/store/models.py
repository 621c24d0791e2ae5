"""The tables, typed. What is written here and what the migrations build is the same schema; a test compares them.

Rows are the store's own: the repositories beside this file hand out frozen records. Finite sets (status, type) are
kept as their words, so that a database can be read without this program.
"""

from datetime import date, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from access.store.columns import Instant
from access.store.sought import BareWords


class Row(DeclarativeBase):
    """The base of every table; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant, bytes: LargeBinary, list[str]: JSON}  # noqa: RUF012  (as SQLAlchemy reads it)


class OrganisationRow(Row):
    """Whoever people belong to, and which tiers its own managers may give."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sought: Mapped[str] = mapped_column(BareWords)
    version: Mapped[int]
    tiers: Mapped[list[str]]


class PersonRow(Row):
    """A holder. The name stays here: it goes to no door, event or log. `sought` is what it is sought and sorted by."""

    __tablename__ = "people"
    __table_args__ = (
        Index("ix_people_sought", "sought", "id"),
        Index("ix_people_organisation", "organisation", "id"),
        Index("ix_people_valid_until", "valid_until", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    sought: Mapped[str] = mapped_column(BareWords)
    type: Mapped[str]
    organisation: Mapped[str | None] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    suspended: Mapped[bool]
    extended_opening: Mapped[bool]
    host: Mapped[str | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    version: Mapped[int]


class TierHeldRow(Row):
    """One tier of one person."""

    __tablename__ = "tiers_held"

    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    tier: Mapped[str] = mapped_column(primary_key=True)


class CertificationRow(Row):
    """One machine training of one person; for ever where `until` is null."""

    __tablename__ = "certifications"
    __table_args__ = (Index("ix_certifications_until", "until", "person", "certification"),)

    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    certification: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]
    level: Mapped[str]
    granted_by: Mapped[str]
    granted_at: Mapped[datetime | None]


class GrantRow(Row):
    """A temporary right of one person: who gave it and why, and how often it was used of how many times."""

    __tablename__ = "grants"
    __table_args__ = (
        Index("ix_grants_valid_from", "valid_from", "id"),
        Index("ix_grants_valid_until", "valid_until", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    doors: Mapped[list[str]]
    spaces: Mapped[list[str]]
    given_by: Mapped[str]
    reason: Mapped[str]
    most_uses: Mapped[int | None]
    uses: Mapped[int]


class VisitRow(Row):
    """A visitor's stay: whom they see, where and when, and how far it has come."""

    __tablename__ = "visits"
    __table_args__ = (
        Index("ix_visits_state", "state", "valid_from"),
        Index("ix_visits_valid_from", "valid_from", "id"),
        Index("ix_visits_valid_until", "valid_until", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    host: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    doors: Mapped[list[str]]
    spaces: Mapped[list[str]]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    state: Mapped[str]
    escorted: Mapped[bool]
    badge: Mapped[str | None]
    arrived_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    version: Mapped[int]


class BadgeRow(Row):
    """A badge; its id is the identifier as a reader reads it. Of its use only the day is kept."""

    __tablename__ = "badges"
    __table_args__ = (
        Index("ix_badges_issued_at", "issued_at", "id"),
        Index("ix_badges_last_used", "last_used", "id"),
        Index("ix_badges_valid_until", "valid_until", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    person: Mapped[str | None] = mapped_column(ForeignKey("people.id"), index=True)
    status: Mapped[str]
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]
    last_used: Mapped[date | None]
    replaced_by: Mapped[str | None]
    version: Mapped[int]


class SourceRow(Row):
    """How far one epoch of one source is stored, and the hash that its next record must carry.

    Up to `gone_seq` its records were kept for their time and deleted; `gone_digest` is the hash of the last of them.
    """

    __tablename__ = "sources"

    source: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    gone_seq: Mapped[int] = mapped_column(BigInteger)
    gone_digest: Mapped[str] = mapped_column(String(64))


class EventRow(Row):
    """One event. `record` is the sealed part as it came; person, badge and salt stand apart and can be erased."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_at", "at", "source", "epoch", "seq"),
        Index("ix_events_person", "person"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    type: Mapped[str]
    door: Mapped[str | None]
    reader: Mapped[str | None]
    space: Mapped[str | None]
    origin: Mapped[str | None]
    effect: Mapped[str | None]
    reason: Mapped[str | None]
    person: Mapped[str | None]
    badge: Mapped[str | None]
    salt: Mapped[str | None]
    record: Mapped[bytes]
    digest: Mapped[str] = mapped_column(String(64))


class FindingRow(Row):
    """Something wrong with what a source sent, noted once however often it is sent again."""

    __tablename__ = "findings"

    source: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    detail: Mapped[str] = mapped_column(Text)


class PublicationRow(Row):
    """A snapshot that went out: to which scope, when, and the hash of its exact bytes."""

    __tablename__ = "publications"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    issued_at: Mapped[datetime]
    digest: Mapped[str] = mapped_column(String(64))


class ChangeRow(Row):
    """Somebody or a badge that doors must know anew: written with the change itself, under one version."""

    __tablename__ = "changes"

    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    noun: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class SiteRow(Row):
    """The one row that administrative writes lock: the site's counters and the fingerprint of its signing key.

    `publication` is the newest version of the rights, `published` the newest that went out on the bus. Deltas begin
    at `deltas_from`, the newest snapshots, or later: who is older needs a snapshot.
    """

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    key_fingerprint: Mapped[str] = mapped_column(String(64))
    publication: Mapped[int] = mapped_column(BigInteger)
    published: Mapped[int] = mapped_column(BigInteger)
    deltas_from: Mapped[int] = mapped_column(BigInteger)
    audit_seq: Mapped[int] = mapped_column(BigInteger)
    audit_digest: Mapped[str] = mapped_column(String(64))
    audit_gone_seq: Mapped[int] = mapped_column(BigInteger)
    audit_gone_digest: Mapped[str] = mapped_column(String(64))


class AuditRow(Row):
    """Who did what to whom, by pseudonymous ids; every row carries the hash of the one before.

    The chain holds `sealed`, the hash of salt and subject, so that a subject can be forgotten (null in older rows).
    """

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(index=True)
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str | None]
    reason: Mapped[str | None]
    prev: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str | None] = mapped_column(String(32))
    sealed: Mapped[str | None] = mapped_column(String(64))


class IdempotentAnswerRow(Row):
    """What a POST with an Idempotency-Key was answered, to be answered again."""

    __tablename__ = "idempotent_answers"

    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes]
