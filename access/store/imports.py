"""Imports as they are kept: when, by whom, of which file, and how much it changed. Nobody is in them."""

from datetime import datetime

import msgspec
from sqlalchemy import String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from access.store.listing import Listing, piece
from access.store.models import Row


class ImportRow(Row):
    """A file of people that was applied."""

    __tablename__ = "imports"

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    digest: Mapped[str] = mapped_column(String(64))
    organisation: Mapped[str | None]
    added: Mapped[int]
    changed: Mapped[int]
    ended: Mapped[int]
    unchanged: Mapped[int]


class ImportRecord(msgspec.Struct, frozen=True):
    """A file of people that was applied: its SHA-256, for whose people it spoke, and what it changed."""

    id: str
    at: datetime
    actor: str
    digest: str
    organisation: str | None
    added: int
    changed: int
    ended: int
    unchanged: int


def add(session: Session, record: ImportRecord) -> None:
    """Write a new import."""
    session.execute(insert(ImportRow).values(msgspec.structs.asdict(record)))


def page(session: Session, listing: Listing, organisation: str | None = None) -> list[ImportRecord]:
    """Return a piece of the list of imports; of one organisation only, if given."""
    row = ImportRow
    query = select(row)
    if organisation is not None:
        query = query.where(row.organisation == organisation)
    return [
        ImportRecord(
            found.id,
            found.at,
            found.actor,
            found.digest,
            found.organisation,
            found.added,
            found.changed,
            found.ended,
            found.unchanged,
        )
        for found in piece(session, query, row, listing)
    ]
