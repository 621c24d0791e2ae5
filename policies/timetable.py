"""Which mode doors are in by their schedules alone: where no lockdown, operator or event says otherwise."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from policies.building import Door, ScheduledMode
from policies.conditions import is_whole
from policies.ids import DoorId
from policies.policy import Policy
from policies.request import DoorMode, LiveState
from policies.schedule import is_open, quarters

LONGEST_ARRIVAL = timedelta(days=2)
"""A first person opens a window for two days at most: no window is longer, but for a door that is always free."""


def scheduled_mode(door: Door, policy: Policy, at: datetime) -> ScheduledMode | None:
    """Return the first mode of the door whose schedule is open at `at`; None if it is in normal mode.

    Of a schedule that nobody can evaluate the door is locked, never free.
    """
    return next((each for each in door.modes if is_due(each, policy, at)), None)


def modes_at(doors: Iterable[Door], policy: Policy, at: datetime) -> dict[DoorId, DoorMode]:
    """Return the doors that are in another mode than normal by schedule; none is free that waits for a first person."""
    scheduled = {door.id: scheduled_mode(door, policy, at) for door in doors if door.modes}
    return {name: each.mode for name, each in scheduled.items() if each is not None and not waits(each)}


def completed(state: LiveState, doors: Iterable[Door], policy: Policy, at: datetime) -> LiveState:
    """Return the state with each of the doors whose mode it does not name in the one of its schedule at `at`."""
    modes = modes_at(doors, policy, at)
    return msgspec.structs.replace(state, modes={**modes, **state.modes}) if modes else state


def waits(scheduled: ScheduledMode) -> bool:
    """Return whether the mode begins with the first person who enters, which a schedule does not tell."""
    return scheduled.mode is DoorMode.FREE and scheduled.first_person_in


def is_due(scheduled: ScheduledMode, policy: Policy, at: datetime) -> bool:
    """Return whether a door's mode is due at `at`; where nobody can tell, locked is and free is not."""
    schedule = policy.schedules.get(scheduled.schedule)
    if schedule is None or not policy.calendar.offsets or not is_whole(schedule, policy):
        return scheduled.mode is DoorMode.LOCKED
    return is_open(schedule, policy.calendar, at)


def has_lasted(scheduled: ScheduledMode, policy: Policy, since: datetime | None, at: datetime) -> bool:
    """Return whether the mode was due all the time from `since`, when its first person came if ever, to `at`."""
    if since is None or not since <= at <= since + LONGEST_ARRIVAL:
        return False
    moments = (since, *(each for each in quarters(since, LONGEST_ARRIVAL) if each <= at), at)
    return all(is_due(scheduled, policy, moment) for moment in moments)
