"""Badges as they are kept. Whatever becomes of one, its row stays, so that its identifier is never given out anew."""

from collections.abc import Iterable, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from access.store.models import BadgeRow, PersonRow
from policies.ids import BadgeId, OrganisationId, PersonId
from policies.roster import Badge, BadgeKind, BadgeStatus

_MOST_IDS = 500


class BadgeRecord(Badge, frozen=True, kw_only=True):
    """A badge with the count of its changes."""

    version: int = 1

    def as_known_at_doors(self) -> Badge:
        """Return the badge as a door knows it."""
        return Badge(**{name: getattr(self, name) for name in Badge.__struct_fields__})


def add(session: Session, badges: Sequence[BadgeRecord]) -> None:
    """Write new badges."""
    if badges:
        session.execute(insert(BadgeRow), [_columns(badge) for badge in badges])


def replace(session: Session, badge: BadgeRecord) -> None:
    """Write a badge over the one with the same id."""
    session.execute(update(BadgeRow).where(BadgeRow.id == badge.id).values(_columns(badge)))


def get(session: Session, badge: BadgeId) -> BadgeRecord | None:
    """Return one badge; None if there is none."""
    row = session.scalar(select(BadgeRow).where(BadgeRow.id == badge))
    return None if row is None else _record(row)


def page(
    session: Session,
    after: BadgeId | None,
    limit: int,
    person: PersonId | None = None,
    organisation: OrganisationId | None = None,
) -> list[BadgeRecord]:
    """Return up to `limit` badges whose id follows `after`, by id; of a person or an organisation only, if given."""
    query = select(BadgeRow).order_by(BadgeRow.id).limit(limit)
    if after is not None:
        query = query.where(BadgeRow.id > after)
    if person is not None:
        query = query.where(BadgeRow.person == person)
    if organisation is not None:
        theirs = select(PersonRow.id).where(PersonRow.organisation == organisation)
        query = query.where(BadgeRow.person.in_(theirs))
    return [_record(row) for row in session.scalars(query)]


def everything(session: Session) -> list[Badge]:
    """Return all badges as doors know them, by id."""
    rows = session.scalars(select(BadgeRow).order_by(BadgeRow.id))
    return [_record(row).as_known_at_doors() for row in rows]


def some(session: Session, ids: Iterable[BadgeId]) -> list[BadgeRecord]:
    """Return those of `ids` that are known, by id."""
    wanted, found = sorted(set(ids)), list[BadgeRecord]()
    for start in range(0, len(wanted), _MOST_IDS):
        query = select(BadgeRow).where(BadgeRow.id.in_(wanted[start : start + _MOST_IDS]))
        found += [_record(row) for row in session.scalars(query.order_by(BadgeRow.id))]
    return found


def existing(session: Session, ids: Iterable[BadgeId]) -> set[BadgeId]:
    """Return those of `ids` that are known."""
    wanted, found = sorted(set(ids)), set[BadgeId]()
    for start in range(0, len(wanted), _MOST_IDS):
        chunk = wanted[start : start + _MOST_IDS]
        found.update(map(BadgeId, session.scalars(select(BadgeRow.id).where(BadgeRow.id.in_(chunk)))))
    return found


def _columns(badge: BadgeRecord) -> dict[str, object]:
    return {
        "id": badge.id,
        "kind": badge.kind.value,
        "person": badge.person,
        "status": badge.status.value,
        "valid_from": badge.valid_from,
        "valid_until": badge.valid_until,
        "version": badge.version,
    }


def _record(row: BadgeRow) -> BadgeRecord:
    return BadgeRecord(
        BadgeId(row.id),
        BadgeKind(row.kind),
        PersonId(row.person) if row.person is not None else None,
        BadgeStatus(row.status),
        row.valid_from,
        row.valid_until,
        version=row.version,
    )
