"""A set of instants told as a usual week on the building's wall, and how many days of a year are otherwise.

For people to read: of each weekday, the hours it has most often in the year after the first instant that is shown.
On the two days of the clock changes, the offset of noon is taken for the whole day.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from policies.analysis.taps.hours import QUARTERS_A_DAY
from policies.analysis.taps.moments import Clock
from policies.schedule import GRID_MINUTES, MINUTES_PER_DAY, Calendar, Weekday

_YEAR = 365
_NOON = time(12)
_DAY = (1 << QUARTERS_A_DAY) - 1


class Stretch(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """Hours of a day, from `since` to `until`, as on a clock; the last until is 24:00."""

    since: str
    until: str


class DaysAlike(msgspec.Struct, frozen=True):
    """Weekdays with the same hours."""

    days: tuple[str, ...]
    hours: tuple[Stretch, ...]


class Week(msgspec.Struct, frozen=True):
    """The usual week; weekdays without hours are left out.

    `other_days` of the year from `first` on are not as usual. Where no weekday has hours, those are all there are.
    """

    usual: tuple[DaysAlike, ...]
    other_days: int
    first: date


def usual_week(clock: Clock, calendar: Calendar, quarters: int) -> Week:
    """Return the usual week of a set of quarters of the clock."""
    days = dict(_local_days(clock, calendar, quarters))
    seen: dict[int, Counter[int]] = {}
    for day, mask in days.items():
        seen.setdefault(day.weekday(), Counter())[mask] += 1
    usual = {weekday: counts.most_common(1)[0][0] for weekday, counts in sorted(seen.items())}
    others = [day for day, mask in days.items() if mask != usual[day.weekday()]]
    alike: dict[int, list[str]] = {}
    for weekday, mask in usual.items():
        alike.setdefault(mask, []).append(Weekday(weekday).name.lower())
    first = calendar.local(clock.witness(quarters)).day
    told = (DaysAlike(tuple(names), tuple(_stretches(mask))) for mask, names in alike.items() if mask)
    return Week(tuple(told), len(others), first)


def only_day(clock: Clock, calendar: Calendar, quarters: int) -> date | None:
    """Return the local day that all of a set of quarters lie on, in whatever year; None if they lie on several."""
    found = [(day, mask) for day, mask in enumerate(clock.spread(quarters)) if mask]
    (first, low), (last, high) = found[0], found[-1]
    ends = (
        first * QUARTERS_A_DAY + (low & -low).bit_length() - 1,
        last * QUARTERS_A_DAY + high.bit_length() - 1,
    )
    days = {calendar.local(clock.span.at(quarter)).day for quarter in ends}
    return days.pop() if len(days) == 1 else None


def _local_days(clock: Clock, calendar: Calendar, quarters: int) -> Iterator[tuple[date, int]]:
    """Yield the local days of the year that is shown, and which of their quarters are in the set."""
    spread = [*clock.spread(quarters), 0]
    begin = min(clock.since, max(0, clock.span.days - _YEAR - 1))
    for number in range(max(begin, 1), min(begin + _YEAR + 1, clock.span.days - 1)):
        day = clock.span.first + timedelta(days=number)
        noon = calendar.local(datetime.combine(day, _NOON, UTC))
        east = (noon.day - day).days * MINUTES_PER_DAY + noon.minute - _NOON.hour * 60
        around = (
            spread[number - 1] | spread[number] << QUARTERS_A_DAY | spread[number + 1] << 2 * QUARTERS_A_DAY
        )
        yield day, around >> QUARTERS_A_DAY - east // GRID_MINUTES & _DAY


def _stretches(mask: int) -> Iterator[Stretch]:
    since = None
    for quarter in range(QUARTERS_A_DAY + 1):
        is_in = bool(mask >> quarter & 1)
        if is_in and since is None:
            since = quarter
        elif not is_in and since is not None:
            yield Stretch(_clock(since), _clock(quarter))
            since = None


def _clock(quarter: int) -> str:
    minutes = quarter * GRID_MINUTES
    return f"{minutes // 60:02}:{minutes % 60:02}"
