"""Which mode doors are in by their schedules alone: where no lockdown, operator or event says otherwise."""

from collections.abc import Iterable
from datetime import datetime

from policies.building import Door, ScheduledMode
from policies.conditions import is_whole
from policies.ids import DoorId
from policies.policy import Policy
from policies.request import DoorMode
from policies.schedule import is_open


def scheduled_mode(door: Door, policy: Policy, at: datetime) -> ScheduledMode | None:
    """Return the first mode of the door whose schedule is open at `at`; None if it is in normal mode.

    Of a schedule that nobody can evaluate the door is locked, never free.
    """
    return next((each for each in door.modes if _is_due(each, policy, at)), None)


def modes_at(doors: Iterable[Door], policy: Policy, at: datetime) -> dict[DoorId, DoorMode]:
    """Return the doors that are in another mode than normal by schedule; none is free that waits for a first person."""
    scheduled = {door.id: scheduled_mode(door, policy, at) for door in doors if door.modes}
    return {name: each.mode for name, each in scheduled.items() if each is not None and not waits(each)}


def waits(scheduled: ScheduledMode) -> bool:
    """Return whether the mode begins with the first person who enters, which a schedule does not tell."""
    return scheduled.mode is DoorMode.FREE and scheduled.first_person_in


def _is_due(scheduled: ScheduledMode, policy: Policy, at: datetime) -> bool:
    schedule = policy.schedules.get(scheduled.schedule)
    if schedule is None or not is_whole(schedule, policy):
        return scheduled.mode is DoorMode.LOCKED
    return is_open(schedule, policy.calendar, at)
