"""The machine's clock: it smooths small corrections and follows large ones."""

from datetime import UTC, datetime, timedelta

import pytest

from readers.clock import FOLLOWED_BACK, SystemClock

NOON = datetime(2026, 9, 15, 10, tzinfo=UTC)


@pytest.fixture
def wall():
    return [NOON]


@pytest.fixture
def clock(wall):
    return SystemClock(lambda: wall[0])


def test_a_small_correction_never_takes_time_back(clock, wall):
    wall[0] = NOON - FOLLOWED_BACK
    assert clock.now() == NOON
    wall[0] = NOON + timedelta(seconds=1)
    assert clock.now() == wall[0]


def test_a_clock_that_ran_a_day_ahead_does_not_stand_still_for_a_day(clock, wall):
    wall[0] = NOON + timedelta(days=1)
    clock.now()
    for hour in range(3):
        wall[0] = NOON + timedelta(hours=hour)
        assert clock.now() == wall[0]
