"""Ways through the building: what can be reached from outside, and what one can leave without a badge."""

from collections.abc import Iterable

from policies.building import Building, SpaceKind
from policies.ids import SpaceId
from policies.request import Direction

Step = tuple[SpaceId, SpaceId]


def unreachable(building: Building) -> tuple[SpaceId, ...]:
    """Return the leaf spaces that no chain of doors joins to the outside, in the file's order."""
    steps = [(door.outer, door.inner) for door in building.doors.values()]
    return _missing(building, [*steps, *((inner, outer) for outer, inner in steps)])


def without_way_out(building: Building) -> tuple[SpaceId, ...]:
    """Return the leaf spaces that cannot be left to the outside without a reader, in the file's order.

    A door is such a way from its inner space where a button, handle switch or detector lets people out, or a release.
    """
    doors = building.doors.values()
    return _missing(
        building, [(door.outer, door.inner) for door in doors if door.exit_button or door.release_input]
    )


def only_by_release(building: Building) -> tuple[SpaceId, ...]:
    """Return the leaf spaces whose way out opens in a fire and on no other day, in the file's order.

    On any other day one leaves by a button, handle switch or detector, or by a reader for leaving.
    """
    doors, sides = building.doors.values(), building.readers.values()
    read = {side.door for side in sides if side.direction is Direction.EXIT}
    ways = [(door.outer, door.inner) for door in doors if door.exit_button or door.id in read]
    shut = set(without_way_out(building))
    return tuple(space for space in _missing(building, ways) if space not in shut)


def _missing(building: Building, steps: Iterable[Step]) -> tuple[SpaceId, ...]:
    """Return the leaves that are not reached from the outside by `steps`."""
    there = reached(building, steps)
    return tuple(space.id for space in building.leaves() if space.id not in there)


def reached(building: Building, steps: Iterable[Step]) -> set[SpaceId]:
    """Return the spaces that `steps` lead to from the outside, and the outside."""
    onward: dict[SpaceId, list[SpaceId]] = {}
    for here, there in steps:
        onward.setdefault(here, []).append(there)
    found = {space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE}
    to_do = list(found)
    while to_do:
        for space in onward.get(to_do.pop(), ()):
            if space not in found:
                found.add(space)
                to_do.append(space)
    return found
