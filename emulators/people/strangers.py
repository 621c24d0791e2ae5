"""People without a place here: they try a badge that they found or brought along, or put a shoulder to a door.

They never get in: whoever is granted something by mistake is as surprised as the building, and walks on.
"""

import random
from collections.abc import Mapping, Sequence
from enum import Enum

import msgspec

from emulators.cards.uid import UidCard
from emulators.people.doorway import Doorway
from emulators.people.population import fresh_number
from policies.building import Building
from policies.ids import BadgeId, DoorId, SpaceId
from policies.request import Direction
from readers.ports import Clock

_UNKNOWN_A_DAY = (4, 9)
_FOUND_A_DAY = (1, 3)
_FORCED_CHANCE = 0.35
_BY_DAY_MIN = (8 * 60.0, 19 * 60.0)
_BY_NIGHT_MIN = (19.5 * 60.0, 27 * 60.0)
_TAPS = 2
_BETWEEN_TAPS_S = 2.5


class Deed(Enum):
    """What a stranger does."""

    TAP = "tap"
    FORCE = "force"


class Visit(msgspec.Struct, frozen=True):
    """A stranger's one appearance, at `minute` from midnight; `badge` is what they hold to the reader."""

    minute: float
    door: DoorId
    deed: Deed
    badge: BadgeId


def visits(
    building: Building, outside: SpaceId, lost: Sequence[BadgeId], draw: random.Random
) -> tuple[Visit, ...]:
    """Return the strangers of one day; `lost` are the badges that somebody may find."""
    entrances = [
        building.readers[reader].door
        for reader in building.readers
        if building.readers[reader].direction is Direction.ENTRY and building.passage(reader)[0] == outside
    ]
    if not entrances:
        return ()
    badges = [BadgeId(fresh_number(draw)) for _ in range(draw.randint(*_UNKNOWN_A_DAY))]
    if lost:
        badges += draw.choices(lost, k=draw.randint(*_FOUND_A_DAY))
    day = [Visit(draw.uniform(*_BY_DAY_MIN), draw.choice(entrances), Deed.TAP, badge) for badge in badges]
    if draw.random() < _FORCED_CHANCE:
        shoulder = BadgeId(fresh_number(draw))
        day.append(Visit(draw.uniform(*_BY_NIGHT_MIN), draw.choice(entrances), Deed.FORCE, shoulder))
    return tuple(day)


async def appear(visit: Visit, doorways: Mapping[DoorId, Doorway], clock: Clock) -> None:
    """Live through a visit."""
    doorway = doorways[visit.door]
    if visit.deed is Deed.FORCE:
        doorway.door.force()
        return
    turn = doorway.turns[Direction.ENTRY]
    if not await turn.take():
        return
    try:
        card = UidCard(bytes.fromhex(visit.badge))
        for _ in range(_TAPS):
            await doorway.tap(card, Direction.ENTRY)
            await clock.sleep(_BETWEEN_TAPS_S)
    finally:
        turn.give()
