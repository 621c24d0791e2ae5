"""The building's hardware, emulated: a field at every reader and a door at every door; and which computer serves what.

It holds devices only: who walks here is people's business, who may is the policy's.
"""

from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Label
from policies.ids import DoorId, ReaderId, SourceId, SpaceId
from readers.ports import Clock, Feedback

_REACTION_S = 0.5


class EmulatedBuilding:
    """Every device of `building`, by the id of its reader or door, all on one clock."""

    def __init__(self, building: Building, clock: Clock) -> None:
        self.building = building
        self.clock = clock
        self.antennas: dict[ReaderId, Antenna] = {reader: Antenna(clock) for reader in building.readers}
        self.doors: dict[DoorId, EmulatedDoor] = {
            door.id: EmulatedDoor(door, clock) for door in building.doors.values()
        }


def hosts(building: Building) -> dict[SourceId, tuple[DoorId, ...]]:
    """Return the door computers and their doors: one for each level, by the level of a door's inner space.

    Doors into a space above the levels share the computer of the whole site. The order is that of the names, and
    within a computer that of the building's file.
    """
    served: dict[SourceId, list[DoorId]] = {}
    for door in building.doors.values():
        level = building.level_of(door.inner)
        served.setdefault(SourceId(f"edge-{level or building.site}"), []).append(door.id)
    return {host: tuple(served[host]) for host in sorted(served)}


def desk_door(door: DoorId, clock: Clock) -> EmulatedDoor:
    """Return a door for a desk: somebody stands by, and pushes a moment after the lamp says so."""
    label = Label(door, door)
    emulated = EmulatedDoor(Door(door, label, SpaceId("outside"), SpaceId("desk")), clock)

    def push() -> None:
        emulated.push()

    def push_if_granted(lamp: Feedback) -> None:
        if lamp is Feedback.GRANTED:
            clock.call_later(_REACTION_S, push)

    emulated.watch(push_if_granted)
    return emulated
