"""Organisations as they are kept."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from access.names import bare
from access.store.listing import Listing, piece
from access.store.models import OrganisationRow
from access.store.sought import has_words
from policies.ids import OrganisationId, TierId


class OrganisationRecord(msgspec.Struct, frozen=True):
    """Whoever people belong to. `version` counts the changes; `tiers` are those that its own managers may give."""

    id: OrganisationId
    name: str
    version: int = 1
    tiers: tuple[TierId, ...] = ()

    @property
    def sought(self) -> str:
        """Return what the name is sought and sorted by."""
        return bare(self.name)


def add(session: Session, organisations: Sequence[OrganisationRecord]) -> None:
    """Write new organisations."""
    if organisations:
        session.execute(insert(OrganisationRow), [_columns(new) for new in organisations])


def replace(session: Session, organisation: OrganisationRecord) -> None:
    """Write an organisation over the one with the same id."""
    values = _columns(organisation)
    session.execute(update(OrganisationRow).where(OrganisationRow.id == organisation.id).values(values))


def get(session: Session, organisation: OrganisationId) -> OrganisationRecord | None:
    """Return one organisation; None if there is none."""
    row = session.scalar(select(OrganisationRow).where(OrganisationRow.id == organisation))
    return None if row is None else _record(row)


def page(
    session: Session, name: str | None, listing: Listing, only: OrganisationId | None = None
) -> list[OrganisationRecord]:
    """Return a piece of the list of organisations, those of a name like this; `only` one of them, if given."""
    query = select(OrganisationRow)
    if name is not None:
        query = query.where(has_words(OrganisationRow.sought, name))
    if only is not None:
        query = query.where(OrganisationRow.id == only)
    return list(map(_record, piece(session, query, OrganisationRow, listing)))


def names(session: Session, wanted: Iterable[OrganisationId]) -> dict[OrganisationId, str]:
    """Return the names of a few organisations that are known, by their ids."""
    row = OrganisationRow
    found = session.execute(select(row.id, row.name).where(row.id.in_(sorted(set(wanted)))))
    return {OrganisationId(one): name for one, name in found}


def ids(session: Session) -> set[OrganisationId]:
    """Return the ids of all organisations."""
    return set(map(OrganisationId, session.scalars(select(OrganisationRow.id))))


def _columns(organisation: OrganisationRecord) -> dict[str, object]:
    derived = {"sought": organisation.sought, "tiers": list(organisation.tiers)}
    return msgspec.structs.asdict(organisation) | derived


def _record(row: OrganisationRow) -> OrganisationRecord:
    return OrganisationRecord(OrganisationId(row.id), row.name, row.version, tuple(map(TierId, row.tiers)))
