"""Which mode is in force at a door: lockdown before operator before event before schedule (docs/domain.md, 4).

Fire release and the way out stand above all of them; they are the door machine's. A scheduled free mode may wait for
the first person: somebody entitled who went in since the schedule opened.
"""

from datetime import datetime, timedelta

import msgspec

from policies.building import Door
from policies.policy import Policy
from policies.request import DoorMode
from policies.schedule import quarters
from policies.timetable import has_lasted, scheduled_mode, waits
from readers.wire.events import Instant
from readers.wire.orders import ModeSource, Order, Orders


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a door keeps through a restart.

    `arrived` is when the first person of a free period went in; `unarmed` says that a release was not re-armed.
    """

    orders: Orders = Orders()
    arrived: Instant | None = None
    unarmed: bool = False


class InForce(msgspec.Struct, frozen=True):
    """A mode, who wants it, the order it comes from, and until when as far as orders tell.

    `waits` says that the schedule asks for free and the first person has not come yet, `maintenance` that people work
    on the door, so that what it tells is no alarm.
    """

    mode: DoorMode
    by: ModeSource = ModeSource.DEFAULT
    order: Order | None = None
    waits: bool = False
    maintenance: bool = False

    @property
    def until(self) -> datetime | None:
        """Return when the order ends; None for a schedule's mode and for an order that stands until it is lifted."""
        return self.order.until if self.order else None


NORMAL = InForce(DoorMode.NORMAL)


def in_force(
    door: Door, standing: Standing, policy: Policy, at: datetime, *, is_fresh: bool = True
) -> InForce:
    """Return the mode of `door` at `at`. Where the rights are not `is_fresh`, no schedule sets a door free."""
    works = standing.orders.maintenance
    is_worked_on = works is not None and works.holds(at)
    for by, order in _strongest_first(standing.orders):
        if order is not None and order.holds(at) and door.may_be(order.mode):
            return InForce(order.mode, by, order, maintenance=is_worked_on)
    scheduled = _by_schedule(door, standing, policy, at, is_fresh=is_fresh)
    return msgspec.structs.replace(scheduled, maintenance=is_worked_on)


def next_look(door: Door, orders: Orders, at: datetime) -> datetime | None:
    """Return when the mode may change by itself: at the end of an order, or at a quarter-hour of a schedule."""
    every = (orders.lockdown, orders.operator, orders.event, orders.maintenance)
    times = [order.until for order in every if order is not None and order.until is not None]
    if door.modes:
        times.append(next(quarters(at, timedelta(hours=1))))
    return min((time for time in times if time > at), default=None)


def _by_schedule(door: Door, standing: Standing, policy: Policy, at: datetime, *, is_fresh: bool) -> InForce:
    scheduled = scheduled_mode(door, policy, at)
    if scheduled is None:
        return NORMAL
    if scheduled.mode is not DoorMode.FREE:
        return InForce(scheduled.mode, ModeSource.SCHEDULE)
    if not is_fresh:
        return NORMAL
    if waits(scheduled) and not has_lasted(scheduled, policy, standing.arrived, at):
        return InForce(DoorMode.NORMAL, ModeSource.SCHEDULE, waits=True)
    return InForce(DoorMode.FREE, ModeSource.SCHEDULE)


def _strongest_first(orders: Orders) -> tuple[tuple[ModeSource, Order | None], ...]:
    return (
        (ModeSource.LOCKDOWN, orders.lockdown),
        (ModeSource.OPERATOR, orders.operator),
        (ModeSource.EVENT, orders.event),
    )
