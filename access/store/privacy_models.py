"""The tables of forgetting: how long people are kept, what went, who was erased, and what is held for a while."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import EventRow, Row

Index(
    "ix_events_linked",
    EventRow.at,
    sqlite_where=EventRow.person.is_not(None) | EventRow.badge.is_not(None),
    postgresql_where=EventRow.person.is_not(None) | EventRow.badge.is_not(None),
)
"""The events that still tell of somebody: few beside all, and all that retention ever looks through."""


class KeptForRow(Row):
    """How long one kind of thing is kept, where it is not the legal time; `override` says why it is longer."""

    __tablename__ = "kept_for"

    kind: Mapped[str] = mapped_column(primary_key=True)
    hours: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str]
    override: Mapped[str | None]


class PurgeRow(Row):
    """What a look at the clock made forget: how many, before when, the hash of which, and how many are held back."""

    __tablename__ = "purges"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    before: Mapped[datetime]
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    left: Mapped[int]
    held: Mapped[int]


class ErasureRow(Row):
    """Somebody who was erased, by the hash of their id, so that a restored copy forgets them again."""

    __tablename__ = "erasures"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    pseudonym: Mapped[str]
    at: Mapped[datetime]


class HoldRow(Row):
    """Events that must not be forgotten for now: whose and of when, why, and the two who said so."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str | None]
    since: Mapped[datetime]
    until: Mapped[datetime]
    reason: Mapped[str]
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
