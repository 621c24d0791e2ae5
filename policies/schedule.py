"""Weekly windows in the building's own time: what "open now" means is decided here and nowhere else.

A window belongs to the local day it began on, also after midnight. That day's windows are those of its exception
if it has one; else none outside the schedule's dates, on a public holiday or on one of the days that it is closed
on; else those of its weekday. A closure shuts everything inside it, also what came over midnight into it. Local
wall time is meant on the short and the long DST day: the repeated hour counts twice, and a time that does not exist
is read as the next that does (docs/domain.md, 3.5). UTC offsets and days are data of the `Calendar`, compiled when
the policy is loaded, so that no library on a door changes a decision.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

import msgspec

from policies.ids import ClosureId, DaysId, ScheduleId

MINUTES_PER_DAY = 24 * 60
GRID_MINUTES = 15
"""Windows begin and end on the quarter-hour; the loader refuses anything else (docs/domain.md, 3.5)."""

FIRST_YEAR, LAST_YEAR = 1970, 2100
"""A calendar can be compiled for these years, so nothing outside them is ever asked about."""

_QUARTER = timedelta(minutes=GRID_MINUTES)


class Weekday(IntEnum):
    """Monday is 0, as in `datetime.date.weekday`."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


class Window(msgspec.Struct, frozen=True):
    """Open from `start` to `end`, minutes of the local day; an `end` not after `start` lies on the next day."""

    days: tuple[Weekday, ...]
    start: int
    end: int

    @property
    def end_after_start(self) -> int:
        """Return the end in minutes since midnight of the day the window began on (up to 2 days)."""
        return self.end if self.end > self.start else self.end + MINUTES_PER_DAY

    def covers(self, minute: int) -> bool:
        """Return whether it is open `minute` minutes after midnight of the day it began on."""
        return self.start <= minute < self.end_after_start


class SpecialDays(msgspec.Struct, frozen=True):
    """Days, [begins, ends), that have windows of their own, whatever weekday or holiday they are."""

    begins: date
    ends: date
    windows: tuple[Window, ...]


class Schedule(msgspec.Struct, frozen=True):
    """A named set of windows.

    `on_holidays` and `on_closures` say that public holidays and closures leave it open; `closed_on` names days of
    the calendar on which no window begins; windows begin on days in [begins, ends) only; of two `exceptions` for
    a day the first counts.
    """

    id: ScheduleId
    windows: tuple[Window, ...]
    on_holidays: bool = False
    on_closures: bool = False
    closed_on: tuple[DaysId, ...] = ()
    begins: date | None = None
    ends: date | None = None
    exceptions: tuple[SpecialDays, ...] = ()


class LocalTime(NamedTuple):
    """An instant on the building's wall: its local date and the minute of that day."""

    day: date
    minute: int


class Closure(msgspec.Struct, frozen=True):
    """The building is shut in [begins, ends), wall times without an offset."""

    id: ClosureId
    begins: datetime
    ends: datetime

    def covers(self, now: LocalTime) -> bool:
        """Return whether the wall's time lies in the closure."""
        wall = datetime(now.day.year, now.day.month, now.day.day, now.minute // 60, now.minute % 60)  # noqa: DTZ001  (the wall)
        return self.begins <= wall < self.ends


class Calendar(msgspec.Struct, frozen=True):
    """The building's time, compiled: UTC offsets and the instants they begin at, holidays, other days, closures.

    `changes` are instants in Unix seconds, rising; `offsets` the seconds east of UTC from each on. An instant
    before the first change takes the first offset. `holidays` and each of `days` rise.
    """

    timezone: str
    changes: tuple[int, ...]
    offsets: tuple[int, ...]
    holidays: tuple[date, ...]
    days: dict[DaysId, tuple[date, ...]] = {}
    closures: tuple[Closure, ...] = ()

    def local(self, at: datetime) -> LocalTime:
        """Return the wall time of the aware instant `at`."""
        position = bisect_right(self.changes, at.timestamp()) - 1
        wall = _naive_utc(at) + timedelta(seconds=self.offsets[max(position, 0)])
        return LocalTime(wall.date(), wall.hour * 60 + wall.minute)

    def is_holiday(self, day: date) -> bool:
        """Return whether `day` is a public holiday of the building."""
        return _has(self.holidays, day)

    def is_among(self, day: date, named: DaysId) -> bool:
        """Return whether `day` is one of the days called `named`; raise KeyError if no days are."""
        return _has(self.days[named], day)


def is_open(schedule: Schedule, calendar: Calendar, at: datetime) -> bool:
    """Return whether `schedule` is open at the aware instant `at`."""
    return is_open_on_the_wall(schedule, calendar, calendar.local(at))


def is_open_on_the_wall(schedule: Schedule, calendar: Calendar, now: LocalTime) -> bool:
    """Return whether `schedule` is open when the wall shows `now`."""
    if not schedule.on_closures and any(closure.covers(now) for closure in calendar.closures):
        return False
    yesterday = now.day - timedelta(days=1)
    return any(window.covers(now.minute) for window in windows_of(schedule, calendar, now.day)) or any(
        window.covers(now.minute + MINUTES_PER_DAY) for window in windows_of(schedule, calendar, yesterday)
    )


def windows_of(schedule: Schedule, calendar: Calendar, day: date) -> tuple[Window, ...]:
    """Return the windows that begin on the local `day`, closures aside."""
    for special in schedule.exceptions:
        if special.begins <= day < special.ends:
            return special.windows
    if (schedule.begins and day < schedule.begins) or (schedule.ends and day >= schedule.ends):
        return ()
    if not schedule.on_holidays and calendar.is_holiday(day):
        return ()
    if any(calendar.is_among(day, named) for named in schedule.closed_on):
        return ()
    weekday = day.weekday()
    return tuple(window for window in schedule.windows if weekday in window.days)


def quarters(at: datetime, within: timedelta) -> Iterator[datetime]:
    """Yield the quarter-hours of UTC after `at` until `within` has passed, in the zone of `at`."""
    second = int(at.timestamp())
    moment = datetime.fromtimestamp(second - second % (GRID_MINUTES * 60), tz=at.tzinfo)
    for step in range(1, within // _QUARTER + 1):
        yield moment + _QUARTER * step


def _has(days: tuple[date, ...], day: date) -> bool:
    position = bisect_right(days, day)
    return position > 0 and days[position - 1] == day


def beyond_reach(when: date) -> str:
    """Return why no calendar reaches a day, or an instant by the date that it is written with; nothing if one does."""
    if FIRST_YEAR <= when.year <= LAST_YEAR:
        return ""
    return f"{when.isoformat()} is out of reach; expected a year from {FIRST_YEAR} to {LAST_YEAR}"


def _naive_utc(at: datetime) -> datetime:
    offset = at.utcoffset()
    if offset is None:
        msg = f"{at.isoformat()}: an instant must carry its UTC offset"
        raise ValueError(msg)
    return at.replace(tzinfo=None) - offset
