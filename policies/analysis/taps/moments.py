"""The instants that the schedules of some policies can tell apart, each class with one to show it by.

Few days differ from one another, so one of each pattern is kept: thousands of days become some hundred patterns, and
a set of instants is an integer, 96 bits a pattern, a bit a quarter-hour of UTC.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from policies.analysis.taps.hours import BYTES_A_DAY, QUARTERS_A_DAY, Days, span_of
from policies.conditions import is_whole
from policies.ids import ScheduleId
from policies.policy import Policy
from policies.schedule import Schedule

_DAY = (1 << QUARTERS_A_DAY) - 1


class Moment(msgspec.Struct, frozen=True):
    """Instants that no rule can tell apart: one of them, which they are, and which of the schedules are open.

    `quarters` is over the patterns of the `Clock`; bit n of `open` stands for the n-th course of time (`column`).
    """

    at: datetime
    quarters: int
    open: int


class Clock:
    """What is open when, by the schedules of one or more policies: the patterns of days, and the moments."""

    def __init__(self, policies: Sequence[Policy], after: datetime | None = None) -> None:
        """Read all schedules; moments are shown by their first quarter-hour from the day after `after` on."""
        self.span = span = span_of(policies)
        self._columns: dict[tuple[int, ScheduleId], int] = {}
        self._told: set[tuple[int, ScheduleId]] = set()
        schedules = self._timelines(policies)
        self.columns = len(schedules)
        self._number: dict[tuple[bytes, ...], int] = {}
        self.of_day: list[int] = []
        for day in range(span.days):
            cut = slice(day * BYTES_A_DAY, (day + 1) * BYTES_A_DAY)
            key = tuple(schedule[cut] for schedule in schedules)
            self.of_day.append(self._number.setdefault(key, len(self._number)))
        self.since = 0 if after is None else max(0, (after.astimezone(UTC).date() - span.first).days + 1)
        self._shown = self._first_days()
        self.moments = self._moments()

    def column(self, side: int, schedule: ScheduleId | None) -> int | None:
        """Return the bit of `Moment.open` for a schedule of the `side`-th policy; None if there is no such schedule."""
        return None if schedule is None else self._columns.get((side, schedule))

    def is_told(self, side: int, schedule: ScheduleId) -> bool:
        """Return whether the calendar of the `side`-th policy has all the days that its schedule is closed on."""
        return (side, schedule) in self._told

    def _timelines(self, policies: Sequence[Policy]) -> list[bytes]:
        """Return what is open when, each course of time once, and note which schedules have it."""
        found: dict[bytes, int] = {}
        calendars: list[Days] = []
        known: dict[tuple[int, Schedule], bytes] = {}
        for side, policy in enumerate(policies):
            days = next((each for each in calendars if each.calendar == policy.calendar), None)
            if days is None:
                calendars.append(days := Days(policy.calendar, self.span))
            for name, schedule in policy.schedules.items():
                key = calendars.index(days), schedule
                if key not in known:
                    is_told = is_whole(schedule, policy)
                    known[key] = days.open_quarters(schedule) if is_told else bytes(days.size)
                if is_whole(schedule, policy):
                    self._told.add((side, name))
                self._columns[side, name] = found.setdefault(known[key], len(found))
        return list(found)

    def _first_days(self) -> dict[int, int]:
        """Return for each pattern the day to show it on: the first from then on, else the last that there was."""
        shown = {pattern: day for day, pattern in enumerate(self.of_day[: self.since])}
        for day in range(len(self.of_day) - 1, self.since - 1, -1):
            shown[self.of_day[day]] = day
        return shown

    def _moments(self) -> tuple[Moment, ...]:
        """Return the instants as classes, those that are shown first before the others."""
        count = len(self._number)
        classes = {0: (1 << count * QUARTERS_A_DAY) - 1}
        for bit, column in enumerate(zip(*self._number, strict=True)):
            is_open = int.from_bytes(b"".join(column), "little")
            split: dict[int, int] = {}
            for name, quarters in classes.items():
                if inside := quarters & is_open:
                    split[name | 1 << bit] = inside
                if outside := quarters & ~is_open:
                    split[name] = outside
            classes = split
        found = (Moment(self.witness(quarters), quarters, name) for name, quarters in classes.items())
        return tuple(sorted(found, key=lambda moment: moment.at))

    def witness(self, quarters: int) -> datetime:
        """Return the instant to show of a set of quarters that is not empty."""
        shown = (
            (day < self.since, day * QUARTERS_A_DAY + _lowest(inside))
            for pattern, day in self._shown.items()
            if (inside := quarters >> pattern * QUARTERS_A_DAY & _DAY)
        )
        return self.span.at(min(shown)[1])

    def spread(self, quarters: int) -> list[int]:
        """Return for each day of the span which of its quarter-hours are in the set."""
        return [quarters >> pattern * QUARTERS_A_DAY & _DAY for pattern in self.of_day]


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
