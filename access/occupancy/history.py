"""Counts as they were, a page for every space and day: minutes, quarter-hours and hours, and no person in any.

Minutes are those of the building's wall; the hour that a clock change repeats keeps its second passing, and the one it
skips stays unknown. A page that a late event corrects is written again.
"""

from array import array
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import msgspec

from access.occupancy.quality import Estimate
from policies.building import Building, SpaceKind
from policies.ids import SpaceId
from policies.presence import State
from policies.schedule import MINUTES_PER_DAY, Calendar

QUARTER = 15
QUARTERS = MINUTES_PER_DAY // QUARTER
HOURS = 24
UNKNOWN = -1
_DAYTIME = range(8 * 4, 20 * 4)
"""The quarter-hours that a building is planned for: 08:00 to 20:00."""


def _minutes() -> "array[int]":
    return array("i", [UNKNOWN]) * MINUTES_PER_DAY


def _quarters() -> "array[int]":
    return array("i", [UNKNOWN]) * QUARTERS


def _hours() -> "array[int]":
    return array("i", [0]) * HOURS


class Page(msgspec.Struct):
    """One space on one day of the wall. An unknown number is -1."""

    space: SpaceId
    day: date
    counts: "array[int]" = msgspec.field(default_factory=_minutes)
    lows: "array[int]" = msgspec.field(default_factory=_quarters)
    highs: "array[int]" = msgspec.field(default_factory=_quarters)
    entries: "array[int]" = msgspec.field(default_factory=_hours)
    exits: "array[int]" = msgspec.field(default_factory=_hours)
    inferred: "array[int]" = msgspec.field(default_factory=_quarters)
    """In percent of the count: how much of it stood on nobody's badge at the end of the quarter-hour."""

    def means(self) -> list[float | None]:
        """Return the mean count of every quarter-hour; None where nothing is known."""
        return [_mean(self.counts[start : start + QUARTER]) for start in range(0, MINUTES_PER_DAY, QUARTER)]

    def summary(self) -> "Summary":
        """Return the day in a few numbers."""
        known = [count for count in self.counts if count != UNKNOWN]
        peak = max(known, default=0)
        daytime = [
            mean for quarter, mean in enumerate(self.means()) if mean is not None and quarter in _DAYTIME
        ]
        return Summary(
            peak,
            self.counts.index(peak) if known else 0,
            sum(known),
            len(known),
            sum(daytime) / len(daytime) if daytime else None,
            sum(self.entries),
            sum(self.exits),
        )


class Summary(msgspec.Struct, frozen=True):
    """A space's day: `person_minutes` over `minutes` known is the mean; `daytime` the mean of 08:00 to 20:00."""

    peak: int
    peak_minute: int
    person_minutes: int
    minutes: int
    daytime: float | None
    entries: int
    exits: int


class Today(msgspec.Struct, frozen=True):
    """A day so far, by quarter-hours; None where nothing is known."""

    means: tuple[float | None, ...]
    lows: tuple[int | None, ...]
    highs: tuple[int | None, ...]


class Recorder:
    """Writes pages as time passes. `touched` are those that changed since they were last taken."""

    def __init__(self, building: Building, calendar: Calendar) -> None:
        self._calendar = calendar
        self._doors = building.doors
        self._up = {
            space.id: set() if space.kind is SpaceKind.OUTSIDE else set(building.path_up(space.id))
            for space in building.spaces.values()
        }
        self._pages: dict[tuple[SpaceId, date], Page] = {}
        self._begins: datetime | None = None
        self._touched: set[tuple[SpaceId, date]] = set()

    def resume(self, pages: list[Page], begins: datetime) -> None:
        """Go on with pages that were written before, and leave alone what they hold from before `begins`."""
        self.put(pages)
        self._begins = begins

    def take(self, at: datetime, estimates: Mapping[SpaceId, Estimate], state: State) -> None:
        """Write down what the counts are at a whole minute."""
        if self._begins is not None and at < self._begins:
            return
        wall = self._calendar.local(at)
        for space, estimate in estimates.items():
            page = self.page(space, wall.day)
            quarter = wall.minute // QUARTER
            begins = wall.minute % QUARTER == 0 or page.lows[quarter] == UNKNOWN
            page.counts[wall.minute] = estimate.count
            page.lows[quarter] = estimate.low if begins else min(page.lows[quarter], estimate.low)
            page.highs[quarter] = estimate.high if begins else max(page.highs[quarter], estimate.high)
            page.inferred[quarter] = round(100 * estimate.inferred)
            self._touched.add((space, wall.day))
        if at.minute == 0:
            self._flows(at, state)

    def page(self, space: SpaceId, day: date) -> Page:
        """Return the page, begun now if there is none."""
        known = self._pages.get((space, day))
        if known is None:
            known = self._pages[space, day] = Page(space, day)
        return known

    def today(self, space: SpaceId) -> Today | None:
        """Return the newest day of a space; None before any."""
        day = max((day for name, day in self._pages if name == space), default=None)
        if day is None:
            return None
        page = self._pages[space, day]
        lows, highs = (
            tuple(None if number == UNKNOWN else number for number in ends)
            for ends in (page.lows, page.highs)
        )
        return Today(tuple(page.means()), lows, highs)

    def trail(self, space: SpaceId, at: datetime, minutes: int, step: int) -> list[int]:
        """Return a space's counts of the last `minutes` up to `at`, one every `step`; -1 where nothing is known."""
        wall = self._calendar.local(at)
        today = self._pages.get((space, wall.day))
        before = self._pages.get((space, wall.day - timedelta(days=1)))
        last = wall.minute - wall.minute % step
        told = []
        for minute in range(last - minutes, last + 1, step):
            page = today if minute >= 0 else before
            told.append(page.counts[minute % MINUTES_PER_DAY] if page is not None else UNKNOWN)
        return told

    def put(self, pages: list[Page]) -> None:
        """Go on with pages that were written before."""
        for page in pages:
            self._pages[page.space, page.day] = page

    def touch(self, pages: list[Page]) -> None:
        """Have pages written again: they could not be."""
        self._touched.update((page.space, page.day) for page in pages)
        self.put(pages)

    def touched(self) -> list[Page]:
        """Return the pages that changed since the last call, and forget those of days long over."""
        changed = [self._pages[key] for key in sorted(self._touched)]
        self._touched.clear()
        newest = max((day for _space, day in self._pages), default=None)
        for key in [key for key in self._pages if newest is not None and (newest - key[1]).days > _DAYS_KEPT]:
            del self._pages[key]
        return changed

    def _flows(self, at: datetime, state: State) -> None:
        """Write down who came and went in the hour that ends at `at`, from the fold's own tally of it."""
        hour = (at.hour - 1) % HOURS
        seen = state.seen
        if state.tallies and state.tallies[-1].until == at:
            seen = state.tallies[-1].seen
        came: dict[SpaceId, int] = {}
        went: dict[SpaceId, int] = {}
        for (name, target, when), number in seen.items():
            if when == hour:
                door = self._doors[name]
                origin = door.outer if target == door.inner else door.inner
                for space in self._up[target] - self._up[origin]:
                    came[space] = came.get(space, 0) + number
                for space in self._up[origin] - self._up[target]:
                    went[space] = went.get(space, 0) + number
        wall = self._calendar.local(at)
        place = (wall.minute // 60 - 1) % HOURS
        for space, day in [key for key in self._pages if key[1] == wall.day or place == HOURS - 1]:
            page = self._pages[space, day]
            if place != HOURS - 1 or (wall.day - day).days == 1:
                page.entries[place], page.exits[place] = came.get(space, 0), went.get(space, 0)


_DAYS_KEPT = 3


def _mean(counts: "array[int]") -> float | None:
    known = [count for count in counts if count != UNKNOWN]
    return sum(known) / len(known) if known else None
