"""Weekly windows on the building's wall: midnight, holidays, and the two days when the clock changes."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from policies.ids import ScheduleId
from policies.schedule import Schedule, Weekday, Window, is_open
from tests.policies.strategies import PARIS, instants

WEEKDAYS = tuple(day for day in Weekday if day < Weekday.SAT)


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def opens(days: tuple[Weekday, ...], start: str, end: str, *, on_holidays: bool = False) -> Schedule:
    return Schedule(ScheduleId("it"), (Window(days, clock(start), clock(end)),), on_holidays)


def paris(text: str, fold: int = 0) -> datetime:
    """Return the instant at which Paris shows `text`; `fold` 1 means its second time on the long day."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"), fold=fold).astimezone(UTC)


OFFICE = opens(WEEKDAYS, "08:00", "18:00")
NIGHT = opens((Weekday.FRI,), "22:00", "02:00")
ALWAYS = opens(tuple(Weekday), "00:00", "24:00")


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        (OFFICE, "2026-09-15 07:59:59", False),
        (OFFICE, "2026-09-15 08:00:00", True),
        (OFFICE, "2026-09-15 17:59:59", True),
        (OFFICE, "2026-09-15 18:00:00", False),
        (OFFICE, "2026-09-19 12:00", False),  # a Saturday
        (NIGHT, "2026-09-18 21:59", False),
        (NIGHT, "2026-09-18 22:00", True),
        (NIGHT, "2026-09-19 01:59", True),  # Saturday, but of Friday's window
        (NIGHT, "2026-09-19 02:00", False),
        (NIGHT, "2026-09-18 01:00", False),  # Thursday has no window
        (ALWAYS, "2026-09-15 23:59:59", True),
        (ALWAYS, "2026-09-16 00:00:00", True),
        (opens((Weekday.TUE,), "20:00", "24:00"), "2026-09-15 23:59:59", True),
        (opens((Weekday.TUE,), "20:00", "24:00"), "2026-09-16 00:00:00", False),
        (opens((Weekday.SUN,), "22:00", "01:00"), "2026-09-21 00:30", True),  # over the week's end
    ],
)
def test_a_window_is_half_open_and_belongs_to_the_day_it_began_on(schedule, at, expected):
    assert is_open(schedule, PARIS, paris(at)) is expected


@pytest.mark.parametrize(
    ("schedule", "at", "expected"),
    [
        (OFFICE, "2026-05-01 12:00", False),  # a Friday, 1 May
        (opens(WEEKDAYS, "08:00", "18:00", on_holidays=True), "2026-05-01 12:00", True),
        (
            opens(WEEKDAYS, "22:00", "02:00"),
            "2026-05-01 01:00",
            True,
        ),  # Thursday's window goes on into the holiday
        (opens(WEEKDAYS, "22:00", "02:00"), "2026-05-01 23:00", False),
        (
            opens(WEEKDAYS, "22:00", "02:00"),
            "2026-05-02 01:00",
            False,
        ),  # the holiday's own window never began
        (OFFICE, "2026-04-03 12:00", False),  # Good Friday, kept in Alsace
    ],
)
def test_a_holiday_closes_the_windows_that_begin_on_it_and_no_others(schedule, at, expected):
    assert is_open(schedule, PARIS, paris(at)) is expected


SUNDAY = (Weekday.SUN,)


@pytest.mark.parametrize(
    ("window", "utc", "expected"),
    [
        (("01:00", "02:30"), "2026-03-29T00:59:59", True),  # 01:59:59
        (("01:00", "02:30"), "2026-03-29T01:00:00", False),  # 03:00: 02:30 never came, so the next that does
        (("02:30", "04:00"), "2026-03-29T00:59:59", False),
        (("02:30", "04:00"), "2026-03-29T01:00:00", True),  # opens at 03:00, the next time that exists
        (("02:30", "04:00"), "2026-03-29T01:59:59", True),
        (("02:30", "04:00"), "2026-03-29T02:00:00", False),  # 04:00 summer time
        (("02:00", "03:00"), "2026-03-29T01:00:00", False),  # a window inside the missing hour never opens
    ],
)
def test_on_the_short_day_a_time_that_does_not_exist_is_the_next_that_does(window, utc, expected):
    assert is_open(opens(SUNDAY, *window), PARIS, datetime.fromisoformat(utc).replace(tzinfo=UTC)) is expected


@pytest.mark.parametrize(
    ("at", "fold", "expected"),
    [
        ("2026-10-25 01:59:59", 0, False),
        ("2026-10-25 02:15", 0, True),
        ("2026-10-25 02:15", 1, True),
        ("2026-10-25 02:30", 0, False),
        ("2026-10-25 02:00", 1, True),  # closed meanwhile, open again: the hour counts twice
        ("2026-10-25 02:30", 1, False),
    ],
)
def test_on_the_long_day_the_repeated_hour_counts_twice(at, fold, expected):
    assert is_open(opens(SUNDAY, "02:00", "02:30"), PARIS, paris(at, fold)) is expected


@given(instants())
def test_the_compiled_calendar_shows_the_same_wall_time_as_the_time_zone(at):
    wall = at.astimezone(ZoneInfo("Europe/Paris"))
    local = PARIS.local(at)
    assert (local.day, local.minute) == (wall.date(), wall.hour * 60 + wall.minute)


@given(instants())
def test_whoever_writes_the_instant_in_another_zone_means_the_same(at):
    elsewhere = at.astimezone(ZoneInfo("Asia/Kolkata"))
    assert is_open(OFFICE, PARIS, elsewhere) == is_open(OFFICE, PARIS, at)


def test_only_the_listed_days_are_holidays():
    assert PARIS.is_holiday(date(2026, 4, 3))
    assert not PARIS.is_holiday(date(2026, 4, 4))
    assert not PARIS.is_holiday(date(1999, 1, 1))
    assert not PARIS.is_holiday(date(2099, 1, 1))


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="must carry its UTC offset"):
        is_open(OFFICE, PARIS, datetime(2026, 9, 15, 12))  # noqa: DTZ001  (that is the point)
