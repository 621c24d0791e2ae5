"""The one disclosure of a building's counts: what companies and everybody may see, now and on past days.

Every such view reads from here and computes from what is shown alone, so that views laid side by side, a day's peak or
an hour's mean tell no more than the disclosure does. It has one number a space and quarter-hour: the count at its
beginning, or none where `privacy.publish` suppresses it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import msgspec

from access.occupancy.history import QUARTER, QUARTERS, UNKNOWN
from access.occupancy.live import LiveBuilding
from access.occupancy.privacy import publish, step_before
from policies.building import Building, SpaceKind
from policies.ids import SpaceId

_DAYTIME = range(8 * 4, 20 * 4)


class DisclosedCount(msgspec.Struct, frozen=True):
    """A space's number at the beginning of the quarter-hour `as_of`; None where it is suppressed."""

    space: SpaceId
    count: int | None
    capacity: int | None
    utilisation: float | None
    as_of: datetime


class DisclosedDay(msgspec.Struct, frozen=True):
    """A space's day of the wall by quarter-hours; None where suppressed, or where nothing is known."""

    space: SpaceId
    day: date
    counts: tuple[int | None, ...]

    @property
    def peak(self) -> int | None:
        """Return the largest number shown; None where none is."""
        return max((count for count in self.counts if count is not None), default=None)

    def mean(self, quarters: range) -> float | None:
        """Return the mean of some quarter-hours; None unless every one of them is shown."""
        shown = [count for count in self.counts[quarters.start : quarters.stop] if count is not None]
        return sum(shown) / len(shown) if len(shown) == len(quarters) else None


class DisclosedTotal(msgspec.Struct, frozen=True):
    """A space over some days. `daytime` is the mean of the shown quarter-hours from 08:00 to 20:00."""

    space: SpaceId
    days: int
    peak: int | None
    peak_day: date | None
    daytime: float | None


class Disclosure:
    """What is disclosed now; the same for whoever looks, whenever in the quarter-hour they look first."""

    def __init__(self, live: LiveBuilding) -> None:
        self._live = live
        self._step: datetime | None = None
        self._shown: dict[SpaceId, DisclosedCount] = {}

    def at(self, now: datetime) -> Mapping[SpaceId, DisclosedCount]:
        """Return every space but the outside as disclosed for the quarter-hour of `now`, in the building's order."""
        step = step_before(now)
        if step != self._step:
            self._live.advance(now)
            counts = {space: self._then(space, one.count, step) for space, one in self._live.counts().items()}
            shown = publish(self._live.building, counts)
            self._shown = {space: self._disclosed(space, shown[space], step) for space in counts}
            self._step = step
        return self._shown

    def _then(self, space: SpaceId, count_now: int, step: datetime) -> int:
        """Return the count at `step` as it was written down; where nothing is, that of now."""
        written = self._live.trail(space, step, 0, 1)
        return written[0] if written and written[0] != UNKNOWN else count_now

    def _disclosed(self, space: SpaceId, count: int | None, step: datetime) -> DisclosedCount:
        capacity = self._live.building.spaces[space].capacity
        share = count / capacity if count is not None and capacity else None
        return DisclosedCount(space, count, capacity, share, step)


def disclose_day(
    building: Building, day: date, minutes: Mapping[SpaceId, Sequence[int]]
) -> dict[SpaceId, DisclosedDay]:
    """Return a day as disclosed, from the counts of every minute of every space (-1: unknown).

    A quarter-hour whose beginning is not known of every space is shown of none: what is not known protects nobody.
    """
    spaces = [space.id for space in building.spaces.values() if space.kind is not SpaceKind.OUTSIDE]
    shown: dict[SpaceId, list[int | None]] = {space: [None] * QUARTERS for space in spaces}
    if all(space in minutes for space in spaces):
        for quarter in range(QUARTERS):
            counts = {space: minutes[space][quarter * QUARTER] for space in spaces}
            if UNKNOWN not in counts.values():
                for space, count in publish(building, counts).items():
                    shown[space][quarter] = count
    return {space: DisclosedDay(space, day, tuple(counts)) for space, counts in shown.items()}


def sum_up(days: Iterable[DisclosedDay]) -> dict[SpaceId, DisclosedTotal]:
    """Return every space over its days, from what is disclosed of them and nothing else."""
    by_space: dict[SpaceId, list[DisclosedDay]] = {}
    for one in days:
        by_space.setdefault(one.space, []).append(one)
    return {space: _total(space, found) for space, found in by_space.items()}


def _total(space: SpaceId, days: Sequence[DisclosedDay]) -> DisclosedTotal:
    best = max((one for one in days if one.peak is not None), key=lambda one: one.peak or 0, default=None)
    known = [one.counts[quarter] for one in days for quarter in _DAYTIME]
    shown = [count for count in known if count is not None]
    return DisclosedTotal(
        space,
        len(days),
        best.peak if best else None,
        best.day if best else None,
        sum(shown) / len(shown) if shown else None,
    )
