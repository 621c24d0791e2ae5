"""Schedules against a wall clock read minute by minute: clock changes of all kinds, leap days, midnights, dates.

Three ways to say what is open must agree with it: `is_open`, the compiled rules of the engine, and the sets of
quarter-hours that the analysis works on.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.analysis.taps.hours import QUARTERS_A_DAY, Days, Span
from policies.compiled import Compiled
from policies.errors import Finding
from policies.ids import ClosureId, DaysId, RuleId, ScheduleId
from policies.policy import Policy, Rule, RuleEffect
from policies.schedule import Calendar, Closure, Schedule, SpecialDays, Weekday, Window, is_open
from policies.toml.calendar import read_calendar
from policies.toml.tables import Document
from tests.policies.strategies import rarely, windows
from tests.policies.wall import Wall
from tests.soak import soaked

AROUND = 1
"""Days looked at before and after the day that matters."""

ZONES = {
    "Europe/Paris": (
        *("2024-03-31", "2025-03-30", "2026-03-29", "2027-03-28", "2028-03-26"),  # the short day
        *("2024-10-27", "2025-10-26", "2026-10-25", "2027-10-31", "2028-10-29"),  # the long day
        *("2024-02-29", "2028-02-29", "2027-02-28"),  # leap days, and the day that is none
        "2026-12-31",
    ),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04", "2027-04-04"),  # by half an hour
    "America/Havana": ("2026-03-08", "2026-11-01"),  # no midnight; and one that comes twice
    "America/Santiago": ("2026-09-06", "2026-04-04"),  # no midnight; the last hour of a day twice
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),  # back for Ramadan
    "Asia/Kathmandu": ("2028-02-29",),  # 5 h 45 min ahead, never changed
    "Pacific/Apia": ("2011-12-30",),  # a day that never was
}
MOST_DAYS = soaked(4, 400)
TERM = DaysId("term")


class Case(NamedTuple):
    """A schedule in a building's time, looked at around a day."""

    schedule: Schedule
    calendar: Calendar
    day: date
    second: int

    @property
    def first(self) -> datetime:
        return datetime.combine(self.day - timedelta(days=AROUND), time(), UTC)

    @property
    def wall(self) -> Wall:
        return Wall(
            self.schedule,
            self.calendar,
            self.day - timedelta(days=AROUND + 2),
            self.day + timedelta(days=2 * AROUND + 2),
        )

    @property
    def minutes(self) -> list[datetime]:
        """All minutes around the day, each at the same second of it."""
        begin = self.first + timedelta(seconds=self.second)
        return [begin + timedelta(minutes=number) for number in range((2 * AROUND + 1) * 24 * 60)]


@cache
def zoned(timezone: str) -> Calendar:
    """Return the calendar of a zone as the loader compiles it, without days of its own."""
    years = [int(day[:4]) for day in ZONES[timezone]]
    text = (
        f'[calendar]\ntimezone = "{timezone}"\ncountry = "FR"\n'
        f"first_year = {min(years)}\nlast_year = {max(years) + 1}\n"
    )
    findings: list[Finding] = []
    with TemporaryDirectory() as directory:
        path = Path(directory) / "calendar.toml"
        path.write_text(text)
        calendar = read_calendar(Document(path, findings)).calendar
    assert calendar is not None, findings
    return calendar


def near(day: date) -> st.SearchStrategy[date]:
    return st.integers(-AROUND, AROUND).map(lambda days: day + timedelta(days=days))


def quarters_near(day: date) -> st.SearchStrategy[datetime]:
    """Draw wall times on the quarter-hour."""
    midnight = datetime.combine(day, time())
    return st.integers(-AROUND * 96, AROUND * 96).map(
        lambda number: midnight + timedelta(minutes=15 * number)
    )


@st.composite
def cases(draw: Callable, timezone: str) -> Case:
    day = date.fromisoformat(draw(st.sampled_from(ZONES[timezone])))
    spans = st.tuples(near(day), near(day)).map(sorted).filter(lambda both: both[0] < both[1])
    exceptions = st.builds(
        lambda span, shown: SpecialDays(span[0], span[1], tuple(shown)),
        spans,
        st.lists(windows(), max_size=2),
    )
    shut = (
        st.tuples(quarters_near(day), quarters_near(day)).map(sorted).filter(lambda both: both[0] < both[1])
    )
    closures = draw(st.lists(shut, max_size=2))
    calendar = msgspec.structs.replace(
        zoned(timezone),
        holidays=tuple(sorted(draw(st.sets(near(day), max_size=2)))),
        days={TERM: tuple(sorted(draw(st.sets(near(day), max_size=3))))},
        closures=tuple(Closure(ClosureId("works"), *both) for both in closures),
    )
    limits = st.none() | near(day)
    schedule = Schedule(
        ScheduleId("it"),
        tuple(draw(st.lists(windows(), min_size=1, max_size=3))),
        on_holidays=draw(st.booleans()),
        on_closures=draw(st.booleans()),
        closed_on=draw(st.sampled_from(((), (), (TERM,)))),
        begins=draw(limits),
        ends=draw(limits),
        exceptions=draw(rarely(st.lists(exceptions, max_size=2).map(tuple))),
    )
    return Case(schedule, calendar, day, draw(st.integers(0, 59)))


def every_zone(times: int) -> Callable:
    """Make a property of one case a test in each zone: some cases for each of its days, `times` as many."""

    def of(holds: Callable[[Case], None]) -> Callable[[str], None]:
        @pytest.mark.soak
        @pytest.mark.parametrize("timezone", list(ZONES))
        def in_zone(timezone: str) -> None:
            examples = times * max(MOST_DAYS, len(ZONES[timezone]))
            settings(max_examples=examples)(given(cases(timezone))(holds))()

        return in_zone

    return of


@every_zone(1)
def test_open_is_what_the_wall_clock_says_minute_by_minute(case: Case) -> None:
    shown = case.wall
    assert [
        at for at in case.minutes if is_open(case.schedule, case.calendar, at) is not shown.is_open(at)
    ] == []


@every_zone(1)
def test_the_compiled_rules_are_open_when_the_wall_clock_says(case: Case) -> None:
    rule = Rule(RuleId("it"), RuleEffect.PERMIT, schedule=case.schedule.id)
    compiled = Compiled(Policy("any", {}, {case.schedule.id: case.schedule}, case.calendar, (rule,)))
    shown = case.wall
    assert [at for at in case.minutes[::5] if bool(compiled.open_mask(at)) is not shown.is_open(at)] == []


@every_zone(2)
def test_the_analysis_has_the_quarter_hours_that_the_wall_clock_says(case: Case) -> None:
    span = Span(case.first.date(), 2 * AROUND + 1)
    found = int.from_bytes(Days(case.calendar, span).open_quarters(case.schedule), "little")
    shown = case.wall
    quarters = {span.at(number): bool(found >> number & 1) for number in range(span.days * QUARTERS_A_DAY)}
    assert [at for at, is_found in quarters.items() if is_found is not shown.is_open(at)] == []


@pytest.mark.parametrize(
    ("timezone", "day", "window", "opens", "shuts"),
    [
        ("America/Havana", "2026-03-08", (0, 30), None, None),  # a Sunday that begins at 01:00
        ("America/Havana", "2026-03-08", (30, 120), "2026-03-08T05:00", "2026-03-08T06:00"),
        ("America/Havana", "2026-03-07", (1320, 15), "2026-03-08T03:00", "2026-03-08T05:00"),
        (
            "America/Santiago",
            "2026-04-04",
            (1380, 1440),
            "2026-04-05T02:00",
            "2026-04-05T04:00",
        ),  # 23 h twice
        ("Australia/Lord_Howe", "2026-10-04", (120, 150), None, None),  # 02:00 to 02:30 never come
        (
            "Australia/Lord_Howe",
            "2026-04-05",
            (90, 120),
            "2026-04-04T14:30",
            "2026-04-04T15:30",
        ),  # 01:30 twice
        ("Pacific/Apia", "2011-12-29", (1320, 120), "2011-12-30T08:00", "2011-12-30T10:00"),  # on to the 31st
    ],
)
def test_midnights_and_half_hours_that_are_lost_or_come_twice(timezone, day, window, opens, shuts):
    began = date.fromisoformat(day)
    schedule = Schedule(ScheduleId("it"), (Window((Weekday(began.weekday()),), *window),))
    first = datetime.combine(began - timedelta(days=1), time(), UTC)
    quarters = (first + timedelta(minutes=15 * number) for number in range(3 * 96))
    found = [at for at in quarters if is_open(schedule, zoned(timezone), at)]
    expected = [] if opens is None else [datetime.fromisoformat(each + "+00:00") for each in (opens, shuts)]
    assert [*found[:1], *(at + timedelta(minutes=15) for at in found[-1:])] == expected
    assert len(found) == (expected[1] - expected[0]) // timedelta(minutes=15) if expected else not found
