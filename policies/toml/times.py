"""Times, days and weekdays as the files write them: TOML's own, and `"24:00"`, which TOML cannot write."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar

import msgspec

from policies.schedule import GRID_MINUTES, MINUTES_PER_DAY, Weekday, beyond_reach

Fault = Callable[[str], None]
"""Told what is wrong, and what was expected."""

Clock = Annotated[
    Any,
    msgspec.Meta(
        description='A local time on the quarter-hour, 08:00:00 or "08:00"; "24:00" is the end of the day.',
        extra_json_schema={"type": "string", "pattern": r"^([01]\d|2[0-4]):(00|15|30|45)(:00)?$"},
    ),
]
Day = Annotated[
    Any,
    msgspec.Meta(description="A local date.", extra_json_schema={"type": "string", "format": "date"}),
]
Moment = Annotated[
    Any,
    msgspec.Meta(
        description="A local date (its midnight) or a local date and time on the quarter-hour.",
        extra_json_schema={"type": "string"},
    ),
]

_WhenT = TypeVar("_WhenT", bound=date)

_CLOCK = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_NAMES = tuple(day.name.lower() for day in Weekday)


def minutes_of(written: object, fault: Fault) -> int:
    """Return the minute of the day, 0 to 1440, reporting what is no time or off the grid."""
    if isinstance(written, time) and written.tzinfo is None and not (written.second or written.microsecond):
        minutes = written.hour * 60 + written.minute
    else:
        match = _CLOCK.fullmatch(written) if isinstance(written, str) else None
        minutes = int(match[1]) * 60 + int(match[2]) if match else MINUTES_PER_DAY + 1
    if minutes > MINUTES_PER_DAY:
        fault(f"{_shown(written)} is no time; expected HH:MM, 00:00 to 24:00, or a time such as 08:00:00")
        return 0
    if minutes % GRID_MINUTES:
        fault(f"{_shown(written)} is off the grid; expected a quarter-hour: :00, :15, :30 or :45")
    return minutes


def day_of(written: object, fault: Fault) -> date | None:
    """Return the local date, reporting what is none."""
    if isinstance(written, date) and not isinstance(written, datetime):
        return in_reach(written, fault)
    fault(f"{_shown(written)} is no date; expected one such as 2026-09-15")
    return None


def moment_of(written: object, fault: Fault) -> datetime | None:
    """Return the local date and time without an offset; a date means its midnight."""
    if isinstance(written, datetime) and written.tzinfo is None:
        if written.second or written.microsecond or written.minute % GRID_MINUTES:
            fault(f"{written.isoformat()} is off the grid; expected a quarter-hour: :00, :15, :30 or :45")
        return in_reach(written, fault)
    day = day_of(written, fault) if not isinstance(written, datetime) else None
    if isinstance(written, datetime):
        fault(f"{written.isoformat()} has an offset; expected the building's own time, without one")
    return None if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001  (wall time)


def in_reach(written: _WhenT, fault: Fault) -> _WhenT | None:
    """Return what is written, reporting a year that no calendar reaches."""
    if beyond := beyond_reach(written):
        fault(beyond)
        return None
    return written


def weekdays_of(written: Iterable[str], fault: Fault) -> tuple[Weekday, ...]:
    """Return the days that `mon`, `mon-fri` and the like name, each once, reporting other words."""
    days: list[Weekday] = []
    for word in written:
        first, dash, last = word.partition("-")
        if not dash:
            last = first
        if first not in _NAMES or last not in _NAMES:
            fault(f"{word!r} is no day; expected one of {', '.join(_NAMES)}, or two of them as in mon-fri")
            continue
        start, end = _NAMES.index(first), _NAMES.index(last)
        span = range(start, end + 1 if end >= start else end + 8)
        days += (Weekday(number % 7) for number in span)
    return tuple(dict.fromkeys(days))


def days_between(begins: date, ends: date) -> Iterable[date]:
    """Yield the days of [begins, ends)."""
    for number in range((ends - begins).days):
        yield begins + timedelta(days=number)


def _shown(written: object) -> str:
    return written.isoformat() if isinstance(written, (date, time)) else repr(written)
