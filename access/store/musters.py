"""Roll-calls as they are kept: the list as it was when one was opened, and who was marked safe by whom."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from access.store.batches import insert_once
from access.store.occupancy_models import MusterRow, SafeRow
from policies.ids import DoorId, PersonId, SpaceId


class Listed(msgspec.Struct, frozen=True):
    """Somebody who may be inside: where they were last, by which door and when; `confirmed` unless inferred out.

    `inside_at` is the beginning of the release that found them inside. They left at `left_at`, by a
    door or by somebody's word.
    """

    person: PersonId
    name: str
    kind: str
    organisation: str | None
    space: SpaceId
    door: DoorId
    seen_at: datetime
    confirmed: bool
    inside_at: datetime | None = None
    left_at: datetime | None = None
    left_by: DoorId | None = None


class Unnamed(msgspec.Struct, frozen=True):
    """How many more a space counted than were known by name when the list was made, from `low` to `high`."""

    space: SpaceId
    count: int
    low: int
    high: int


class Safe(msgspec.Struct, frozen=True):
    """Who was marked safe, when, and by whom."""

    person: PersonId
    at: datetime
    actor: str


class Muster(msgspec.Struct, frozen=True):
    """A roll-call, from its opening to its end."""

    id: str
    opened_at: datetime
    opened_by: str
    is_drill: bool
    closed_at: datetime | None
    people: tuple[Listed, ...]
    safe: tuple[Safe, ...]
    unnamed: tuple[Unnamed, ...] = ()


def add(session: Session, muster: Muster) -> None:
    """Write a new roll-call."""
    people = msgspec.json.encode(muster.people).decode()
    unnamed = msgspec.json.encode(muster.unnamed).decode()
    row = (muster.id, muster.opened_at, muster.opened_by, muster.is_drill, muster.closed_at, people, unnamed)
    insert_once(session, MusterRow, [row])


def get(session: Session, muster: str) -> Muster | None:
    """Return a roll-call."""
    row = session.get(MusterRow, muster)
    return _muster(session, row) if row is not None else None


def newest(session: Session, limit: int) -> list[Muster]:
    """Return roll-calls, the newest first."""
    query = select(MusterRow).order_by(MusterRow.opened_at.desc(), MusterRow.id).limit(limit)
    return [_muster(session, row) for row in session.scalars(query)]


def mark(session: Session, muster: str, safe: Sequence[Safe]) -> None:
    """Mark people safe; who is already stays with the warden who saw them first."""
    insert_once(session, SafeRow, [(muster, one.person, one.at, one.actor) for one in safe])


def close(session: Session, muster: str, at: datetime, people: Sequence[Listed]) -> bool:
    """End a roll-call, with its list as it is then; return whether it was open."""
    row = session.get_one(MusterRow, muster, with_for_update=True)
    if row.closed_at is not None:
        return False
    row.closed_at, row.people = at, msgspec.json.encode(people).decode()
    session.flush()
    return True


def _muster(session: Session, row: MusterRow) -> Muster:
    marked = select(SafeRow).where(SafeRow.muster == row.id).order_by(SafeRow.at, SafeRow.person)
    return Muster(
        row.id,
        row.opened_at,
        row.opened_by,
        row.is_drill,
        row.closed_at,
        msgspec.json.decode(row.people, type=tuple[Listed, ...]),
        tuple(Safe(PersonId(one.person), one.at, one.actor) for one in session.scalars(marked)),
        msgspec.json.decode(row.unnamed, type=tuple[Unnamed, ...]) if row.unnamed is not None else (),
    )
