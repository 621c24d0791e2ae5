"""Which mode a door's schedule asks for where nobody can tell what time it is there."""

from datetime import UTC, datetime

import msgspec
import pytest

from policies.building import ScheduledMode
from policies.ids import ScheduleId
from policies.request import DoorMode
from policies.schedule import Schedule, Weekday, Window
from policies.timetable import is_due
from tests.small_site import POLICY

NOON = datetime(2026, 9, 15, 10, tzinfo=UTC)
DAY = Schedule(ScheduleId("day"), (Window(tuple(Weekday), 0, 24 * 60),))


@pytest.mark.parametrize("mode", [DoorMode.LOCKED, DoorMode.FREE])
def test_without_a_calendar_or_its_schedule_a_door_is_locked_and_never_free(mode):
    policy = msgspec.structs.replace(POLICY, schedules={DAY.id: DAY})
    timeless = msgspec.structs.replace(policy, calendar=msgspec.structs.replace(policy.calendar, offsets=()))
    scheduled = ScheduledMode(mode, DAY.id)
    assert is_due(scheduled, policy, NOON)
    assert is_due(scheduled, timeless, NOON) is (mode is DoorMode.LOCKED)
    without = msgspec.structs.replace(policy, schedules={})
    assert is_due(scheduled, without, NOON) is (mode is DoorMode.LOCKED)
