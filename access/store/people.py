"""People as they are kept: written in bulk with Core, read back as frozen records with everything they hold."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import CTE, delete, func, insert, select, update
from sqlalchemy.orm import Session

from access.names import bare
from access.store import certifications, grants
from access.store.listing import Listing, piece
from access.store.models import BadgeRow, PersonRow, TierHeldRow
from access.store.sought import has_words
from policies.ids import OrganisationId, PersonId, TierId
from policies.roster import Person, ResidentType

_MOST_IDS = 500
"""How many ids one statement names: SQLite allows 32,766 variables, and plans stay small."""


class PersonRecord(Person, frozen=True, kw_only=True):
    """A person with what only the administration knows. `version` counts the changes."""

    name: str
    external_id: str | None = None
    version: int = 1

    @property
    def sought(self) -> str:
        """Return what the name is sought and sorted by."""
        return bare(self.name)

    def as_known_at_doors(self) -> Person:
        """Return the person without what no door may know."""
        return Person(**{name: getattr(self, name) for name in Person.__struct_fields__})


def add(session: Session, people: Sequence[PersonRecord], actor: str, at: datetime) -> None:
    """Write new people with everything they hold, as `actor` gives it to them."""
    if not people:
        return
    session.execute(insert(PersonRow), [_columns(person) | {"host": None} for person in people])
    for person in people:
        if person.host is not None:
            # After everybody is there: a host may come later in the same batch.
            session.execute(update(PersonRow).where(PersonRow.id == person.id).values(host=person.host))
    _add_tiers(session, people)
    certifications.add(session, people, actor, at)
    grants.add(session, people, actor)


def replace(session: Session, before: PersonRecord, after: PersonRecord, actor: str, at: datetime) -> None:
    """Write a person over themselves as they were; what they go on holding stays as it is, who gave it and why."""
    session.execute(update(PersonRow).where(PersonRow.id == after.id).values(_columns(after)))
    if after.tiers != before.tiers:
        session.execute(delete(TierHeldRow).where(TierHeldRow.person == after.id))
        _add_tiers(session, [after])
    certifications.replace(session, before, after, actor, at)
    grants.replace(session, before, after, actor)


def touch(session: Session, person: PersonId) -> None:
    """Count a change of what somebody holds, so that nobody writes over it unseen."""
    row = PersonRow
    session.execute(update(row).where(row.id == person).values(version=row.version + 1))


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


class PersonFilter(msgspec.Struct, frozen=True):
    """Which people a list holds; what is not given lets all pass. `name`: each word of it begins one of theirs."""

    organisation: OrganisationId | None = None
    type: ResidentType | None = None
    tier: TierId | None = None
    suspended: bool | None = None
    name: str | None = None


def page(
    session: Session, chosen: PersonFilter, listing: Listing, organisation: OrganisationId | None = None
) -> list[PersonRecord]:
    """Return a piece of the list of people; those of one organisation only, if given."""
    row = PersonRow
    exact = (
        (row.organisation, organisation),
        (row.organisation, chosen.organisation),
        (row.type, chosen.type and chosen.type.value),
        (row.suspended, chosen.suspended),
    )
    query = select(row).where(*(column == wanted for column, wanted in exact if wanted is not None))
    if chosen.tier is not None:
        holders = select(TierHeldRow.person).where(TierHeldRow.tier == chosen.tier)
        query = query.where(row.id.in_(holders))
    if chosen.name is not None:
        query = query.where(row.id.in_(select(_named(chosen.name).c.id)))
    return _records(session, piece(session, query, row, listing))


def _named(text: str) -> CTE:
    """Return whoever has these words in their name, looked for before anything else, in one scan.

    Any other plan was seen to look up a million people one by one, for a word that is rare, or comes late in the order.
    """
    row = PersonRow
    named = select(row.id, row.sought, row.organisation).where(has_words(row.sought, text))
    return named.cte("named").prefix_with("MATERIALIZED")


def found(
    session: Session, text: str, limit: int, organisation: OrganisationId | None = None
) -> list[PersonRecord]:
    """Return whoever holds the badge that a text names, who has its words in their name, and whose id holds it.

    Names are in their order. Each is a look of its own: by one for all, a million people take seconds.
    """
    row, within, named = PersonRow, text.lower(), _named(text).c
    holder = select(BadgeRow.person).where(BadgeRow.id == within)
    has_id = func.lower(row.id).contains(within, autoescape=True)
    looks = (
        (select(row.id).where(row.id.in_(holder)), row.organisation),
        (select(named.id).order_by(named.sought, named.id), named.organisation),
        (select(row.id).where(has_id).order_by(row.id), row.organisation),
    )
    ids = dict[PersonId, None]()
    for look, whose in looks:
        theirs = look if organisation is None else look.where(whose == organisation)
        ids |= dict.fromkeys(map(PersonId, session.scalars(theirs.limit(limit))))
    known = {person.id: person for person in some(session, list(ids)[:limit])}
    return [known[one] for one in ids if one in known]


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


def all_of(session: Session, organisation: OrganisationId) -> list[PersonRecord]:
    """Return everybody of an organisation, by id."""
    query = select(PersonRow.id).where(PersonRow.organisation == organisation)
    return some(session, map(PersonId, session.scalars(query).all()))


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
        "sought": person.sought,
        "type": person.type.value,
        "organisation": person.organisation,
        "valid_from": person.valid_from,
        "valid_until": person.valid_until,
        "suspended": person.suspended,
        "extended_opening": person.extended_opening,
        "host": person.host,
        "version": person.version,
    }


def _add_tiers(session: Session, people: Sequence[PersonRecord]) -> None:
    tiers = [{"person": person.id, "tier": tier} for person in people for tier in person.tiers]
    if tiers:
        session.execute(insert(TierHeldRow), tiers)


def _records(session: Session, rows: Sequence[PersonRow], *, everybody: bool = False) -> list[PersonRecord]:
    ids = None if everybody else [row.id for row in rows]
    tiers, trained, granted = (
        _tiers(session, ids),
        certifications.held(session, ids),
        grants.held(session, ids),
    )
    return [
        PersonRecord(
            PersonId(row.id),
            ResidentType(row.type),
            OrganisationId(row.organisation) if row.organisation is not None else None,
            tuple(tiers[row.id]),
            tuple(trained[row.id]),
            tuple(granted[row.id]),
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
