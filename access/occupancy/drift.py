"""How many passages nobody reports: a rate for every way, learned from what the fold found out afterwards.

Behind each other's back, by a held door, while a reader is dead: such passages show up later, when somebody badges
where they were not, or when a room is empty that should not be. Each quiet hour closes a day's tally of passages seen
and of passages that must have been; the rate of a way is Gamma-distributed, with a prior worth `PRIOR_SEEN` passages
and older days counting less. What of them is usually found out by which hour is learned too: how many were found out
today says nothing of those that were not (they are independent Poisson numbers). A door that is not heard now is
expected to be used as on the days before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

import msgspec

from policies.building import Building
from policies.ids import DoorId, SpaceId
from policies.presence import Tally, Way
from policies.request import Direction

PRIOR_RATE = 0.02
PRIOR_SEEN = 60.0
_FADES = 0.93
"""What a day counts, a day later: half of it is forgotten in ten days."""

_UNLIKE_YESTERDAY = 0.3
"""The spread of a way's use from one day to the next, as a share of it."""

_LEAST_UNSURE = 0.1
_LEAST_FEARED = 0.5
"""Of all that a way may hide on a day: real buildings find out less evenly than they did yesterday."""

_WEEKEND = 5
_HOUR = timedelta(hours=1)


class Expected(msgspec.Struct, frozen=True):
    """A number of passages: its mean and its variance."""

    mean: float = 0.0
    variance: float = 0.0


class Rate(msgspec.Struct, frozen=True):
    """Unreported passages with one reported: as learned, which corrects counts; and with the prior, which widens them.

    A building that has taught nothing yet is counted as its doors tell, and believed within a wide interval.
    """

    learned: float
    feared: float
    variance: float


class Drift:
    """What the tallies of some days teach about the doors of one building."""

    def __init__(self, building: Building, tallies: Sequence[Tally]) -> None:
        self._doors = building.doors
        self._hidden: dict[Way, float] = {}
        self._seen: dict[Way, float] = {}
        self._found_by: dict[tuple[Way, int], float] = {}
        self._seen_by: dict[tuple[Way, int], float] = {}
        self._courses: dict[Way, tuple[tuple[float, ...], tuple[float, ...]]] = {}
        self._begins = tallies[-1].until.hour if tallies else 0
        badged = {(reader.door, reader.direction) for reader in building.readers.values()}
        self._told_both_ways = {
            way
            for door in building.doors.values()
            if {(door.id, direction) for direction in Direction} <= badged
            for way in ((door.outer, door.inner), (door.inner, door.outer))
        }
        whole = [tally for tally in tallies if tally.is_whole]
        for tally in whole:
            self._learn(tally)
        self._pooled = self._pool()
        self._profiles = {
            is_weekend: _profile([tally for tally in whole if _is_weekend(tally) is is_weekend][-5:])
            for is_weekend in (False, True)
        }

    def _learn(self, tally: Tally) -> None:
        dead = set(tally.dead)
        for sums, today in ((self._hidden, tally.hidden), (self._seen, self.by_way(tally.seen))):
            for way in sums:
                sums[way] *= _FADES
            for way, number in today.items():
                if way not in dead:
                    sums[way] = sums.get(way, 0.0) + number
        by_hour: dict[tuple[Way, int], int] = {}
        for (name, target, hour), number in tally.seen.items():
            key = self._way(name, target), hour
            by_hour[key] = by_hour.get(key, 0) + number
        for profile, hours in ((self._found_by, tally.found), (self._seen_by, by_hour)):
            for key in profile:
                profile[key] *= _FADES
            for key, number in hours.items():
                if key[0] not in dead:
                    profile[key] = profile.get(key, 0.0) + number

    def _pool(self) -> float:
        """Return the rate of the ways whose doors tell both directions by name.

        Where one leaves by a handle, somebody who came unseen and somebody who left unseen explain each other and are
        never found out: what such a way teaches is too little to be afraid of.
        """
        hidden, seen = (
            sum(sums.get(way, 0.0) for way in sorted(self._told_both_ways))
            for sums in (self._hidden, self._seen)
        )
        return (PRIOR_RATE * PRIOR_SEEN + hidden) / (PRIOR_SEEN + seen)

    def _way(self, name: DoorId, target: SpaceId) -> Way:
        door = self._doors[name]
        return (door.outer if target == door.inner else door.inner), target

    def by_way(self, seen: Mapping[tuple[DoorId, SpaceId, int], int]) -> dict[Way, int]:
        """Return passages by way, whatever the door and the hour."""
        ways: dict[Way, int] = {}
        for (name, target, _hour), number in seen.items():
            way = self._way(name, target)
            ways[way] = ways.get(way, 0) + number
        return ways

    def rate(self, way: Way) -> "Rate":
        """Return how many unreported passages go with one reported."""
        hidden, scale = self._hidden.get(way, 0.0), PRIOR_SEEN + self._seen.get(way, 0.0)
        shape = PRIOR_RATE * PRIOR_SEEN + hidden
        feared = shape / scale if way in self._told_both_ways else max(shape / scale, self._pooled)
        return Rate(hidden / scale, feared, shape / scale**2)

    def unfound(self, way: Way, at: datetime) -> float | None:
        """Return the share of a way's hidden passages of the day so far that is usually not found out by now.

        None where nothing was learned of it.
        """
        hidden, seen = self._hidden.get(way, 0.0), self._seen.get(way, 0.0)
        if not hidden or not seen:
            return None
        course = self._courses.get(way)
        if course is None:
            course = self._courses[way] = self._course(self._found_by, way), self._course(self._seen_by, way)
        hour, part = (at.hour - self._begins) % 24, (at.minute + 1) / 60
        found_by, seen_by = (by[hour] + part * (by[hour + 1] - by[hour]) for by in course)
        if not seen_by:
            return None
        return min(max(1 - found_by / seen_by * seen / hidden, 0.0), 1.0)

    def _course(self, profile: Mapping[tuple[Way, int], float], way: Way) -> tuple[float, ...]:
        """Return what a profile holds of a way up to each hour after the quiet hour."""
        hours = (profile.get((way, (self._begins + hour) % 24), 0.0) for hour in range(24))
        return tuple(accumulate(hours, initial=0.0))

    def unheard(self, name: DoorId, since: datetime, until: datetime) -> dict[Way, float]:
        """Return how many passages a door has had from `since` to `until`, both ways, going by the days before."""
        door, profile = self._doors[name], self._profiles[until.weekday() >= _WEEKEND]
        means = {(door.outer, door.inner): 0.0, (door.inner, door.outer): 0.0}
        hour = since.replace(minute=0, second=0, microsecond=0)
        while hour < until:
            share = (min(until, hour + _HOUR) - max(since, hour)) / _HOUR
            for way in means:
                means[way] += profile.get((name, way[1], hour.hour), 0.0) * share
            hour += _HOUR
        return means

    def hidden(
        self,
        seen: Mapping[Way, int],
        found: Mapping[Way, int],
        silent: Mapping[DoorId, datetime],
        at: datetime,
    ) -> dict[Way, Expected]:
        """Return what is still hidden on each way: what is expected by now, less what was found out already."""
        unheard: dict[Way, float] = {}
        for door, since in silent.items():
            for way, mean in self.unheard(door, since, at).items():
                unheard[way] = unheard.get(way, 0.0) + mean
        return {
            way: self._still(way, at, seen.get(way, 0), found.get(way, 0), unheard.get(way, 0.0))
            for way in {**seen, **unheard}
        }

    def _still(self, way: Way, at: datetime, seen: int, found: int, unheard: float) -> Expected:
        rate, unfound = self.rate(way), self.unfound(way, at)
        if unfound is None or unheard:  # what is found out of a door that is not heard is not what usually is
            left = max(rate.learned * (seen + unheard) + unheard - found, 0.0)
            feared = rate.feared * seen - found
        else:
            left, feared = rate.learned * seen * unfound, rate.feared * seen * unfound
        unsure = _UNLIKE_YESTERDAY * max(min(left, unheard), _LEAST_UNSURE * unheard)
        random = max(feared, _LEAST_FEARED * rate.feared * seen, left)
        return Expected(left, random + rate.variance * seen**2 + unsure**2)


def _profile(tallies: Sequence[Tally]) -> dict[tuple[DoorId, SpaceId, int], float]:
    profile: dict[tuple[DoorId, SpaceId, int], float] = {}
    for tally in tallies:
        for key, number in tally.seen.items():
            profile[key] = profile.get(key, 0.0) + number / len(tallies)
    return profile


def _is_weekend(tally: Tally) -> bool:
    # A tally ends at night: the day it tells of is the one before.
    return (tally.until - timedelta(hours=12)).weekday() >= _WEEKEND
