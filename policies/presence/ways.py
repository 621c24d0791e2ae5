"""The ways of a building as the fold needs them: which spaces hang together, and by which somebody came or left."""

from collections import deque
from collections.abc import Mapping

from policies.building import Building, SpaceKind
from policies.ids import SpaceId
from policies.presence.passage import Way


class Ways:
    """The doors of one building as steps between its spaces; every answer is computed once."""

    def __init__(self, building: Building) -> None:
        self.outside = frozenset(
            space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE
        )
        self.outdoors = min(self.outside, default=SpaceId(""))
        self.leaves = tuple(space.id for space in building.leaves())
        self.restless = frozenset(space.id for space in building.leaves() if space.always_open)
        self.paths_up = {space: building.path_up(space) for space in building.spaces}
        badged = {reader.door for reader in building.readers.values()}
        self._steps: dict[SpaceId, set[SpaceId]] = {}
        self._all_steps: dict[SpaceId, set[SpaceId]] = {}
        for door in building.doors.values():
            for here, there in ((door.outer, door.inner), (door.inner, door.outer)):
                self._all_steps.setdefault(here, set()).add(there)
                if door.id in badged:
                    self._steps.setdefault(here, set()).add(there)
        self._known: dict[Way, tuple[Way, ...]] = {}

    @property
    def all(self) -> tuple[Way, ...]:
        """Return every way that a door makes, in order."""
        return tuple(
            (here, there) for here in sorted(self._all_steps) for there in sorted(self._all_steps[here])
        )

    def between(self, origin: SpaceId, target: SpaceId) -> tuple[Way, ...]:
        """Return the shortest way by doors with readers, else by any; none where there is none."""
        found = self._known.get((origin, target))
        if found is None:
            found = _search(self._steps, origin, target) or _search(self._all_steps, origin, target)
            self._known[origin, target] = found
        return found

    def along(self, flows: Mapping[Way, int], origin: SpaceId, target: SpaceId) -> tuple[Way, ...]:
        """Return the shortest way by `flows` alone, passages that nobody is known to have made; none if none leads."""
        if (origin, target) in flows:
            return ((origin, target),)
        steps: dict[SpaceId, set[SpaceId]] = {}
        for here, there in flows:
            steps.setdefault(here, set()).add(there)
        return _search(steps, origin, target) if origin in steps else ()


def _search(steps: dict[SpaceId, set[SpaceId]], origin: SpaceId, target: SpaceId) -> tuple[Way, ...]:
    reached: dict[SpaceId, tuple[Way, ...]] = {origin: ()}
    edge = deque((origin,))
    while edge and target not in reached:
        here = edge.popleft()
        for there in sorted(steps.get(here, ())):
            if there not in reached:
                reached[there] = (*reached[here], (here, there))
                edge.append(there)
    return reached.get(target, ())
