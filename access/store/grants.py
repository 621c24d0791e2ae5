"""Temporary rights as they are kept: whose, where, from when until when, who gave them, why, and how often used.

One that is used up is at no door any more; its row stays until it would have ended, for whoever asks why.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from access.store.belonging import of_organisation
from access.store.listing import Listing, piece
from access.store.models import GrantRow
from policies.ids import DoorId, GrantId, OrganisationId, PersonId, SpaceId
from policies.roster import Grant, Person


class GrantRecord(Grant, frozen=True, kw_only=True):
    """A grant with what only the administration knows of it. `most_uses` is how often it opens, None without end."""

    person: PersonId
    given_by: str = ""
    reason: str = ""
    most_uses: int | None = None
    uses: int = 0


def add(session: Session, people: Iterable[Person], actor: str) -> None:
    """Write what new people hold."""
    put(session, [_given(person.id, held, actor) for person in people for held in person.grants])


def put(session: Session, records: Sequence[GrantRecord]) -> None:
    """Write new grants."""
    if records:
        session.execute(insert(GrantRow), [_columns(record) for record in records])


def replace(session: Session, before: Person, after: Person, actor: str) -> None:
    """Write what somebody holds now; a grant that they keep keeps who gave it, why, and its uses."""
    old, new = ({held.id: held for held in person.grants} for person in (before, after))
    drop(session, [name for name in old if name not in new])
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            session.execute(update(GrantRow).where(GrantRow.id == name).values(_times_and_places(new[name])))
    put(session, [_given(after.id, held, actor) for name, held in new.items() if name not in old])


def drop(session: Session, ids: Sequence[GrantId]) -> None:
    """Delete grants."""
    if ids:
        session.execute(delete(GrantRow).where(GrantRow.id.in_(ids)))


def owners(session: Session, ids: Sequence[GrantId]) -> dict[GrantId, PersonId]:
    """Return whose the known ones of `ids` are."""
    query = select(GrantRow.id, GrantRow.person).where(GrantRow.id.in_(ids))
    return {GrantId(grant): PersonId(person) for grant, person in session.execute(query)}


def get(session: Session, grant: GrantId) -> GrantRecord | None:
    """Return one grant; None if there is none."""
    row = session.scalar(select(GrantRow).where(GrantRow.id == grant))
    return None if row is None else _record(row)


class GrantFilter(msgspec.Struct, frozen=True):
    """Which grants a list holds; what is not given lets all pass. `at`: those that hold at this moment."""

    person: PersonId | None = None
    at: datetime | None = None


def page(
    session: Session, chosen: GrantFilter, listing: Listing, organisation: OrganisationId | None = None
) -> list[GrantRecord]:
    """Return a piece of the list of grants; those of one organisation's people only, if given."""
    row, at = GrantRow, chosen.at
    query = select(row)
    if chosen.person is not None:
        query = query.where(row.person == chosen.person)
    if organisation is not None:
        query = query.where(of_organisation(row.person, organisation))
    if at is not None:
        query = query.where(row.valid_from <= at, row.valid_until > at, _is_left())
    return [_record(found) for found in piece(session, query, row, listing)]


def held(session: Session, ids: list[str] | None) -> defaultdict[str, list[Grant]]:
    """Return the grants that are not used up, as doors know them; everybody's without ids."""
    query = select(GrantRow).where(_is_left()).order_by(GrantRow.person, GrantRow.id)
    if ids is not None:
        query = query.where(GrantRow.person.in_(ids))
    found = defaultdict[str, list[Grant]](list)
    for row in session.scalars(query):
        found[row.person].append(_grant(row))
    return found


def count_uses(session: Session, uses: Mapping[GrantId, int]) -> list[PersonId]:
    """Add to the uses of limited grants; return whose are used up by it, so that doors must know."""
    row = GrantRow
    query = select(row.id, row.person, row.most_uses, row.uses).where(
        row.id.in_(sorted(uses)), row.most_uses.is_not(None)
    )
    used_up: set[PersonId] = set()
    for grant, person, most, before in session.execute(query.with_for_update()).all():
        now = before + uses[GrantId(grant)]
        session.execute(update(row).where(row.id == grant).values(uses=now))
        if most is not None and before < most <= now:
            used_up.add(PersonId(person))
    return sorted(used_up)


def forget_ended(session: Session, before: datetime) -> list[PersonId]:
    """Delete the grants that ended before a moment; return whose they were."""
    row = GrantRow
    gone = session.execute(delete(row).where(row.valid_until < before).returning(row.person))
    return sorted({PersonId(person) for (person,) in gone.all()})


def _is_left() -> ColumnElement[bool]:
    return or_(GrantRow.most_uses.is_(None), GrantRow.uses < GrantRow.most_uses)


def _given(person: PersonId, held: Grant, actor: str) -> GrantRecord:
    return GrantRecord(**msgspec.structs.asdict(held), person=person, given_by=actor)


def _columns(record: GrantRecord) -> dict[str, object]:
    return msgspec.structs.asdict(record) | _times_and_places(record)


def _times_and_places(grant: Grant) -> dict[str, object]:
    return {
        "valid_from": grant.valid_from,
        "valid_until": grant.valid_until,
        "doors": list(grant.doors),
        "spaces": list(grant.spaces),
    }


def _grant(row: GrantRow) -> Grant:
    doors, spaces = tuple(map(DoorId, row.doors)), tuple(map(SpaceId, row.spaces))
    return Grant(GrantId(row.id), row.valid_from, row.valid_until, doors, spaces)


def _record(row: GrantRow) -> GrantRecord:
    return GrantRecord(
        **msgspec.structs.asdict(_grant(row)),
        person=PersonId(row.person),
        given_by=row.given_by,
        reason=row.reason,
        most_uses=row.most_uses,
        uses=row.uses,
    )
