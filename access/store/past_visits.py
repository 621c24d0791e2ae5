"""Visits that ended before a moment, of people who are known still: whom they saw then is nobody's to know any longer.

The last visit of a visitor stays with them: it says when they go (`access/store/past_visitors.py`).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, false, func, not_, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from access.store.holds import Hold
from access.store.models import PersonRow, VisitRow
from access.store.visits import VisitState
from policies.roster import ResidentType

_OVER = (VisitState.LEFT.value, VisitState.CANCELLED.value)


def found(
    session: Session, before: datetime, holds: Sequence[Hold], among: Sequence[str] | None = None
) -> list[str]:
    """Return those of them that no hold keeps, by id; `among` a few visits only, if given."""
    query = select(VisitRow.id).where(_are_past(before), not_(_are_held(holds)))
    if among is not None:
        query = query.where(VisitRow.id.in_(among))
    return list(session.scalars(query.order_by(VisitRow.id)))


def count(session: Session, before: datetime, holds: Sequence[Hold]) -> tuple[int, int]:
    """Return how many there are: those that should have gone, and those that a hold keeps."""
    query = select(func.count()).select_from(VisitRow).where(_are_past(before))
    kept = session.scalar(query.where(_are_held(holds))) or 0
    return (session.scalar(query) or 0) - kept, kept


def remove(session: Session, ids: Sequence[str]) -> None:
    """Delete visits."""
    session.execute(delete(VisitRow).where(VisitRow.id.in_(ids)))


def _are_past(before: datetime) -> ColumnElement[bool]:
    visit, later = VisitRow, aliased(VisitRow)
    is_residents = exists().where(PersonRow.id == visit.person, PersonRow.type != ResidentType.VISITOR.value)
    comes_after = tuple_(later.valid_from, later.id) > tuple_(visit.valid_from, visit.id)
    has_later = exists().where(later.person == visit.person, comes_after)
    return and_(visit.state.in_(_OVER), _end() < before, or_(is_residents, has_later))


def _end() -> ColumnElement[datetime]:
    return func.coalesce(VisitRow.left_at, VisitRow.valid_until)


def _are_held(holds: Sequence[Hold]) -> ColumnElement[bool]:
    """Return the condition that a hold is on either of its two, or on everybody, for a time that it touches."""
    visit = VisitRow
    each = []
    for hold in holds:
        whose = [] if hold.person is None else [or_(visit.person == hold.person, visit.host == hold.person)]
        each.append(and_(visit.valid_from < hold.until, _end() >= hold.since, *whose))
    return or_(*each) if each else false()
