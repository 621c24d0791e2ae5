"""Weekly windows in the building's own time: what "open now" means is decided here and nowhere else.

A window belongs to the local day it began on, also after midnight; a holiday of that day closes it where the
schedule says so. Local wall time is meant on the short and the long DST day: the repeated hour counts twice, and
a time that does not exist is read as the next that does (DOMAIN section 3.5). The UTC offsets and holidays are
data of the `Calendar`, compiled when the policy is loaded, so that no library on a door changes a decision.
"""

from bisect import bisect_right
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

import msgspec

from policies.ids import ScheduleId

MINUTES_PER_DAY = 24 * 60
GRID_MINUTES = 15
"""Windows begin and end on the quarter-hour; the loader refuses anything else (DOMAIN section 3.5)."""


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


class Schedule(msgspec.Struct, frozen=True):
    """A named set of windows; `on_holidays` says whether they also open on the calendar's holidays."""

    id: ScheduleId
    windows: tuple[Window, ...]
    on_holidays: bool = False


class LocalTime(NamedTuple):
    """An instant on the building's wall: its local date and the minute of that day."""

    day: date
    minute: int


class Calendar(msgspec.Struct, frozen=True):
    """The building's time, compiled: UTC offsets and the instants they begin at, and the days of holiday.

    `changes` are instants in Unix seconds, rising; `offsets` the seconds east of UTC from each on. An instant
    before the first change takes the first offset.
    """

    timezone: str
    changes: tuple[int, ...]
    offsets: tuple[int, ...]
    holidays: tuple[date, ...]

    def local(self, at: datetime) -> LocalTime:
        """Return the wall time of the aware instant `at`."""
        position = bisect_right(self.changes, at.timestamp()) - 1
        wall = _naive_utc(at) + timedelta(seconds=self.offsets[max(position, 0)])
        return LocalTime(wall.date(), wall.hour * 60 + wall.minute)

    def is_holiday(self, day: date) -> bool:
        """Return whether `day` is a public holiday of the building."""
        position = bisect_right(self.holidays, day)
        return position > 0 and self.holidays[position - 1] == day


def is_open(schedule: Schedule, calendar: Calendar, at: datetime) -> bool:
    """Return whether `schedule` is open at the aware instant `at`."""
    return is_open_on_the_wall(schedule, calendar, calendar.local(at))


def is_open_on_the_wall(schedule: Schedule, calendar: Calendar, now: LocalTime) -> bool:
    """Return whether `schedule` is open when the wall shows `now`."""
    today_counts = schedule.on_holidays or not calendar.is_holiday(now.day)
    if today_counts and _covers(schedule, now.day, now.minute):
        return True
    yesterday = now.day - timedelta(days=1)
    yesterday_counts = schedule.on_holidays or not calendar.is_holiday(yesterday)
    return yesterday_counts and _covers(schedule, yesterday, now.minute + MINUTES_PER_DAY)


def _covers(schedule: Schedule, began_on: date, minute: int) -> bool:
    weekday = began_on.weekday()
    return any(
        weekday in window.days and window.start <= minute < window.end_after_start
        for window in schedule.windows
    )


def _naive_utc(at: datetime) -> datetime:
    offset = at.utcoffset()
    if offset is None:
        msg = f"{at.isoformat()}: an instant must carry its UTC offset"
        raise ValueError(msg)
    return at.replace(tzinfo=None) - offset
