"""When a schedule is open, worked out the long way: every minute that a wall clock would be open at, one by one.

Made without policies.schedule but for its data: the zone is asked of `zoneinfo`, days are counted on the calendar of
`datetime`, and what is open is a set of wall minutes. Slow and plain, to judge the fast ways by.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policies.schedule import Calendar, Schedule, Window

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


class Wall:
    """A clock on the wall of a building from the day `first` to the day `last`, and when a schedule is open by it."""

    def __init__(self, schedule: Schedule, calendar: Calendar, first: date, last: date) -> None:
        self._zone = ZoneInfo(calendar.timezone)
        self._open = set[datetime]()
        day = first - _DAY  # a window goes on into the next day
        while day <= last:
            for window in _windows(schedule, calendar, day):
                self._open.update(_minutes(day, window))
            day += _DAY
        if not schedule.on_closures:
            for closure in calendar.closures:
                self._open = {at for at in self._open if not closure.begins <= at < closure.ends}

    def is_open(self, at: datetime) -> bool:
        """Return whether the minute that the clock shows at the instant `at` is an open one."""
        return at.astimezone(self._zone).replace(tzinfo=None, second=0, microsecond=0, fold=0) in self._open


def _windows(schedule: Schedule, calendar: Calendar, day: date) -> list[Window]:
    """Return the windows that begin on a day."""
    for special in schedule.exceptions:
        if special.begins <= day < special.ends:
            return list(special.windows)
    is_shut = (
        (schedule.begins is not None and day < schedule.begins)
        or (schedule.ends is not None and not day < schedule.ends)
        or (day in calendar.holidays and not schedule.on_holidays)
        or any(day in calendar.days[name] for name in schedule.closed_on)
    )
    return (
        []
        if is_shut
        else [window for window in schedule.windows if day.weekday() in [int(d) for d in window.days]]
    )


def _minutes(day: date, window: Window) -> list[datetime]:
    """Return every minute from the window's beginning on until its end comes round."""
    begin = datetime.combine(day, time()) + window.start * _MINUTE
    end = datetime.combine(day, time()) + window.end * _MINUTE
    if end <= begin:
        end += _DAY
    return [begin + number * _MINUTE for number in range((end - begin) // _MINUTE)]
