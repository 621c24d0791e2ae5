"""People as they are kept: written in bulk with Core, read back as frozen records with everything they hold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from access.store.models import CertificationRow, GrantRow, PersonRow, TierHeldRow
from policies.ids import CertificationId, DoorId, GrantId, OrganisationId, PersonId, SpaceId, TierId
from policies.roster import Certification, Grant, Person, ResidentType

_MOST_IDS = 500
"""How many ids one statement names: SQLite allows 32,766 variables, and plans stay small."""


class PersonRecord(Person, frozen=True, kw_only=True):
    """A person with what only the administration knows. `version` counts the changes."""

    name: str
    external_id: str | None = None
    version: int = 1

    def as_known_at_doors(self) -> Person:
        """Return the person without what no door may know."""
        return Person(**{name: getattr(self, name) for name in Person.__struct_fields__})


def add(session: Session, people: Sequence[PersonRecord]) -> None:
    """Write new people with everything they hold."""
    if not people:
        return
    session.execute(insert(PersonRow), [_columns(person) | {"host": None} for person in people])
    for person in people:
        if person.host is not None:
            # After everybody is there: a host may come later in the same batch.
            session.execute(update(PersonRow).where(PersonRow.id == person.id).values(host=person.host))
    _add_holdings(session, people)


def replace(session: Session, person: PersonRecord) -> None:
    """Write a person over the one with the same id."""
    session.execute(update(PersonRow).where(PersonRow.id == person.id).values(_columns(person)))
    session.execute(delete(TierHeldRow).where(TierHeldRow.person == person.id))
    session.execute(delete(CertificationRow).where(CertificationRow.person == person.id))
    session.execute(delete(GrantRow).where(GrantRow.person == person.id))
    _add_holdings(session, [person])


def rewrite(session: Session, people: Sequence[PersonRecord]) -> None:
    """Write people over those with the same ids, with their tiers, all at once; what else they hold stays."""
    if not people:
        return
    session.execute(update(PersonRow), [_columns(person) for person in people])
    for start in range(0, len(people), _MOST_IDS):
        chunk = people[start : start + _MOST_IDS]
        session.execute(delete(TierHeldRow).where(TierHeldRow.person.in_([person.id for person in chunk])))
    tiers = [{"person": person.id, "tier": tier} for person in people for tier in person.tiers]
    if tiers:
        session.execute(insert(TierHeldRow), tiers)


def remove(session: Session, person: PersonId) -> None:
    """Delete a person with everything they hold."""
    session.execute(delete(PersonRow).where(PersonRow.id == person))


def get(session: Session, person: PersonId) -> PersonRecord | None:
    """Return one person; None if there is none."""
    rows = session.scalars(select(PersonRow).where(PersonRow.id == person)).all()
    return next(iter(_records(session, rows)), None)


def page(
    session: Session, after: PersonId | None, limit: int, organisation: OrganisationId | None = None
) -> list[PersonRecord]:
    """Return up to `limit` people whose id follows `after`, by id; those of one organisation only, if given."""
    query = select(PersonRow).order_by(PersonRow.id).limit(limit)
    if organisation is not None:
        query = query.where(PersonRow.organisation == organisation)
    if after is not None:
        query = query.where(PersonRow.id > after)
    return _records(session, session.scalars(query).all())


def everyone(session: Session) -> list[Person]:
    """Return all people as doors know them, by id."""
    rows = session.scalars(select(PersonRow).order_by(PersonRow.id)).all()
    return [person.as_known_at_doors() for person in _records(session, rows, everybody=True)]


def some(session: Session, ids: Iterable[PersonId]) -> list[PersonRecord]:
    """Return those of `ids` that are known, by id."""
    wanted, found = sorted(set(ids)), list[PersonRecord]()
    for start in range(0, len(wanted), _MOST_IDS):
        query = select(PersonRow).where(PersonRow.id.in_(wanted[start : start + _MOST_IDS]))
        found += _records(session, session.scalars(query.order_by(PersonRow.id)).all())
    return found


def existing(
    session: Session, ids: Iterable[PersonId], organisation: OrganisationId | None = None
) -> set[PersonId]:
    """Return those of `ids` that are known; of one organisation only, if given."""
    wanted, found = sorted(set(ids)), set[PersonId]()
    for start in range(0, len(wanted), _MOST_IDS):
        query = select(PersonRow.id).where(PersonRow.id.in_(wanted[start : start + _MOST_IDS]))
        if organisation is not None:
            query = query.where(PersonRow.organisation == organisation)
        found.update(map(PersonId, session.scalars(query)))
    return found


def existing_external(session: Session, external_ids: Iterable[str]) -> dict[str, PersonId]:
    """Return whom the known ones of `external_ids` belong to."""
    wanted, found = sorted(set(external_ids)), dict[str, PersonId]()
    for start in range(0, len(wanted), _MOST_IDS):
        chunk = wanted[start : start + _MOST_IDS]
        query = select(PersonRow.external_id, PersonRow.id).where(PersonRow.external_id.in_(chunk))
        found.update((external, PersonId(person)) for external, person in session.execute(query) if external)
    return found


def by_external(session: Session, external_ids: Iterable[str]) -> dict[str, PersonRecord]:
    """Return those people whose external ids are given, by these."""
    wanted, found = sorted(set(external_ids)), dict[str, PersonRecord]()
    for start in range(0, len(wanted), _MOST_IDS):
        query = select(PersonRow).where(PersonRow.external_id.in_(wanted[start : start + _MOST_IDS]))
        for person in _records(session, session.scalars(query).all()):
            found[person.external_id or ""] = person
    return found


def of_organisations(session: Session, organisations: Iterable[OrganisationId]) -> list[PersonRecord]:
    """Return everybody of these organisations who has an external id, by id."""
    chosen = PersonRow.organisation.in_(sorted(set(organisations)))
    query = select(PersonRow.id).where(chosen, PersonRow.external_id.is_not(None))
    return some(session, map(PersonId, session.scalars(query).all()))


def _columns(person: PersonRecord) -> dict[str, object]:
    return {
        "id": person.id,
        "external_id": person.external_id,
        "name": person.name,
        "type": person.type.value,
        "organisation": person.organisation,
        "valid_from": person.valid_from,
        "valid_until": person.valid_until,
        "suspended": person.suspended,
        "extended_opening": person.extended_opening,
        "host": person.host,
        "version": person.version,
    }


def _add_holdings(session: Session, people: Sequence[PersonRecord]) -> None:
    tiers = [{"person": person.id, "tier": tier} for person in people for tier in person.tiers]
    certifications = [
        {"person": person.id, "certification": held.id, "until": held.until}
        for person in people
        for held in person.certifications
    ]
    grants = [
        msgspec.structs.asdict(grant)
        | {"person": person.id, "doors": list(grant.doors), "spaces": list(grant.spaces)}
        for person in people
        for grant in person.grants
    ]
    for table, rows in ((TierHeldRow, tiers), (CertificationRow, certifications), (GrantRow, grants)):
        if rows:
            session.execute(insert(table), rows)


def _records(session: Session, rows: Sequence[PersonRow], *, everybody: bool = False) -> list[PersonRecord]:
    ids = None if everybody else [row.id for row in rows]
    tiers, certifications, grants = _tiers(session, ids), _certifications(session, ids), _grants(session, ids)
    return [
        PersonRecord(
            PersonId(row.id),
            ResidentType(row.type),
            OrganisationId(row.organisation) if row.organisation is not None else None,
            tuple(tiers[row.id]),
            tuple(certifications[row.id]),
            tuple(grants[row.id]),
            row.valid_from,
            row.valid_until,
            row.suspended,
            row.extended_opening,
            PersonId(row.host) if row.host is not None else None,
            name=row.name,
            external_id=row.external_id,
            version=row.version,
        )
        for row in rows
    ]


def _tiers(session: Session, ids: list[str] | None) -> defaultdict[str, list[TierId]]:
    query = select(TierHeldRow.person, TierHeldRow.tier).order_by(TierHeldRow.person, TierHeldRow.tier)
    if ids is not None:
        query = query.where(TierHeldRow.person.in_(ids))
    held = defaultdict[str, list[TierId]](list)
    for person, tier in session.execute(query):
        held[person].append(TierId(tier))
    return held


def _certifications(session: Session, ids: list[str] | None) -> defaultdict[str, list[Certification]]:
    row = CertificationRow
    query = select(row.person, row.certification, row.until).order_by(row.person, row.certification)
    if ids is not None:
        query = query.where(row.person.in_(ids))
    held = defaultdict[str, list[Certification]](list)
    for person, certification, until in session.execute(query):
        held[person].append(Certification(CertificationId(certification), until))
    return held


def _grants(session: Session, ids: list[str] | None) -> defaultdict[str, list[Grant]]:
    query = select(GrantRow).order_by(GrantRow.person, GrantRow.id)
    if ids is not None:
        query = query.where(GrantRow.person.in_(ids))
    held = defaultdict[str, list[Grant]](list)
    for row in session.scalars(query):
        doors, spaces = tuple(map(DoorId, row.doors)), tuple(map(SpaceId, row.spaces))
        held[row.person].append(Grant(GrantId(row.id), row.valid_from, row.valid_until, doors, spaces))
    return held
