"""Schedules as sets of quarter-hours of UTC, over all the years of a calendar at once.

A `Span` is a range of UTC days. What is open on a day is 96 bits, a bit a quarter-hour, the first of the day lowest.
schedule.py says what open means; here each kind of day is asked about once, and the clock changes are shifts.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from policies.policy import Policy
from policies.schedule import GRID_MINUTES, MINUTES_PER_DAY, Calendar, Schedule, Window, windows_of

QUARTERS_A_DAY = MINUTES_PER_DAY // GRID_MINUTES
BYTES_A_DAY = QUARTERS_A_DAY // 8
_DAY = (1 << QUARTERS_A_DAY) - 1
_QUARTER_S = GRID_MINUTES * 60
_EPOCH = date(1970, 1, 1)
_MARGIN = timedelta(days=8)
"""Beyond the calendar every week is like the next: one whole week on either side shows them all."""

_AROUND = 2
"""Local days kept before and after a span: an offset is less than a day, and a window reaches into the next."""


class Span(NamedTuple):
    """UTC days from `first` on."""

    first: date
    days: int

    def at(self, quarter: int) -> datetime:
        """Return the instant at which the span's `quarter`, counted from 0, begins."""
        midnight = datetime.combine(self.first, datetime.min.time(), UTC)
        return midnight + timedelta(minutes=GRID_MINUTES * quarter)


def span_of(policies: Iterable[Policy]) -> Span:
    """Return the days beyond which the calendars and schedules of `policies` say nothing new."""
    known = sorted(day for policy in policies for day in _dates(policy))
    first, last = known[0] - _MARGIN, known[-1] + _MARGIN
    return Span(first, (last - first).days + 1)


def _dates(policy: Policy) -> Iterable[date]:
    calendar = policy.calendar
    yield from (datetime.fromtimestamp(change, UTC).date() for change in calendar.changes)
    yield from calendar.holidays
    for named in calendar.days.values():
        yield from named
    for closure in calendar.closures:
        yield from (closure.begins.date(), closure.ends.date())
    for schedule in policy.schedules.values():
        yield from (limit for limit in (schedule.begins, schedule.ends) if limit)
        for special in schedule.exceptions:
            yield from (special.begins, special.ends)


class Days:
    """The local days of one calendar around a span: says for a schedule in which quarter-hours it is open."""

    def __init__(self, calendar: Calendar, span: Span) -> None:
        self.calendar, self.span = calendar, span
        self._first = span.first - timedelta(days=_AROUND)
        self._days = [self._first + timedelta(days=number) for number in range(span.days + 2 * _AROUND)]
        holidays = frozenset(calendar.holidays)
        self._kinds = [day.weekday() + 7 * (day in holidays) for day in self._days]

    def open_quarters(self, schedule: Schedule) -> bytes:
        """Return the quarter-hours of the span in which `schedule` is open, 12 bytes a day.

        Raise KeyError if it is closed on days that the calendar does not have.
        """
        began = self._windows(schedule)
        local = int.from_bytes(b"".join(own for own, _ in began), "little")
        local |= int.from_bytes(b"".join(late for _, late in began), "little") << QUARTERS_A_DAY
        if not schedule.on_closures:
            local &= ~self._closed()
        return _in_utc(local, self.calendar, self.span).to_bytes(self.size, "little")

    @property
    def size(self) -> int:
        """Return the number of bytes of a span's quarter-hours."""
        return self.span.days * BYTES_A_DAY

    def _windows(self, schedule: Schedule) -> list[tuple[bytes, bytes]]:
        """Return what begins on each day, as quarters of that day and of the next; asked once for a kind of day."""
        kinds: Iterable[tuple[object, ...]] = zip(self._kinds, *self._dates(schedule), strict=True)
        known: dict[tuple[object, ...], tuple[bytes, bytes]] = {}
        found = []
        for day, kind in zip(self._days, kinds, strict=True):
            began = known.get(kind)
            if began is None:
                began = known[kind] = _split(windows_of(schedule, self.calendar, day))
            found.append(began)
        return found

    def _dates(self, schedule: Schedule) -> Iterator[list[bool]]:
        """Yield for all days, one list each, what the schedule says of dates."""
        for name in schedule.closed_on:
            among = frozenset(self.calendar.days[name])
            yield [day in among for day in self._days]
        if begins := schedule.begins:
            yield [day < begins for day in self._days]
        if ends := schedule.ends:
            yield [day >= ends for day in self._days]
        for special in schedule.exceptions:
            yield [special.begins <= day < special.ends for day in self._days]

    def _closed(self) -> int:
        """Return the quarters of local time, counted from the first of the days, that a closure covers."""
        origin = datetime.combine(self._first, datetime.min.time())
        closed = 0
        for closure in self.calendar.closures:
            start, end = (
                max(0, -(-int((wall - origin).total_seconds()) // _QUARTER_S))
                for wall in (closure.begins, closure.ends)
            )
            closed |= (1 << end) - (1 << min(start, end))
        return closed


def _split(windows: Iterable[Window]) -> tuple[bytes, bytes]:
    """Return windows as quarters of the day that they begin on, and of the next."""
    whole = 0
    for window in windows:
        whole |= (1 << window.end_after_start // GRID_MINUTES) - (1 << window.start // GRID_MINUTES)
    first, second = whole & _DAY, whole >> QUARTERS_A_DAY
    return first.to_bytes(BYTES_A_DAY, "little"), second.to_bytes(BYTES_A_DAY, "little")


def _in_utc(local: int, calendar: Calendar, span: Span) -> int:
    """Return quarters of local time, counted from two days before the span, as quarters of the span."""
    begin = (span.first - _EPOCH).days * QUARTERS_A_DAY
    end = begin + span.days * QUARTERS_A_DAY
    within = (min(max(change // _QUARTER_S, begin), end) for change in calendar.changes[1:])
    changes = [begin, *within, end]
    moved = 0
    for (since, until), offset in zip(pairwise(changes), calendar.offsets, strict=True):
        wall = since + offset // _QUARTER_S - begin + _AROUND * QUARTERS_A_DAY
        moved |= (local >> wall & (1 << until - since) - 1) << since - begin
    return moved
