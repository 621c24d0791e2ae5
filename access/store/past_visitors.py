"""Visitors whose last visit ended before a moment and who hold nothing: whom nothing is a reason to know any longer.

A visitor without any visit was enrolled with an end of their own, and is judged by that; one without either stays. An
end beyond those of all their visits is their own too: no visit gave it. What somebody holds that ended before the same
moment is nothing, and so is a badge that is dead for good. Whoever is suspended stays until somebody ends that:
forgotten, they would be let in again under the same name.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session

from access.store.holds import Hold
from access.store.models import (
    BadgeRow,
    CertificationRow,
    EventRow,
    GrantRow,
    PersonRow,
    TierHeldRow,
    VisitRow,
)
from access.store.privacy import held
from access.store.visits import VisitState
from policies.ids import PersonId
from policies.roster import BadgeStatus, ResidentType

_OPEN = (VisitState.EXPECTED.value, VisitState.ARRIVED.value)
_DEAD = (BadgeStatus.REVOKED.value, BadgeStatus.REPLACED.value)


def found(
    session: Session, before: datetime, holds: Sequence[Hold], among: Sequence[PersonId] | None = None
) -> list[PersonId]:
    """Return those of them whom no hold keeps, by id; `among` a few people only, if given."""
    query = select(PersonRow.id).where(_are_past(before, holds), not_(_are_held(holds)))
    if among is not None:
        query = query.where(PersonRow.id.in_(among))
    return list(map(PersonId, session.scalars(query.order_by(PersonRow.id))))


def count(session: Session, before: datetime, holds: Sequence[Hold]) -> tuple[int, int]:
    """Return how many there are: those who should have gone, and those whom a hold keeps."""
    query = select(func.count()).select_from(PersonRow).where(_are_past(before, holds))
    kept = session.scalar(query.where(_are_held(holds))) or 0
    return (session.scalar(query) or 0) - kept, kept


def _are_past(before: datetime, holds: Sequence[Hold]) -> ColumnElement[bool]:
    one, visit = PersonRow, VisitRow
    was_here = exists().where(visit.person == one.id)
    # Each is denied by itself: of an OR of them, PostgreSQL would look through all visits for each visitor.
    keeps_nobody = map(not_, _keeping_them(before, holds))
    return and_(
        one.type == ResidentType.VISITOR.value,
        one.suspended.is_(False),
        or_(was_here, one.valid_until < before),
        *keeps_nobody,
    )


def _keeping_them(before: datetime, holds: Sequence[Hold]) -> list[ColumnElement[bool]]:
    one, visit, event, badge = PersonRow, VisitRow, EventRow, BadgeRow
    grant, training, tier = GrantRow, CertificationRow, TierHeldRow
    lately = or_(visit.state.in_(_OPEN), func.coalesce(visit.left_at, visit.valid_until) >= before)
    reaches_their_end = exists().where(visit.person == one.id, visit.valid_until >= one.valid_until)
    return [
        and_(one.valid_until.is_not(None), one.valid_until >= before, not_(reaches_their_end)),
        exists().where(visit.person == one.id, lately),
        exists().where(visit.host == one.id, lately),
        exists().where(event.person == one.id, event.at >= before, not_(held(holds))),
        exists().where(badge.person == one.id, badge.status.not_in(_DEAD)),
        exists().where(grant.person == one.id, grant.valid_until >= before),
        exists().where(training.person == one.id, or_(training.until.is_(None), training.until >= before)),
        exists().where(tier.person == one.id),
    ]


def _are_held(holds: Sequence[Hold]) -> ColumnElement[bool]:
    """Return the condition that a hold names them, or that an event which one keeps does."""
    named = [hold.person for hold in holds if hold.person is not None]
    return or_(PersonRow.id.in_(named), exists().where(EventRow.person == PersonRow.id, held(holds)))
