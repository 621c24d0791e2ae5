"""When the fold stops believing that somebody is still there: after a dwell too long, or a quiet hour.

Both look at the building's wall; neither removes anybody from the roll-call (docs/domain.md, 5.3).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from policies.ids import PersonId
from policies.roster import ResidentType
from policies.schedule import Calendar

GRID = timedelta(minutes=15)
"""Expiry is looked at on the quarter-hours of UTC: every time zone's wall keeps to them."""

QUIET_MINUTE = 3 * 60
QUIET_FOR = timedelta(hours=2)
"""Whoever was heard within so long before the quiet hour is at work there: guards make their rounds more often."""

DWELL_LIMITS = {
    ResidentType.VISITOR: timedelta(hours=10),
    ResidentType.CONTRACTOR: timedelta(hours=12),
    ResidentType.STUDENT: timedelta(hours=16),
    ResidentType.MAKER: timedelta(hours=14),
}
DWELL_LIMIT = timedelta(hours=14)
"""For everybody else: longer than any shift, shorter than a night and a day."""


def dwell_limit(kind: ResidentType | None) -> timedelta:
    """Return how long somebody of this kind is believed to stay in one space unheard."""
    return DWELL_LIMITS.get(kind, DWELL_LIMIT) if kind is not None else DWELL_LIMIT


class Expiry(msgspec.Struct, frozen=True):
    """The rules of one building.

    `limit_of` gives the same answer for the same person as long as the fold lives, and none below `shortest`.
    """

    calendar: Calendar
    quiet_minute: int = QUIET_MINUTE
    quiet_for: timedelta = QUIET_FOR
    limit_of: Callable[[PersonId], timedelta] = lambda _person: DWELL_LIMIT
    shortest: timedelta = min(DWELL_LIMIT, *DWELL_LIMITS.values())

    def is_quiet(self, at: datetime) -> bool:
        """Return whether the quiet hour begins at the instant `at` of the grid."""
        return self.calendar.local(at).minute == self.quiet_minute


def first_tick_after(at: datetime) -> datetime:
    """Return the first instant of the grid after `at`."""
    since_hour = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return at - since_hour + (since_hour // GRID + 1) * GRID
