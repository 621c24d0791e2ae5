"""Visits as they are kept."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec
from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from access.store.belonging import of_organisation
from access.store.listing import Listing, piece
from access.store.models import PersonRow, VisitRow
from policies.ids import BadgeId, DoorId, OrganisationId, PersonId, SpaceId
from policies.roster import ResidentType


class VisitState(Enum):
    """How far a visit has come."""

    EXPECTED = "expected"
    ARRIVED = "arrived"
    LEFT = "left"
    CANCELLED = "cancelled"


class VisitRecord(msgspec.Struct, frozen=True):
    """A visitor's stay with a host. One that is `escorted` opens no door alone: its rights are the rules' alone."""

    id: str
    person: PersonId
    host: PersonId
    valid_from: datetime
    valid_until: datetime
    doors: tuple[DoorId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    escorted: bool = False
    state: VisitState = VisitState.EXPECTED
    badge: BadgeId | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None
    version: int = 1


def add(session: Session, visit: VisitRecord) -> None:
    """Write a new visit."""
    session.execute(insert(VisitRow), [_columns(visit)])


def replace(session: Session, visit: VisitRecord) -> None:
    """Write a visit over the one with the same id."""
    session.execute(update(VisitRow).where(VisitRow.id == visit.id).values(_columns(visit)))


def get(session: Session, visit: str) -> VisitRecord | None:
    """Return one visit; None if there is none."""
    row = session.scalar(select(VisitRow).where(VisitRow.id == visit))
    return None if row is None else _record(row)


class VisitFilter(msgspec.Struct, frozen=True):
    """Which visits a list holds; what is not given lets all pass. `since` and `until`: those that touch the time."""

    state: VisitState | None = None
    host: PersonId | None = None
    person: PersonId | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    session: Session, chosen: VisitFilter, listing: Listing, organisation: OrganisationId | None = None
) -> list[VisitRecord]:
    """Return a piece of the list of visits; those whose host is of one organisation only, if given."""
    row = VisitRow
    query = select(row)
    if chosen.state is not None:
        query = query.where(row.state == chosen.state.value)
    if chosen.host is not None:
        query = query.where(row.host == chosen.host)
    if chosen.person is not None:
        query = query.where(row.person == chosen.person)
    if chosen.since is not None:
        query = query.where(row.valid_until > chosen.since)
    if chosen.until is not None:
        query = query.where(row.valid_from < chosen.until)
    if organisation is not None:
        query = query.where(of_organisation(row.host, organisation))
    return [_record(found) for found in piece(session, query, row, listing)]


class Named(msgspec.Struct, frozen=True):
    """A visit by its id, with who makes it and the bare words of their name."""

    id: str
    person: PersonId
    sought: str


def newest(session: Session, since: datetime, organisation: OrganisationId | None, limit: int) -> list[Named]:
    """Return the visits of visitors that were not over at a moment, the newest first; to one organisation, if given."""
    row, person = VisitRow, PersonRow
    query = (
        select(row.id, row.person, person.sought)
        .join(person, person.id == row.person)
        .where(person.type == ResidentType.VISITOR.value, row.valid_until > since)
        .where(or_(row.left_at.is_(None), row.left_at > since))
    )
    if organisation is not None:
        query = query.where(of_organisation(row.host, organisation))
    found = session.execute(query.order_by(row.valid_from.desc(), row.id).limit(limit))
    return [Named(visit, PersonId(visitor), sought) for visit, visitor, sought in found]


def some(session: Session, ids: Sequence[str]) -> list[VisitRecord]:
    """Return those of a few `ids` that are known, as they are ordered."""
    found = {row.id: _record(row) for row in session.scalars(select(VisitRow).where(VisitRow.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def is_visitor_of(session: Session, person: PersonId, organisation: OrganisationId) -> bool:
    """Return whether somebody visits, or has visited, anybody of an organisation."""
    row = VisitRow
    query = select(row.id).where(row.person == person, of_organisation(row.host, organisation))
    return session.scalar(query.limit(1)) is not None


def open_of(session: Session, person: PersonId) -> list[VisitRecord]:
    """Return the visits that somebody makes or is the host of, and that are not over."""
    row, open_states = VisitRow, (VisitState.EXPECTED.value, VisitState.ARRIVED.value)
    query = select(row).where((row.person == person) | (row.host == person), row.state.in_(open_states))
    return [_record(found) for found in session.scalars(query.order_by(row.id))]


def lend_instead(session: Session, badge: BadgeId, by: BadgeId) -> bool:
    """Note that a visitor who is here has another badge now; return whether one had the first."""
    row = VisitRow
    lent = update(row).where(row.badge == badge, row.state == VisitState.ARRIVED.value)
    return bool(session.execute(lent.values(badge=by, version=row.version + 1).returning(row.id)).all())


def all_of(session: Session, person: PersonId) -> list[VisitRecord]:
    """Return the visits that somebody made or was the host of, those that are over too."""
    row = VisitRow
    query = select(row).where((row.person == person) | (row.host == person)).order_by(row.id)
    return [_record(found) for found in session.scalars(query)]


def missed(session: Session, before: datetime) -> list[VisitRecord]:
    """Return the visits that were expected and ended before a moment without the visitor coming."""
    row = VisitRow
    query = select(row).where(row.state == VisitState.EXPECTED.value, row.valid_until < before)
    return [_record(found) for found in session.scalars(query.order_by(row.id))]


def _columns(visit: VisitRecord) -> dict[str, object]:
    return msgspec.structs.asdict(visit) | {
        "state": visit.state.value,
        "doors": list(visit.doors),
        "spaces": list(visit.spaces),
    }


def _record(row: VisitRow) -> VisitRecord:
    return VisitRecord(
        row.id,
        PersonId(row.person),
        PersonId(row.host),
        row.valid_from,
        row.valid_until,
        tuple(map(DoorId, row.doors)),
        tuple(map(SpaceId, row.spaces)),
        row.escorted,
        VisitState(row.state),
        BadgeId(row.badge) if row.badge is not None else None,
        row.arrived_at,
        row.left_at,
        row.version,
    )
