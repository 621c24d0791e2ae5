"""The last hours of every space as small areas; drawn again only when there is a new point."""

from collections.abc import Iterable
from datetime import datetime

from access.dashboard.charts import spark
from access.occupancy.live import LiveBuilding
from policies.ids import SpaceId

STEP_MIN = 5
_SPAN_MIN = 4 * 60
_STEP_S = STEP_MIN * 60


class Sparks:
    """The areas of some spaces of one building, as `charts.spark` draws them."""

    def __init__(self, live: LiveBuilding, spaces: Iterable[SpaceId]) -> None:
        self._live, self._spaces = live, tuple(spaces)
        self._drawn: dict[SpaceId, str] = {}
        self._step: int | None = None

    def at(self, now: datetime) -> dict[SpaceId, str]:
        """Return the areas up to `now`; the same object as long as they are the same."""
        step = int(now.timestamp() // _STEP_S)
        if step != self._step:
            self._step = step
            self._drawn = {space: self._draw(space, now) for space in self._spaces}
        return self._drawn

    def _draw(self, space: SpaceId, now: datetime) -> str:
        counts = self._live.trail(space, now, _SPAN_MIN, STEP_MIN)
        return spark(counts, self._live.building.spaces[space].capacity)
