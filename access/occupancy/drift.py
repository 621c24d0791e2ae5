"""How many passages nobody reports: a rate for every way, learned from what the fold found out afterwards.

Behind each other's back, by a held door, while a reader is dead: such passages show up later, when somebody badges
where they were not, or when a room is empty that should not be. Each quiet hour closes a day's tally of passages seen
and of passages that must have been; the rate of a way is Gamma-distributed, with a prior worth `PRIOR_SEEN` passages
and older days counting less. A door that is not heard now is expected to be used as on the days before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from policies.building import Building
from policies.ids import DoorId, SpaceId
from policies.presence import Tally, Way

PRIOR_RATE = 0.02
PRIOR_SEEN = 60.0
_FADES = 0.93
"""What a day counts, a day later: half of it is forgotten in ten days."""

_UNLIKE_YESTERDAY = 0.3
"""The spread of a way's use from one day to the next, as a share of it."""

_LEAST_UNSURE = 0.1
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
        whole = [tally for tally in tallies if tally.is_whole]
        for tally in whole:
            self._learn(tally)
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

    def by_way(self, seen: Mapping[tuple[DoorId, SpaceId, int], int]) -> dict[Way, int]:
        """Return passages by way, whatever the door and the hour."""
        ways: dict[Way, int] = {}
        for (name, target, _hour), number in seen.items():
            door = self._doors[name]
            way = (door.outer if target == door.inner else door.inner, target)
            ways[way] = ways.get(way, 0) + number
        return ways

    def rate(self, way: Way) -> "Rate":
        """Return how many unreported passages go with one reported."""
        hidden, scale = self._hidden.get(way, 0.0), PRIOR_SEEN + self._seen.get(way, 0.0)
        shape = PRIOR_RATE * PRIOR_SEEN + hidden
        return Rate(hidden / scale, shape / scale, shape / scale**2)

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
            way: self._still(way, seen.get(way, 0), found.get(way, 0), unheard.get(way, 0.0))
            for way in {**seen, **unheard}
        }

    def _still(self, way: Way, seen: int, found: int, unheard: float) -> Expected:
        rate = self.rate(way)
        left = max(rate.learned * (seen + unheard) + unheard - found, 0.0)
        unsure = _UNLIKE_YESTERDAY * max(min(left, unheard), _LEAST_UNSURE * unheard)
        random = max(rate.feared * seen - found, 0.5 * rate.feared * seen, left)
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
