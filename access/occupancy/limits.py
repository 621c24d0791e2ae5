"""Alerts at 75, 100 and 150 % of a space's capacity, with hysteresis: one person to and fro raises no second alert.

The capacity is the building file's: a regulatory ceiling is configured there, never a constant here. Refusing above
it is the doors' and the authorizer's business, where the space is `enforced`.
"""

from collections.abc import Mapping
from enum import IntEnum

from policies.building import Building
from policies.ids import SpaceId


class Limit(IntEnum):
    """The highest step that stands; its value is in percent of the capacity."""

    NONE = 0
    NEAR = 75
    FULL = 100
    OVER = 150


STEPS = (Limit.NEAR, Limit.FULL, Limit.OVER)
_SLACK = 0.05
"""A step that stands falls only this share of the capacity below where it rose, and at least one person."""


class Limits:
    """The alerts of one building; what stands depends on what stood."""

    def __init__(self, building: Building) -> None:
        self._capacities = {space.id: space.capacity for space in building.spaces.values()}
        self._stands: dict[SpaceId, Limit] = {}

    def resume(self, stood: Mapping[SpaceId, Limit]) -> None:
        """Go on from what stood before."""
        self._stands.update({space: step for space, step in stood.items() if space in self._capacities})

    def see(self, counts: Mapping[SpaceId, int]) -> dict[SpaceId, Limit]:
        """Return the step that stands in every space now."""
        for space, count in counts.items():
            self._stands[space] = _step(
                count, self._capacities.get(space), self._stands.get(space, Limit.NONE)
            )
        return {space: self._stands[space] for space in counts}


def _step(count: int, capacity: int | None, stood: Limit) -> Limit:
    if not capacity:
        return Limit.NONE
    reached = max((step for step in STEPS if count * 100 >= step * capacity), default=Limit.NONE)
    if reached >= stood:
        return reached
    least = stood * capacity / 100 - max(_SLACK * capacity, 1)
    return stood if count > least else reached
