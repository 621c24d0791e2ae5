"""The building: a tree of spaces, the doors that join them, and the readers on the doors' sides.

A frozen graph whose invariants hold from construction on: `Building.of` refuses anything else. Where devices hang
on which computer is not known here (deploy/ says that), nor who may pass (rules.py).
"""

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

import msgspec

from policies.errors import BuildingError
from policies.ids import DoorId, InterlockId, ReaderId, ReleaseId, ScheduleId, SiteId, SpaceId, UseId
from policies.request import Assurance, Direction, DoorMode


class SpaceKind(Enum):
    """What a space is. `OUTSIDE` is everything that is not the site: nobody is counted there."""

    OUTSIDE = "outside"
    SITE = "site"
    BUILDING = "building"
    LEVEL = "level"
    ROOM = "room"


class Label(msgspec.Struct, frozen=True):
    """A name for people, in both of the site's languages."""

    fr: str
    en: str


class Plan(msgspec.Struct, frozen=True):
    """A rectangle on the floor plan of a level, in metres from the level's north-west corner."""

    x: float
    y: float
    width: float
    depth: float


class Spot(msgspec.Struct, frozen=True):
    """A point on the floor plan of a level, in metres from the level's north-west corner."""

    x: float
    y: float


class Space(msgspec.Struct, frozen=True):
    """A node of the tree. `capacity` is a ceiling of people; `enforced` says whether doors refuse above it.

    A `restricted` space is entered only by rules that name it (docs/domain.md, 3.8); `always_open` marks a space in
    use around the clock, where no quiet-hour cut-off applies (docs/domain.md, 5.3). `use` says what it is for, so
    that one rule can speak of all meeting rooms.
    """

    id: SpaceId
    name: Label
    kind: SpaceKind = SpaceKind.ROOM
    parent: SpaceId | None = None
    capacity: int | None = None
    enforced: bool = False
    restricted: bool = False
    always_open: bool = False
    plan: Plan | None = None
    use: UseId | None = None


class Passback(Enum):
    """What a second entry without an exit means at a door (docs/domain.md, 4).

    Soft lets pass and says so, hard refuses, timed refuses for the door's `passback_s` after the first entry.
    """

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"
    TIMED = "timed"


class Strike(Enum):
    """What the lock does without power: a fail-secure strike stays locked, a fail-safe one lets go."""

    FAIL_SECURE = "fail-secure"
    FAIL_SAFE = "fail-safe"


class Reader(msgspec.Struct, frozen=True):
    """One side of a door."""

    id: ReaderId
    door: DoorId
    direction: Direction


class ScheduledMode(msgspec.Struct, frozen=True):
    """A door's mode while `schedule` is open; `first_person_in` makes it wait until somebody entitled has come."""

    mode: DoorMode
    schedule: ScheduleId
    first_person_in: bool = False


class Door(msgspec.Struct, frozen=True):
    """Joins an `outer` and an `inner` space; entry goes inwards. Times in seconds.

    `exit_button` stands for whatever tells a leaving person from a forced door (button, handle switch, detector).
    `proof` is the least proof of a badge here: a door may raise what the badge's record asks for, never lower it.
    A PIN is asked for always (`pin`) or while a schedule is open (`card_pin`). Two persons prove themselves within
    `two_person_s`. Of the doors of one `interlock` group no two are ever open. Of `modes`, the first whose schedule
    is open counts. A door left open warns `pre_alert_s` before it is held. One supply line that the fire panel breaks
    may let several doors go: those name it (`release`), and one of them at least has the `release_input`. Where the
    site does not answer, `passback_alone` lets the door's computer refuse a second entry by what its own doors saw.
    """

    id: DoorId
    name: Label
    outer: SpaceId
    inner: SpaceId
    strike: Strike = Strike.FAIL_SECURE
    contact: bool = True
    exit_button: bool = True
    release_input: bool = False
    strike_time_s: float = 5.0
    extended_strike_time_s: float = 15.0
    held_after_s: float = 30.0
    passback: Passback = Passback.SOFT
    pin: bool = False
    two_person: bool = False
    spot: Spot | None = None
    proof: Assurance = Assurance.NONE
    card_pin: ScheduleId | None = None
    two_person_s: float = 10.0
    passback_s: float = 900.0
    interlock: InterlockId | None = None
    modes: tuple[ScheduledMode, ...] = ()
    pre_alert_s: float = 10.0
    release: ReleaseId | None = None
    passback_alone: bool = False

    @property
    def asks_for_pin(self) -> bool:
        """Return whether a PIN is ever asked for here."""
        return self.pin or self.card_pin is not None

    def may_be(self, mode: DoorMode) -> bool:
        """Return whether the door can have a mode: one of an interlock group is never free, whoever says so."""
        return mode is not DoorMode.FREE or self.interlock is None


_IdT = TypeVar("_IdT", SpaceId, DoorId, ReaderId)
_ThingT = TypeVar("_ThingT", Space, Door, Reader)


class Building(msgspec.Struct, frozen=True):
    """The site as one graph. Build it with `of`; look-ups by id raise KeyError for what does not exist."""

    site: SiteId
    spaces: dict[SpaceId, Space]
    doors: dict[DoorId, Door]
    readers: dict[ReaderId, Reader]

    @classmethod
    def of(
        cls, site: SiteId, spaces: Iterable[Space], doors: Iterable[Door], readers: Iterable[Reader]
    ) -> "Building":
        """Build the graph; raise `BuildingError` naming the first part that does not fit."""
        building = cls(
            site,
            _index("space", ((space.id, space) for space in spaces)),
            _index("door", ((door.id, door) for door in doors)),
            _index("reader", ((reader.id, reader) for reader in readers)),
        )
        _check_tree(building)
        _check_doors(building)
        return building

    def path_up(self, space: SpaceId) -> tuple[SpaceId, ...]:
        """Return `space` and its ancestors, the leaf first."""
        path = [space]
        while (parent := self.spaces[path[-1]].parent) is not None:
            path.append(parent)
        return tuple(path)

    def children(self, space: SpaceId | None) -> tuple[Space, ...]:
        """Return the spaces right below `space` (the roots for None), in the file's order."""
        return tuple(child for child in self.spaces.values() if child.parent == space)

    def tree(self) -> dict[SpaceId | None, tuple[Space, ...]]:
        """Return what `children` says of every space that has any, and of None, in one walk."""
        below: dict[SpaceId | None, list[Space]] = {}
        for space in self.spaces.values():
            below.setdefault(space.parent, []).append(space)
        return {parent: tuple(children) for parent, children in below.items()}

    def leaves(self) -> tuple[Space, ...]:
        """Return the spaces without children, where people can be, in the file's order; not the outside."""
        parents = {space.parent for space in self.spaces.values()}
        return tuple(
            space
            for space in self.spaces.values()
            if space.id not in parents and space.kind is not SpaceKind.OUTSIDE
        )

    def level_of(self, space: SpaceId) -> SpaceId | None:
        """Return the level that `space` lies on or is; None above the levels and outside."""
        return next((step for step in self.path_up(space) if self.spaces[step].kind is SpaceKind.LEVEL), None)

    def passage(self, reader: ReaderId) -> tuple[SpaceId, SpaceId]:
        """Return the space that somebody passing at `reader` leaves and the one they reach."""
        side = self.readers[reader]
        door = self.doors[side.door]
        if side.direction is Direction.ENTRY:
            return door.outer, door.inner
        return door.inner, door.outer

    def subset(self, doors: Iterable[DoorId]) -> "Building":
        """Return what the computer of `doors` needs: these doors, their readers and the spaces above them."""
        kept = {door: self.doors[door] for door in sorted(set(doors))}
        needed = {
            step for door in kept.values() for side in (door.outer, door.inner) for step in self.path_up(side)
        }
        return Building(
            self.site,
            {space: self.spaces[space] for space in self.spaces if space in needed},
            kept,
            {reader.id: reader for reader in self.readers.values() if reader.door in kept},
        )


def _index(noun: str, things: Iterable[tuple[_IdT, _ThingT]]) -> dict[_IdT, _ThingT]:
    index: dict[_IdT, _ThingT] = {}
    for name, thing in things:
        if name in index:
            raise BuildingError(f"{noun} {name}: the id is used twice")
        index[name] = thing
    return index


def _check_tree(building: Building) -> None:
    for space in building.spaces.values():
        if space.parent is not None and space.parent not in building.spaces:
            raise BuildingError(f"space {space.id}: its parent {space.parent} does not exist")
    for space in building.spaces.values():
        _refuse_loop(building, space)


def _refuse_loop(building: Building, space: Space) -> None:
    seen = {space.id}
    above = space.parent
    while above is not None:
        if above in seen:
            raise BuildingError(f"space {space.id}: it lies inside itself, by way of {above}")
        seen.add(above)
        above = building.spaces[above].parent


def _check_doors(building: Building) -> None:
    inhabitable = {space.id for space in building.leaves()}
    inhabitable.update(space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE)
    for door in building.doors.values():
        for side in (door.outer, door.inner):
            if side not in building.spaces:
                raise BuildingError(f"door {door.id}: it leads to {side}, a space that does not exist")
            if side not in inhabitable:
                raise BuildingError(
                    f"door {door.id}: it leads to {side}, which has spaces inside it; name one of them"
                )
        if door.outer == door.inner:
            raise BuildingError(f"door {door.id}: both its sides are {door.inner}")
    for reader in building.readers.values():
        if reader.door not in building.doors:
            raise BuildingError(f"reader {reader.id}: its door {reader.door} does not exist")
