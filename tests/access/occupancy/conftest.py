"""A small building: two levels, five rooms, two ways in."""

import pytest

from policies.building import Building, Door, Label, Plan, Reader, Space, SpaceKind, Spot
from policies.ids import DoorId, ReaderId, SiteId, SpaceId
from policies.request import Direction


def _space(name, kind=SpaceKind.ROOM, parent=None, capacity=None, plan=None):
    return Space(
        SpaceId(name),
        Label(f"{name} (fr)", f"{name} (en)"),
        kind,
        SpaceId(parent) if parent else None,
        capacity,
        plan=plan,
    )


def _door(name, outer, inner, x, y):
    return Door(
        DoorId(name), Label(f"porte {name}", f"{name} door"), SpaceId(outer), SpaceId(inner), spot=Spot(x, y)
    )


def small_building() -> Building:
    doors = [
        _door("main", "outside", "hall", 0, 10),
        _door("back", "outside", "hall", 40, 10),
        _door("lab", "hall", "lab", 10, 8),
        _door("stairs", "hall", "landing", 20, 8),
        _door("office", "landing", "office", 20, 8),
    ]
    readers = [Reader(ReaderId(f"{door.id}-in"), door.id, Direction.ENTRY) for door in doors]
    readers += [Reader(ReaderId(f"{name}-out"), DoorId(name), Direction.EXIT) for name in ("main", "back")]
    return Building.of(
        SiteId("small"),
        [
            _space("outside", SpaceKind.OUTSIDE),
            _space("house", SpaceKind.BUILDING, capacity=60),
            _space("ground", SpaceKind.LEVEL, "house", 50, Plan(0, 0, 40, 20)),
            _space("hall", SpaceKind.ROOM, "ground", 40, Plan(0, 8, 40, 12)),
            _space("lab", SpaceKind.ROOM, "ground", 4, Plan(0, 0, 20, 8)),
            _space("first", SpaceKind.LEVEL, "house", None, Plan(0, 0, 40, 20)),
            _space("landing", SpaceKind.ROOM, "first", None, Plan(0, 8, 40, 12)),
            _space("office", SpaceKind.ROOM, "first", 10, Plan(0, 0, 40, 8)),
        ],
        doors,
        readers,
    )


@pytest.fixture
def building() -> Building:
    return small_building()
