"""Legal holds as they are kept: whose events of which time must not be forgotten, and until when."""

from datetime import datetime

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from access.store.listing import Listing, piece
from access.store.privacy_models import HoldRow
from policies.ids import PersonId


class Hold(msgspec.Struct, frozen=True):
    """A hold on somebody's events, or on everybody's, of a time; it counts once a second operator approved it."""

    id: str
    person: PersonId | None
    since: datetime
    until: datetime
    reason: str
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    lifted_by: str | None = None
    lifted_at: datetime | None = None


def add(session: Session, hold: Hold) -> None:
    """Write a new hold."""
    session.execute(insert(HoldRow).values(msgspec.structs.asdict(hold)))


def replace(session: Session, hold: Hold) -> None:
    """Write a hold over the one with the same id."""
    session.execute(update(HoldRow).where(HoldRow.id == hold.id).values(msgspec.structs.asdict(hold)))


def get(session: Session, hold: str) -> Hold | None:
    """Return one hold; None if there is none."""
    row = session.scalar(select(HoldRow).where(HoldRow.id == hold))
    return None if row is None else _hold(row)


def held(session: Session, hold: str) -> Hold | None:
    """As `get`, in a transaction that writes: until its end nobody else changes the hold."""
    row = session.scalar(select(HoldRow).where(HoldRow.id == hold).with_for_update())
    return None if row is None else _hold(row)


def page(session: Session, person: PersonId | None, listing: Listing) -> list[Hold]:
    """Return a piece of the list of holds, those that ended too; those on one person's events only, if given."""
    query = select(HoldRow)
    if person is not None:
        query = query.where(HoldRow.person == person)
    return list(map(_hold, piece(session, query, HoldRow, listing)))


def standing(session: Session, at: datetime) -> list[Hold]:
    """Return the holds that nobody lifted and that have not run out, approved or not."""
    row = HoldRow
    query = select(row).where(row.lifted_at.is_(None), row.expires_at > at).order_by(row.id)
    return [_hold(each) for each in session.scalars(query)]


def _hold(row: HoldRow) -> Hold:
    person = PersonId(row.person) if row.person is not None else None
    return Hold(
        row.id,
        person,
        row.since,
        row.until,
        row.reason,
        row.asked_by,
        row.asked_at,
        row.expires_at,
        row.approved_by,
        row.approved_at,
        row.lifted_by,
        row.lifted_at,
    )
