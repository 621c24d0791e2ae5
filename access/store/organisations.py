"""Organisations as they are kept."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from access.store.models import OrganisationRow
from policies.ids import OrganisationId


class OrganisationRecord(msgspec.Struct, frozen=True):
    """Whoever people belong to. `version` counts the changes."""

    id: OrganisationId
    name: str
    version: int = 1


def add(session: Session, organisations: Sequence[OrganisationRecord]) -> None:
    """Write new organisations."""
    if organisations:
        session.execute(insert(OrganisationRow), [msgspec.structs.asdict(new) for new in organisations])


def replace(session: Session, organisation: OrganisationRecord) -> None:
    """Write an organisation over the one with the same id."""
    values = msgspec.structs.asdict(organisation)
    session.execute(update(OrganisationRow).where(OrganisationRow.id == organisation.id).values(values))


def get(session: Session, organisation: OrganisationId) -> OrganisationRecord | None:
    """Return one organisation; None if there is none."""
    row = session.scalar(select(OrganisationRow).where(OrganisationRow.id == organisation))
    return None if row is None else _record(row)


def page(session: Session, after: OrganisationId | None, limit: int) -> list[OrganisationRecord]:
    """Return up to `limit` organisations whose id follows `after`, by id."""
    query = select(OrganisationRow).order_by(OrganisationRow.id).limit(limit)
    if after is not None:
        query = query.where(OrganisationRow.id > after)
    return [_record(row) for row in session.scalars(query)]


def ids(session: Session) -> set[OrganisationId]:
    """Return the ids of all organisations."""
    return set(map(OrganisationId, session.scalars(select(OrganisationRow.id))))


def _record(row: OrganisationRow) -> OrganisationRecord:
    return OrganisationRecord(OrganisationId(row.id), row.name, row.version)
