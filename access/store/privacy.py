"""Forgetting, in the tables: unlinking people from events in batches, and putting a pseudonym in somebody's place.

The sealed part of an event stays as it came, so every chain still proves itself; only what stands apart goes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from access.store.batches import insert_once
from access.store.database import Database
from access.store.holds import Hold
from access.store.listing import Listing, piece
from access.store.models import EventRow, IdempotentAnswerRow, PersonRow
from access.store.occupancy_models import MusterRow, PresenceRow, SafeRow
from access.store.privacy_models import ErasureRow, HoldRow, KeptForRow, PurgeRow
from policies.ids import DoorId, PersonId
from policies.roster import ResidentType

_AT_ONCE = 5_000
"""Rows a transaction: writers wait for some tens of milliseconds, not for all that has gathered."""

_MOST_IDS = 500

LINKED = EventRow.person.is_not(None) | EventRow.badge.is_not(None)


_EVENTS = EventRow.metadata.tables[EventRow.__tablename__]
_ERASE = (
    update(_EVENTS)
    .where(
        _EVENTS.c.source == bindparam("s"), _EVENTS.c.epoch == bindparam("e"), _EVENTS.c.seq == bindparam("q")
    )
    .values(person=None, badge=None, salt=None)
)


VISITOR_RECORDS, VISITS = "visitor-records", "visits"
"""The kinds of which it is not events that go."""

_WHAT_GOES = {VISITOR_RECORDS: "people", VISITS: "visits"}


class Overdue(msgspec.Struct, frozen=True):
    """Which events are to be forgotten: older than `before`, and at none of the `spared` doors or of visitors only."""

    before: datetime
    spared: tuple[DoorId, ...] = ()
    visitors_only: bool = False


class Purge(msgspec.Struct, frozen=True):
    """What was forgotten: how many, and the hash over their ids; what was left, and what is held.

    Of events the oldest come first; of people, whose ids go with them, the hash is over their pseudonyms.
    """

    seq: int
    at: datetime
    kind: str
    before: datetime
    number: int
    digest: str
    left: int
    held: int

    @property
    def what(self) -> str:
        """Return what went: events, people or visits."""
        return _WHAT_GOES.get(self.kind, "events")

    @property
    def proof(self) -> str:
        """Return what went in one line, for a log."""
        return f"{self.kind}: {self.number} {self.what}, {self.left} left, {self.held} held, sha256 {self.digest}"


class KeptFor(msgspec.Struct, frozen=True):
    """A time other than the legal one; `override` says why it is longer."""

    kind: str
    hours: int
    at: datetime
    actor: str
    override: str | None = None


class Erasure(msgspec.Struct, frozen=True):
    """Somebody erased: the hash of their id, and the name that counts know them by since."""

    digest: str
    pseudonym: str
    at: datetime


def unlink(database: Database, overdue: Overdue, holds: Sequence[Hold]) -> tuple[int, str]:
    """Take people and badges out of events, batch by batch; return how many and the hash of which.

    Which, is read beside whoever writes, and each batch goes on where the one before ended: those that are spared lie
    before and between them, and are looked at once.
    """
    number, digest, place = 0, hashlib.sha256(), None
    while found := _overdue_after(database, overdue, holds, place):
        with database.writing() as session:
            session.connection().execute(_ERASE, [{"s": s, "e": e, "q": q} for _at, s, e, q in found])
        place = found[-1]
        for _at, source, epoch, seq in found:
            digest.update(f"{source}:{epoch}:{seq}\n".encode())
        number += len(found)
    return number, digest.hexdigest()


_Place = tuple[datetime, str, int, int]


def _overdue_after(
    database: Database, overdue: Overdue, holds: Sequence[Hold], place: _Place | None
) -> list[_Place]:
    row = EventRow
    order = (row.at, row.source, row.epoch, row.seq)
    query = select(*order).where(_overdue(overdue), not_(held(holds))).order_by(*order).limit(_AT_ONCE)
    if place is not None:
        query = query.where(tuple_(*order) > place)
    with database.reading() as session:
        return [(at, source, epoch, seq) for at, source, epoch, seq in session.execute(query)]


def count(session: Session, overdue: Overdue, holds: Sequence[Hold]) -> tuple[int, int]:
    """Return how many events are overdue: those that should have gone, and those that a hold keeps."""
    query = select(func.count()).select_from(EventRow).where(_overdue(overdue))
    kept = session.scalar(query.where(held(holds))) or 0
    return (session.scalar(query) or 0) - kept, kept


def rename(session: Session, names: Mapping[PersonId, str]) -> None:
    """Put pseudonyms in people's place in events, roll-calls, holds and doubts."""
    told = [{"one": person, "name": name} for person, name in names.items()]
    name, of = bindparam("name", type_=String), bindparam("one", type_=String)
    for statement in (
        update(EventRow).where(EventRow.person == of).values(person=name, badge=None, salt=None),
        update(SafeRow).where(SafeRow.person == of).values(person=name),
        update(HoldRow).where(HoldRow.person == of).values(person=name),
    ):
        session.connection().execute(statement, told)
    _rename_in_musters(session, names)
    _rename_doubts(session, names)
    answer, known = IdempotentAnswerRow, [person.encode() for person in names]
    for actor, key, body in session.execute(select(answer.actor, answer.key, answer.body)).all():
        if any(person in body for person in known):
            session.execute(delete(answer).where(answer.actor == actor, answer.key == key))


def people_in_events(session: Session) -> Iterator[PersonId]:
    """Return everybody whom a linked event names."""
    query = select(EventRow.person).where(LINKED, EventRow.person.is_not(None)).distinct()
    yield from (PersonId(person) for person in session.scalars(query) if person is not None)


def forget_musters(session: Session, before: datetime) -> int:
    """Take the names out of roll-calls that are older; how many there were stays. Return how many roll-calls."""
    query = select(MusterRow).where(MusterRow.opened_at < before)
    rows = [
        row
        for row in session.scalars(query).all()
        if any(one["name"] for one in msgspec.json.decode(row.people))
    ]
    for row in rows:
        names = {one["person"]: f"{number}" for number, one in enumerate(msgspec.json.decode(row.people), 1)}
        row.people = _renamed(row.people, names)
        for person, number in names.items():
            safe = update(SafeRow).where(SafeRow.muster == row.id, SafeRow.person == person)
            session.execute(safe.values(person=number))
    session.flush()
    return len(rows)


def erasures(session: Session) -> list[Erasure]:
    """Return everybody who was erased."""
    return [
        Erasure(row.digest, row.pseudonym, row.at)
        for row in session.scalars(select(ErasureRow).order_by(ErasureRow.at, ErasureRow.digest))
    ]


def digest_of(person: str, site: str) -> str:
    """Return the hash by which somebody who was erased is known again."""
    return hashlib.sha256(f"totem erasure\n{site}\n{person}".encode()).hexdigest()


def erased(session: Session, people: Iterable[PersonId], site: str) -> set[PersonId]:
    """Return those of some people who were erased."""
    wanted, found = {digest_of(person, site): person for person in people}, set[PersonId]()
    digests = sorted(wanted)
    for start in range(0, len(digests), _MOST_IDS):
        known = ErasureRow.digest.in_(digests[start : start + _MOST_IDS])
        found.update(wanted[digest] for digest in session.scalars(select(ErasureRow.digest).where(known)))
    return found


def remember(session: Session, gone: Iterable[Erasure]) -> None:
    """Note who was erased; one that is known stays as it is."""
    insert_once(session, ErasureRow, [msgspec.structs.astuple(erasure) for erasure in gone])


def kept_for(session: Session) -> dict[str, KeptFor]:
    """Return the times that are not the legal ones, by kind."""
    rows = session.scalars(select(KeptForRow))
    return {row.kind: KeptFor(row.kind, row.hours, row.at, row.actor, row.override) for row in rows}


def keep_for(session: Session, kept: KeptFor) -> None:
    """Write a time over the one of the same kind."""
    insert_once(
        session, KeptForRow, [msgspec.structs.astuple(kept)], update=("hours", "at", "actor", "override")
    )


def note(session: Session, purge: Purge) -> None:
    """Write down what was forgotten, after the last."""
    last = session.scalar(select(func.max(PurgeRow.seq))) or 0
    session.execute(insert(PurgeRow).values(msgspec.structs.asdict(purge) | {"seq": last + 1}))


def purges(session: Session, kind: str | None, listing: Listing) -> list[Purge]:
    """Return a piece of the list of purges; of one kind only, if given."""
    query = select(PurgeRow) if kind is None else select(PurgeRow).where(PurgeRow.kind == kind)
    return [
        Purge(row.seq, row.at, row.kind, row.before, row.number, row.digest, row.left, row.held)
        for row in piece(session, query, PurgeRow, listing)
    ]


def _overdue(overdue: Overdue) -> ColumnElement[bool]:
    row = EventRow
    conditions = [LINKED, row.at < overdue.before]
    if overdue.spared:
        conditions.append(or_(row.door.is_(None), row.door.not_in(overdue.spared)))
    if overdue.visitors_only:
        visitors = select(PersonRow.id).where(PersonRow.type == ResidentType.VISITOR.value)
        conditions.append(row.person.in_(visitors))
    return and_(*conditions)


def held(holds: Sequence[Hold]) -> ColumnElement[bool]:
    """Return whether an event is kept by a hold."""
    row = EventRow
    each = [
        and_(row.at >= hold.since, row.at < hold.until, *([row.person == hold.person] if hold.person else []))
        for hold in holds
    ]
    # `person` may be null, and what is not known to be held is not held.
    return func.coalesce(or_(*each), False) if each else row.seq < 0


def _rename_in_musters(session: Session, names: Mapping[PersonId, str]) -> None:
    for row in session.scalars(select(MusterRow)).all():
        if any(f'"{person}"' in row.people for person in names):
            row.people = _renamed(row.people, {str(person): name for person, name in names.items()})
    session.flush()


def _rename_doubts(session: Session, names: Mapping[PersonId, str]) -> None:
    for row in session.scalars(select(PresenceRow)).all():
        doubts = msgspec.json.decode(row.doubts)
        if any(person in doubts for person in names):
            known = {str(person): name for person, name in names.items()}
            told = {known.get(person, person): doubt for person, doubt in doubts.items()}
            row.doubts = msgspec.json.encode(told).decode()
    session.flush()


def _renamed(listed: str, names: dict[str, str]) -> str:
    """Return a roll-call's list with other ids, and no name beside them."""
    people = msgspec.json.decode(listed)
    for one in people:
        if one["person"] in names:
            one |= {"person": names[one["person"]], "name": "", "organisation": None}
    return msgspec.json.encode(people).decode()
