"""Trainings as they are kept: who holds which, until when, at what level, and who said so."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from access.store.belonging import of_organisation
from access.store.listing import Listing, piece
from access.store.models import CertificationRow
from policies.ids import CertificationId, OrganisationId, PersonId
from policies.roster import Certification, Person


class Level(Enum):
    """What a training lets somebody do (DOMAIN section 7)."""

    TRAINEE = "trainee"
    AUTONOMOUS = "autonomous"
    TRAINER = "trainer"


class CertificationRecord(Certification, frozen=True, kw_only=True):
    """A training of one person, with what only the administration knows of it."""

    person: PersonId
    level: Level = Level.AUTONOMOUS
    granted_by: str = ""
    granted_at: datetime | None = None


def add(session: Session, people: Iterable[Person], actor: str, at: datetime) -> None:
    """Write what new people hold."""
    put(session, [_given(person.id, held, actor, at) for person in people for held in person.certifications])


def put(session: Session, records: Sequence[CertificationRecord]) -> None:
    """Write new trainings."""
    if records:
        session.execute(insert(CertificationRow), [_columns(record) for record in records])


def replace(session: Session, before: Person, after: Person, actor: str, at: datetime) -> None:
    """Write what somebody holds now; a training that they keep keeps its level and who gave it."""
    old, new = ({held.id: held for held in person.certifications} for person in (before, after))
    row = CertificationRow
    gone = [name for name in old if name not in new]
    if gone:
        session.execute(delete(row).where(row.person == after.id, row.certification.in_(gone)))
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            mine = update(row).where(row.person == after.id, row.certification == name)
            session.execute(mine.values(until=new[name].until))
    put(session, [_given(after.id, held, actor, at) for name, held in new.items() if name not in old])


def drop(session: Session, person: PersonId, certification: CertificationId) -> None:
    """Delete a training of one person; one that they do not hold is no error."""
    row = CertificationRow
    session.execute(delete(row).where(row.person == person, row.certification == certification))


def get(session: Session, person: PersonId, certification: CertificationId) -> CertificationRecord | None:
    """Return one training of one person; None if they do not hold it."""
    row = CertificationRow
    found = session.scalar(select(row).where(row.person == person, row.certification == certification))
    return None if found is None else _record(found)


class CertificationFilter(msgspec.Struct, frozen=True):
    """Which trainings a list holds; what is not given lets all pass. `until`: those that end before."""

    person: PersonId | None = None
    certification: CertificationId | None = None
    until: datetime | None = None


def page(
    session: Session,
    chosen: CertificationFilter,
    listing: Listing,
    organisation: OrganisationId | None = None,
) -> list[CertificationRecord]:
    """Return a piece of the list of trainings; of one organisation's people only, if given."""
    row = CertificationRow
    query = select(row)
    if chosen.person is not None:
        query = query.where(row.person == chosen.person)
    if chosen.certification is not None:
        query = query.where(row.certification == chosen.certification)
    if chosen.until is not None:
        query = query.where(row.until < chosen.until)
    if organisation is not None:
        query = query.where(of_organisation(row.person, organisation))
    return list(map(_record, piece(session, query, row, listing)))


def held(session: Session, ids: list[str] | None) -> defaultdict[str, list[Certification]]:
    """Return what people hold, as doors know it; everybody's without ids."""
    row = CertificationRow
    query = select(row.person, row.certification, row.until).order_by(row.person, row.certification)
    if ids is not None:
        query = query.where(row.person.in_(ids))
    found = defaultdict[str, list[Certification]](list)
    for person, certification, until in session.execute(query):
        found[person].append(Certification(CertificationId(certification), until))
    return found


def _given(person: PersonId, held: Certification, actor: str, at: datetime) -> CertificationRecord:
    return CertificationRecord(held.id, held.until, person=person, granted_by=actor, granted_at=at)


def _columns(record: CertificationRecord) -> dict[str, object]:
    columns = msgspec.structs.asdict(record)
    return columns | {"certification": columns.pop("id"), "level": record.level.value}


def _record(row: CertificationRow) -> CertificationRecord:
    return CertificationRecord(
        CertificationId(row.certification),
        row.until,
        person=PersonId(row.person),
        level=Level(row.level),
        granted_by=row.granted_by,
        granted_at=row.granted_at,
    )
