"""Ways out: from which spaces one gets outside without a right to enter anywhere."""

from policies.building import Building, Door, SpaceKind
from policies.ids import DoorId, SpaceId
from policies.request import Direction


def without_way_out(building: Building) -> tuple[SpaceId, ...]:
    """Return the spaces with doors from which no chain of ways out leads outside, in the building's order."""
    outlets = [door for door in building.doors.values() if is_left(building, door)]
    free = {space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE}
    while more := {door.inner for door in outlets if door.outer in free} - free:
        free |= more
    peopled = {side for door in building.doors.values() for side in (door.outer, door.inner)}
    return tuple(space for space in building.spaces if space in peopled - free)


def is_left(building: Building, door: Door) -> bool:
    """Return whether one leaves the door's inner space by it: with a button or handle, or at a reader."""
    return door.exit_button or any(
        reader.door == door.id and reader.direction is Direction.EXIT for reader in building.readers.values()
    )


def doors_around(building: Building, space: SpaceId) -> tuple[DoorId, ...]:
    """Return the doors of a space."""
    return tuple(door.id for door in building.doors.values() if space in {door.outer, door.inner})
