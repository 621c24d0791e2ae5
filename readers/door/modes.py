"""Which mode is in force at a door: lockdown before operator before event before schedule (docs/domain.md, 4).

Fire release and the way out stand above all of them; they are the door machine's. A scheduled free mode may wait for
the first person: somebody entitled who went in since the schedule opened.
"""

from datetime import datetime, timedelta

import msgspec

from policies.building import Door, ScheduledMode
from policies.ids import ScheduleId
from policies.policy import Policy
from policies.request import DoorMode
from policies.schedule import is_open, quarters
from readers.wire.events import Instant
from readers.wire.orders import ModeSource, Order, Orders

_LONGEST_ARRIVAL = timedelta(days=2)
"""A first person opens a window for two days at most: no window is longer, but for a door that is always free."""


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
        if order is not None and order.holds(at) and _fits(order, door):
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
    scheduled = next((each for each in door.modes if _counts(each, policy, at)), None)
    if scheduled is None:
        return NORMAL
    if scheduled.mode is not DoorMode.FREE:
        return InForce(scheduled.mode, ModeSource.SCHEDULE)
    if not is_fresh:
        return NORMAL
    if scheduled.first_person_in and not _has_come(scheduled.schedule, standing.arrived, policy, at):
        return InForce(DoorMode.NORMAL, ModeSource.SCHEDULE, waits=True)
    return InForce(DoorMode.FREE, ModeSource.SCHEDULE)


def _fits(order: Order, door: Door) -> bool:
    """Return whether a door can have a mode: one of an interlock group is never free, whoever says so."""
    return order.mode is not DoorMode.FREE or door.interlock is None


def _strongest_first(orders: Orders) -> tuple[tuple[ModeSource, Order | None], ...]:
    return (
        (ModeSource.LOCKDOWN, orders.lockdown),
        (ModeSource.OPERATOR, orders.operator),
        (ModeSource.EVENT, orders.event),
    )


def _counts(scheduled: ScheduledMode, policy: Policy, at: datetime) -> bool:
    """Return whether a door's scheduled mode counts now; where nobody can tell, locked does and free does not."""
    is_due = _is_open(scheduled.schedule, policy, at)
    return scheduled.mode is DoorMode.LOCKED if is_due is None else is_due


def _is_open(name: ScheduleId, policy: Policy, at: datetime) -> bool | None:
    """Return whether a schedule is open; None where it or its calendar cannot be read."""
    try:
        return is_open(policy.schedules[name], policy.calendar, at)
    except (LookupError, ValueError):
        return None


def _has_come(name: ScheduleId, arrived: datetime | None, policy: Policy, at: datetime) -> bool:
    """Return whether somebody came while the schedule was open, and it has not shut since."""
    if arrived is None or not arrived <= at <= arrived + _LONGEST_ARRIVAL:
        return False
    moments = [arrived, *(each for each in quarters(arrived, _LONGEST_ARRIVAL) if each <= at)]
    return all(_is_open(name, policy, moment) for moment in moments)
