"""Past counts as they are answered: a space's day by steps, and a space over some days; exact, or as disclosed.

What is disclosed leaves out what it does not tell: intervals, and who came and went.
"""

from collections.abc import Iterator
from datetime import date

from pydantic import BaseModel

from access.occupancy.disclosure import DisclosedDay, DisclosedTotal
from access.services.counting import DayRecord, Total

_HOURS = range(24)


class QuarterBody(BaseModel):
    """A quarter-hour of the wall: the mean count, and the interval that held it.

    As disclosed it is the count at its beginning, null where it is suppressed, without an interval.
    """

    start: str
    mean: float | None
    low: int | None
    high: int | None
    inferred: int | None


class HourBody(BaseModel):
    """An hour of the wall: the mean count, and who came and went."""

    hour: int
    mean: float | None
    entries: int | None
    exits: int | None


class DayBody(BaseModel):
    """A space's day, in the steps that were asked for."""

    space: str
    day: date
    peak: int | None
    peak_at: str | None
    minutes: list[int | None] | None = None
    quarters: list[QuarterBody] | None = None
    hours: list[HourBody] | None = None


class KpiBody(BaseModel):
    """A space over some days. `mean` is weighted by time, `daytime` that of 08:00 to 20:00; shares are of capacity."""

    space: str
    days: int
    capacity: int | None
    peak: int | None
    peak_day: date | None
    mean: float | None
    daytime: float | None
    utilisation: float | None
    peak_utilisation: float | None
    entries: int | None
    exits: int | None


def quarters(one: DayRecord) -> Iterator[QuarterBody]:
    """Yield a day's quarter-hours."""
    for place, mean in enumerate(one.means):
        known = mean is not None
        yield QuarterBody(
            start=_wall(15 * place),
            mean=None if mean is None else round(mean, 2),
            low=one.lows[place] if known else None,
            high=one.highs[place] if known else None,
            inferred=one.inferred[place] if known else None,
        )


def disclosed_quarters(one: DisclosedDay) -> Iterator[QuarterBody]:
    """Yield a day's quarter-hours as disclosed."""
    for place, count in enumerate(one.counts):
        yield QuarterBody(start=_wall(15 * place), mean=count, low=None, high=None, inferred=None)


def hours(one: DayRecord) -> Iterator[HourBody]:
    """Yield a day's hours."""
    for hour, (entries, exits) in enumerate(zip(one.entries, one.exits, strict=True)):
        known = [mean for mean in one.means[4 * hour : 4 * hour + 4] if mean is not None]
        mean = round(sum(known) / len(known), 2) if known else None
        yield HourBody(hour=hour, mean=mean, entries=entries, exits=exits)


def disclosed_hours(one: DisclosedDay) -> Iterator[HourBody]:
    """Yield a day's hours as disclosed: a mean where all four quarter-hours are shown."""
    for hour in _HOURS:
        yield HourBody(hour=hour, mean=one.mean(range(4 * hour, 4 * hour + 4)), entries=None, exits=None)


def day(one: DayRecord) -> DayBody:
    """Return a day without its steps."""
    return DayBody(space=one.space, day=one.day, peak=one.peak, peak_at=_wall(one.peak_minute))


def disclosed_day(one: DisclosedDay) -> DayBody:
    """Return a day as disclosed, without its steps."""
    peak = one.peak
    peak_at = None if peak is None else _wall(15 * one.counts.index(peak))
    return DayBody(space=one.space, day=one.day, peak=peak, peak_at=peak_at)


def kpi(total: Total, capacity: int | None) -> KpiBody:
    """Return a space over some days."""
    return KpiBody(
        space=total.space,
        days=total.days,
        capacity=capacity,
        peak=total.peak,
        peak_day=total.peak_day,
        mean=round(total.mean, 2),
        daytime=_rounded(total.daytime),
        utilisation=_share(total.daytime, capacity),
        peak_utilisation=_share(total.peak, capacity),
        entries=total.entries,
        exits=total.exits,
    )


def disclosed_kpi(total: DisclosedTotal, capacity: int | None) -> KpiBody:
    """Return a space over some days as disclosed."""
    return KpiBody(
        space=total.space,
        days=total.days,
        capacity=capacity,
        peak=total.peak,
        peak_day=total.peak_day,
        mean=None,
        daytime=_rounded(total.daytime),
        utilisation=_share(total.daytime, capacity),
        peak_utilisation=_share(total.peak, capacity),
        entries=None,
        exits=None,
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)


def _share(number: float | None, capacity: int | None) -> float | None:
    return None if number is None or not capacity else round(number / capacity, 4)


def _wall(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
