"""Ways through the building: from one space to another by the fewest doors, as somebody who knows it walks.

A door is a way in where it has an entry reader, and a way out wherever it has a reader at all: the handle opens it.
Doors without readers are for emergencies and no part of a way.
"""

from collections import deque

import msgspec

from policies.building import Building, SpaceKind
from policies.ids import DoorId, SpaceId
from policies.request import Direction


class Hop(msgspec.Struct, frozen=True):
    """One step of a way: any of `doors` leads to `target`. All are passed in the same direction."""

    target: SpaceId
    direction: Direction
    doors: tuple[DoorId, ...]


class Routes:
    """The ways of one building; each is found once."""

    def __init__(self, building: Building) -> None:
        self.outside = next(space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE)
        self._hops: dict[SpaceId, list[Hop]] = {space: [] for space in building.spaces}
        self._known: dict[tuple[SpaceId, SpaceId], tuple[Hop, ...] | None] = {}
        self._escapes: dict[SpaceId, DoorId] = {}
        sides = {(reader.door, reader.direction) for reader in building.readers.values()}
        for door in building.doors.values():
            can_enter, has_exit = (door.id, Direction.ENTRY) in sides, (door.id, Direction.EXIT) in sides
            if can_enter:
                self._join(door.id, door.outer, door.inner, Direction.ENTRY)
            if can_enter or has_exit:
                self._join(door.id, door.inner, door.outer, Direction.EXIT)
            elif door.outer == self.outside:
                self._escapes.setdefault(door.inner, door.id)

    def between(self, origin: SpaceId, target: SpaceId) -> tuple[Hop, ...] | None:
        """Return the hops from `origin` to `target`, none if they are the same; None if no way leads there."""
        if (origin, target) not in self._known:
            self._known[origin, target] = self._search(origin, target)
        return self._known[origin, target]

    def escape_from(self, space: SpaceId) -> DoorId | None:
        """Return the escape door that leads from `space` straight outside, if there is one."""
        return self._escapes.get(space)

    def _join(self, door: DoorId, origin: SpaceId, target: SpaceId, direction: Direction) -> None:
        hops = self._hops[origin]
        for place, hop in enumerate(hops):
            if (hop.target, hop.direction) == (target, direction):
                hops[place] = Hop(target, direction, (*hop.doors, door))
                return
        hops.append(Hop(target, direction, (door,)))

    def _search(self, origin: SpaceId, target: SpaceId) -> tuple[Hop, ...] | None:
        reached: dict[SpaceId, tuple[Hop, ...]] = {origin: ()}
        edge = deque((origin,))
        while edge and target not in reached:
            here = edge.popleft()
            if here == self.outside and here != origin:
                continue  # nobody leaves the building to get to another room of it
            for hop in self._hops[here]:
                if hop.target not in reached:
                    reached[hop.target] = (*reached[here], hop)
                    edge.append(hop.target)
        return reached.get(target)
