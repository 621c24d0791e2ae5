"""Badges as they are kept. Whatever becomes of one, its row stays, so that its identifier is never given out anew."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlalchemy.orm import Session

from access.store.belonging import of_organisation
from access.store.listing import Listing, piece
from access.store.models import BadgeRow
from policies.ids import BadgeId, OrganisationId, PersonId
from policies.roster import Badge, BadgeKind, BadgeStatus

_MOST_IDS = 500


class BadgeRecord(Badge, frozen=True, kw_only=True):
    """A badge with the count of its changes, when it was issued, the day of its last use, and what replaced it."""

    version: int = 1
    issued_at: datetime | None = None
    last_used: date | None = None
    replaced_by: BadgeId | None = None

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


class BadgeFilter(msgspec.Struct, frozen=True):
    """Which badges a list holds; what is not given lets all pass."""

    person: PersonId | None = None
    status: BadgeStatus | None = None
    kind: BadgeKind | None = None


def page(
    session: Session, chosen: BadgeFilter, listing: Listing, organisation: OrganisationId | None = None
) -> list[BadgeRecord]:
    """Return a piece of the list of badges; those of one organisation's people only, if given."""
    row = BadgeRow
    exact = (
        (row.person, chosen.person),
        (row.status, chosen.status and chosen.status.value),
        (row.kind, chosen.kind and chosen.kind.value),
    )
    query = select(row).where(*(column == wanted for column, wanted in exact if wanted is not None))
    if organisation is not None:
        query = query.where(of_organisation(BadgeRow.person, organisation))
    return [_record(found) for found in piece(session, query, row, listing)]


def of_people(session: Session, people: Iterable[PersonId]) -> defaultdict[PersonId, list[BadgeRecord]]:
    """Return the badges of a few people, whatever became of them, by holder."""
    held = defaultdict[PersonId, list[BadgeRecord]](list)
    query = select(BadgeRow).where(BadgeRow.person.in_(list(people))).order_by(BadgeRow.id)
    for row in session.scalars(query):
        held[PersonId(row.person or "")].append(_record(row))
    return held


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


def note_use(session: Session, days: Mapping[BadgeId, date]) -> None:
    """Write down the day on which badges were used last; badges that are not known are passed over."""
    if days:
        table = BadgeRow.metadata.tables[BadgeRow.__tablename__]
        row = table.c
        statement = (
            update(table)
            .where(
                row.id == bindparam("badge"), or_(row.last_used.is_(None), row.last_used < bindparam("day"))
            )
            .values(last_used=bindparam("day"))
        )
        session.connection().execute(statement, [{"badge": each, "day": day} for each, day in days.items()])


def idle(session: Session, before: date, instant: datetime) -> list[BadgeId]:
    """Return the active badges that were neither used since `before` nor issued since `instant`, by id."""
    row = BadgeRow
    query = select(row.id).where(
        row.status == BadgeStatus.ACTIVE.value,
        or_(row.last_used < before, and_(row.last_used.is_(None), row.issued_at < instant)),
    )
    return [BadgeId(badge) for badge in session.scalars(query.order_by(row.id))]


def of_person(session: Session, person: PersonId) -> list[BadgeRecord]:
    """Return all badges of one person, by id."""
    query = select(BadgeRow).where(BadgeRow.person == person).order_by(BadgeRow.id)
    return [_record(row) for row in session.scalars(query)]


def _columns(badge: BadgeRecord) -> dict[str, object]:
    return {
        "id": badge.id,
        "kind": badge.kind.value,
        "person": badge.person,
        "status": badge.status.value,
        "valid_from": badge.valid_from,
        "valid_until": badge.valid_until,
        "issued_at": badge.issued_at,
        "replaced_by": badge.replaced_by,
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
        issued_at=row.issued_at,
        last_used=row.last_used,
        replaced_by=BadgeId(row.replaced_by) if row.replaced_by is not None else None,
    )
