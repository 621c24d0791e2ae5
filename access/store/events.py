"""Events as they are kept: written in batches with Core, never a row object a tap; read back as they came."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Tuple, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from access.store.batches import append_once, insert_once
from access.store.models import EventRow, FindingRow
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, SourceId, SpaceId
from readers.wire.events import Event, EventType, Record

_AT_ONCE = 2_000
"""Rows fetched together when all are read: memory stays small."""


class Place(msgspec.Struct, frozen=True, order=True):
    """An event's place in the order that lists use: its time, then its id."""

    at: datetime
    source: SourceId
    epoch: int
    seq: int


class Filter(msgspec.Struct, frozen=True):
    """Which events a list holds; what is not given lets all pass. The time is half-open, [since, until)."""

    since: datetime | None = None
    until: datetime | None = None
    types: tuple[EventType, ...] = ()
    door: DoorId | None = None
    space: SpaceId | None = None
    person: PersonId | None = None
    effect: Effect | None = None
    reason: Reason | None = None


class Finding(msgspec.Struct, frozen=True):
    """Something wrong with what a source sent at one place of its sequence."""

    source: SourceId
    epoch: int
    seq: int
    kind: str
    at: datetime
    detail: str


def add(session: Session, records: Sequence[Record]) -> None:
    """Write events; one that is there already stays as it is."""
    append_once(session, EventRow, list(map(_values, records)))


def digests(session: Session, source: SourceId, epoch: int, first: int, last: int) -> dict[int, str]:
    """Return the hashes of the stored events of one epoch from `first` to `last`, by sequence."""
    query = select(EventRow.seq, EventRow.digest).where(
        EventRow.source == source, EventRow.epoch == epoch, EventRow.seq.between(first, last)
    )
    return {row.seq: row.digest for row in session.execute(query)}


def newest(session: Session, chosen: Filter, before: Place | None, limit: int) -> list[Event]:
    """Return up to `limit` events, the newest first, that come before `before`."""
    query = _query().where(*_conditions(chosen)).limit(limit)
    if before is not None:
        query = query.where(_place() < (before.at, before.source, before.epoch, before.seq))
    row = EventRow
    order = (row.at.desc(), row.source.desc(), row.epoch.desc(), row.seq.desc())
    return [_event(found) for found in session.execute(query.order_by(*order))]


def oldest_first(
    session: Session, types: Sequence[EventType], since: datetime | None = None
) -> Iterator[Event]:
    """Return every stored event of the given types from `since` on in the order of the fold (DOMAIN section 5.1)."""
    row = EventRow
    query = _query().where(row.type.in_([kind.value for kind in types]))
    if since is not None:
        query = query.where(row.at >= since)
    order = (row.at, row.source, row.epoch, row.seq)
    with session.execute(query.order_by(*order).execution_options(yield_per=_AT_ONCE)) as found:
        yield from map(_event, found)


def tally(session: Session, since: datetime, until: datetime) -> dict[tuple[EventType, Effect | None], int]:
    """Return how many events there were of each type and effect, in [since, until)."""
    row = EventRow
    query = (
        select(row.type, row.effect, func.count())
        .where(row.at >= since, row.at < until)
        .group_by(row.type, row.effect)
    )
    return {
        (EventType(kind), Effect(effect) if effect else None): number
        for kind, effect, number in session.execute(query)
    }


def first_at(session: Session) -> datetime | None:
    """Return when the first event that is kept happened; None where there is none."""
    return session.scalar(select(func.min(EventRow.at)))


def note(session: Session, findings: Iterable[Finding]) -> None:
    """Write down findings; one at the same place again is kept once, as it was seen last."""
    rows = [msgspec.structs.astuple(finding) for finding in findings]
    insert_once(session, FindingRow, rows, update=("at", "detail"))


def findings(session: Session, limit: int) -> list[Finding]:
    """Return up to `limit` findings, the newest first."""
    order = (FindingRow.at.desc(), FindingRow.source, FindingRow.epoch, FindingRow.seq)
    return [
        Finding(SourceId(row.source), row.epoch, row.seq, row.kind, row.at, row.detail)
        for row in session.scalars(select(FindingRow).order_by(*order).limit(limit))
    ]


_Found = Row[bytes, str | None, str | None, str | None]


def _query() -> Select[bytes, str | None, str | None, str | None]:
    return select(EventRow.record, EventRow.salt, EventRow.person, EventRow.badge)


def _place() -> Tuple:
    return tuple_(EventRow.at, EventRow.source, EventRow.epoch, EventRow.seq)


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    row = EventRow
    exact = (
        (row.door, chosen.door),
        (row.person, chosen.person),
        (row.effect, chosen.effect and chosen.effect.value),
        (row.reason, chosen.reason and chosen.reason.value),
    )
    conditions = [column == wanted for column, wanted in exact if wanted is not None]
    if chosen.since is not None:
        conditions.append(row.at >= chosen.since)
    if chosen.until is not None:
        conditions.append(row.at < chosen.until)
    if chosen.types:
        conditions.append(row.type.in_([kind.value for kind in chosen.types]))
    if chosen.space is not None:
        conditions.append(or_(row.space == chosen.space, row.origin == chosen.space))
    return [and_(*conditions)] if conditions else []


def _event(row: _Found) -> Event:
    record, salt, person, badge = row
    event = _DECODER.decode(record)
    return msgspec.structs.replace(
        event,
        salt=salt,
        person=PersonId(person) if person is not None else None,
        badge=BadgeId(badge) if badge is not None else None,
    )


def _values(record: Record) -> tuple[object, ...]:
    event = record.event
    effect, reason = event.effect, event.reason
    return (
        event.source,
        event.epoch,
        event.seq,
        event.at,
        event.type._value_,
        event.door,
        event.reader,
        event.space,
        event.origin,
        effect._value_ if effect else None,
        reason._value_ if reason else None,
        event.person,
        event.badge,
        event.salt,
        record.sealed,
        record.digest,
    )


_DECODER = msgspec.json.Decoder(Event)
