"""How long taps took, by door and stage: compact histograms, told as p50, p99 and worst.

A value is counted in a bucket as wide as a sixteenth of it (as HdrHistogram does), so a door takes a few hundred bytes
and a note under a microsecond. Figures are of the last hour or two: yesterday's do not hide today's.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock

from access.services.decisions import DoorLatency, SiteLatency, StageLatency
from policies.ids import DoorId

STAGES = ("wait", "decide", "keep", "total")
"""Until its turn; decide and reserve; until it is as durable as the site promises; from arrival to answer."""

PERIOD = timedelta(hours=1)

_BOUNDS_US = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""A site's taps are told as so many within each of these."""

_AT_ONCE = 64
"""So many taps are put into histograms together: that costs a tap less than by itself."""

_EXACT_BITS = 5
"""Values under 32 µs have a bucket each; above, 16 buckets to every doubling."""

_US_PER_S = 1_000_000

_Moments = tuple[float, float, float, float]


class Histogram:
    """Counts of durations in whole microseconds."""

    __slots__ = ("counts", "n", "sum_us", "worst")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.n = self.sum_us = self.worst = 0

    def note(self, us: int) -> None:
        """Count one duration."""
        shift = max(us.bit_length() - _EXACT_BITS, 0)
        bucket = shift << _EXACT_BITS | us >> shift
        counts = self.counts
        counts[bucket] = counts.get(bucket, 0) + 1
        self.n += 1
        self.sum_us += us
        self.worst = max(self.worst, us)

    def add(self, other: "Histogram") -> None:
        """Take in another's counts."""
        for bucket, number in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + number
        self.n += other.n
        self.sum_us += other.sum_us
        self.worst = max(self.worst, other.worst)

    def quantile(self, share: float) -> int:
        """Return what this share of the durations does not exceed, within a sixteenth; 0 where there are none."""
        left = max(round(share * self.n), 1)
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return min(_highest(bucket), self.worst)
        return 0

    def within(self, us: int) -> int:
        """Return how many durations were this long at most, within a sixteenth."""
        return sum(number for bucket, number in self.counts.items() if _highest(bucket) <= us)


def _highest(bucket: int) -> int:
    shift = bucket >> _EXACT_BITS
    return ((bucket & (1 << _EXACT_BITS) - 1) + 1 << shift) - 1


class _Period:
    def __init__(self, since: datetime) -> None:
        self.since = since
        self.doors: dict[DoorId, tuple[Histogram, ...]] = {}
        self.misses: dict[DoorId, int] = {}


class Latency:
    """The latencies of one authorizer, and the misses since the start."""

    def __init__(self) -> None:
        self._now: _Period | None = None
        self._before: _Period | None = None
        self._noted: list[tuple[DoorId, datetime, _Moments]] = []
        self._lock = Lock()
        self._earlier = tuple(Histogram() for _ in STAGES)
        self.misses = 0

    def note(self, door: DoorId, at: datetime, moments: _Moments) -> None:
        """Count a tap by when it arrived, had its turn, was decided and was kept, in seconds."""
        self._noted.append((door, at, moments))
        if len(self._noted) >= _AT_ONCE:
            self._take_in()

    def _take_in(self) -> None:
        """Put into histograms what was noted."""
        with self._lock:
            noted, self._noted = self._noted, []
            for door, at, (arrived, begun, decided, kept) in noted:
                period = self._period(at)
                stages = period.doors.get(door)
                if stages is None:
                    stages = period.doors[door] = tuple(Histogram() for _ in STAGES)
                wait, decide, keep, total = stages
                wait.note(int((begun - arrived) * _US_PER_S))
                decide.note(int((decided - begun) * _US_PER_S))
                keep.note(int((kept - decided) * _US_PER_S))
                total.note(int((kept - arrived) * _US_PER_S))

    def site(self) -> dict[str, Histogram]:
        """Return all doors together since the start, by stage."""
        self._take_in()
        now = self._now.doors.values() if self._now is not None else ()
        return {
            stage: _together((self._earlier[index], *(door[index] for door in now)))
            for index, stage in enumerate(STAGES)
        }

    def told(self) -> SiteLatency:
        """Return all doors together since the start, as they are published."""
        site = self.site().items()
        within = {stage: tuple(map(each.within, _BOUNDS_US)) for stage, each in site}
        total, sums = ({stage: getattr(each, what) for stage, each in site} for what in ("n", "sum_us"))
        return SiteLatency(_BOUNDS_US, within, total, sums, self.misses)

    def miss(self, door: DoorId, at: datetime) -> None:
        """Count a tap that was not answered in time."""
        misses = self._period(at).misses
        misses[door] = misses.get(door, 0) + 1
        self.misses += 1

    def of(self, door: DoorId) -> DoorLatency | None:
        """Return a door's figures; None before its first tap."""
        self._take_in()
        periods = [period for period in (self._before, self._now) if period is not None]
        told = [period.doors[door] for period in periods if door in period.doors]
        missed = sum(period.misses.get(door, 0) for period in periods)
        if not told and not missed:
            return None
        stages = {stage: _told(each[index] for each in told) for index, stage in enumerate(STAGES)}
        return DoorLatency(min(period.since for period in periods), missed, stages)

    def _period(self, at: datetime) -> _Period:
        now = self._now
        if now is not None and at < now.since + PERIOD:
            return now
        if now is not None:
            for stages in now.doors.values():
                for whole, part in zip(self._earlier, stages, strict=True):
                    whole.add(part)
        self._before, self._now = now, _Period(at)
        return self._now


def _together(parts: Iterable[Histogram]) -> Histogram:
    whole = Histogram()
    for part in parts:
        whole.add(part)
    return whole


def _told(parts: Iterable[Histogram]) -> StageLatency:
    whole = _together(parts)
    return StageLatency(whole.n, whole.quantile(0.5), whole.quantile(0.99), whole.worst)
