"""What kind of day it is in the building: a working day, a Saturday, a day off, and whether schools are closed."""

from datetime import date
from enum import Enum

import msgspec

from policies.schedule import Calendar, Weekday


class DayKind(Enum):
    """How full the building gets at all."""

    WORKING = "working"
    SATURDAY = "saturday"
    OFF = "off"


class Season(msgspec.Struct, frozen=True):
    """One day, as far as it changes what people do."""

    kind: DayKind
    school_break: bool


def season(calendar: Calendar, day: date) -> Season:
    """Return what kind of day `day` is for the building of `calendar`."""
    school_break = any(first <= day < back for first, back in _SCHOOL_BREAKS)
    if calendar.is_holiday(day) or day.weekday() == Weekday.SUN:
        return Season(DayKind.OFF, school_break)
    kind = DayKind.SATURDAY if day.weekday() == Weekday.SAT else DayKind.WORKING
    return Season(kind, school_break)


_SCHOOL_BREAKS = (
    (date(2026, 7, 4), date(2026, 9, 1)),
    (date(2026, 10, 17), date(2026, 11, 2)),
    (date(2026, 12, 19), date(2027, 1, 4)),
    (date(2027, 2, 20), date(2027, 3, 8)),
    (date(2027, 4, 17), date(2027, 5, 3)),
    (date(2027, 7, 3), date(2027, 9, 1)),
)
"""School holidays of zone B, first day and day of return: as the ministry announced them, for emulation only."""
