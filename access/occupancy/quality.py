"""How sure a count is: its interval, the share of it that nobody's badge tells, and why.

The published count of a space without spaces inside it is what the fold believes, plus what the drift model expects
to be still hidden on the ways in, less that on the ways out, rounded. Above it counts are sums. The interval of a space
looks only at the ways that cross its border: who moves within it changes nothing about it.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from access.occupancy.drift import Drift, Expected
from policies.building import Building
from policies.ids import DoorId, SpaceId
from policies.presence import State, Tally, Way, Ways

_SPREADS = 2.6
"""Standard deviations to either side. Rates differ from day to day by more than the model knows: two are not enough."""

_NEAR = 0.4
"""Of a person: an interval's end that is nearer to a number than this takes it in, or leaves it out."""

_FLOW_VARIANCE = 0.05
"""Of a passage that nobody made: a handle pressed by somebody who stays, two through one opening."""

_ROUNDS = 3
"""What is cut on one way changes who is there to take the next; a building is few doors deep."""

_NIGHT = timedelta(hours=6)
_DOUBT_VARIANCE = 0.2
"""Of somebody who was taken out at the quiet hour, for the rest of the night: few of them are still there."""

_RESTLESS_VARIANCE = 0.3
"""Of somebody in a space that is always open, after the quiet hour took its nameless passages back."""


class Why(Enum):
    """What an interval is wide for."""

    NOTHING = "nothing"
    DRIFT = "drift"
    NAMELESS = "nameless"
    SILENT_READER = "silent-reader"
    EXPIRED = "expired"


class Estimate(msgspec.Struct, frozen=True):
    """A published count. `inferred` is the share of it, 0 to 1, that does not stand on somebody's badge."""

    count: int
    low: int
    high: int
    inferred: float
    why: Why


class _Border(msgspec.Struct):
    """What crosses the border of one space: expected hidden passages in and out, their variance, and nameless ones."""

    came: float = 0.0
    went: float = 0.0
    variance: float = 0.0
    nameless: int = 0
    is_unheard: bool = False


class Estimator:
    """The estimates of one building; it learns again whenever a day was closed."""

    def __init__(self, building: Building, ways: Ways) -> None:
        self._building, self._ways = building, ways
        self._spaces = [space for space in building.spaces if space not in ways.outside]
        self._under: dict[SpaceId, list[SpaceId]] = {space: [] for space in self._spaces}
        for leaf in ways.leaves:
            for space in ways.paths_up[leaf]:
                self._under[space].append(leaf)
        self._ways_out: dict[SpaceId, list[Way]] = {}
        for way in ways.all:
            self._ways_out.setdefault(way[0], []).append(way)
        self._crossings: dict[Way, tuple[list[SpaceId], list[SpaceId]]] = {}
        self._learned: tuple[Tally, ...] = ()
        self._drift = Drift(building, ())

    def learn(self, tallies: Iterable[Tally]) -> None:
        """Take in the days' tallies, where they changed."""
        days = tuple(tallies)
        if days != self._learned:
            self._learned, self._drift = days, Drift(self._building, days)

    def estimate(
        self, state: State, at: datetime, silent: Mapping[DoorId, datetime] | None = None
    ) -> dict[SpaceId, Estimate]:
        """Return the estimate of every space but the outside at `at`; `silent` doors are not heard since then."""
        silent = silent or {}
        self.learn(state.tallies)
        still = self._drift.hidden(self._drift.by_way(state.seen), state.hidden, silent, at)
        believed = {leaf: state.leaf(leaf) for leaf in self._ways.leaves}
        self._bound(believed, still)
        borders = self._borders(still, state.flows, {side for door in silent for side in self._sides(door)})
        counts = {}
        for leaf, number in believed.items():
            border = borders[leaf]
            counts[leaf] = max(math.floor(number + border.came - border.went + 0.5), 0)
        unsettled = self._unsettled(state, at)
        return {
            space: self._one(space, believed, counts, borders[space], unsettled) for space in self._spaces
        }

    def _sides(self, door: DoorId) -> tuple[Way, Way]:
        sides = self._building.doors[door]
        return (sides.outer, sides.inner), (sides.inner, sides.outer)

    def _bound(self, believed: Mapping[SpaceId, int], still: dict[Way, Expected]) -> None:
        """Let nobody leave a space unseen who is not in it: what is expected on its ways out is cut to who is there."""
        for _ in range(_ROUNDS):
            came: dict[SpaceId, float] = {}
            for (_origin, target), hidden in still.items():
                came[target] = came.get(target, 0.0) + hidden.mean
            for leaf, number in believed.items():
                out = [way for way in self._ways_out.get(leaf, ()) if way in still]
                went, there = sum(still[way].mean for way in out), number + came.get(leaf, 0.0)
                if went > there:
                    for way in out:
                        still[way] = Expected(still[way].mean * there / went, still[way].variance)

    def _borders(
        self, still: Mapping[Way, Expected], flows: Mapping[Way, int], unheard: set[Way]
    ) -> dict[SpaceId, _Border]:
        borders = {space: _Border() for space in self._spaces}
        for way, hidden in still.items():
            into, out = self._crossed(way)
            for space in into:
                borders[space].came += hidden.mean
            for space in out:
                borders[space].went += hidden.mean
            for space in (*into, *out):
                borders[space].variance += hidden.variance
                borders[space].is_unheard |= way in unheard
        for way, number in flows.items():
            for side in self._crossed(way):
                for space in side:
                    borders[space].nameless += number
        return borders

    def _crossed(self, way: Way) -> tuple[list[SpaceId], list[SpaceId]]:
        """Return the spaces that the way leads into, and those it leads out of; not those it stays within."""
        known = self._crossings.get(way)
        if known is None:
            up = [[] if side in self._ways.outside else list(self._ways.paths_up[side]) for side in way]
            known = (
                [space for space in up[1] if space not in up[0]],
                [space for space in up[0] if space not in up[1]],
            )
            self._crossings[way] = known
        return known

    def _one(
        self,
        space: SpaceId,
        believed: Mapping[SpaceId, int],
        counts: Mapping[SpaceId, int],
        border: _Border,
        unsettled: Mapping[SpaceId, float],
    ) -> Estimate:
        leaves = self._under[space]
        count, number = sum(counts[leaf] for leaf in leaves), sum(believed[leaf] for leaf in leaves)
        parts = {
            Why.DRIFT: border.variance,
            Why.NAMELESS: _FLOW_VARIANCE * border.nameless,
            Why.EXPIRED: sum(unsettled.get(leaf, 0.0) for leaf in leaves),
        }
        margin = _SPREADS * math.sqrt(sum(parts.values()))
        centre = number + border.came - border.went
        low = math.floor(max(centre - margin, 0.0) + _NEAR)
        high = math.ceil(centre + margin - _NEAR)
        why = max(parts, key=lambda part: parts[part]) if high > low else Why.NOTHING
        if why is Why.DRIFT and border.is_unheard:
            why = Why.SILENT_READER
        inferred = min((border.nameless + abs(count - number)) / count, 1.0) if count else 0.0
        return Estimate(count, min(low, count), max(high, count), round(inferred, 3), why)

    def _unsettled(self, state: State, at: datetime) -> dict[SpaceId, float]:
        """Return the variance that the last quiet hour left behind: who was taken out, and who was left in."""
        fresh: dict[SpaceId, float] = {}
        for doubt in state.doubts.values():
            if at - doubt.since < _NIGHT:
                fresh[doubt.seen.target] = fresh.get(doubt.seen.target, 0.0) + _DOUBT_VARIANCE
        tallied = state.tallies[-1].until if state.tallies else None
        if tallied is not None and at - tallied < _NIGHT:
            for leaf in self._ways.restless:
                fresh[leaf] = fresh.get(leaf, 0.0) + _RESTLESS_VARIANCE * state.named.get(leaf, 0)
        return fresh
