"""The building's invariants: what cannot be walked through is refused when it is built."""

import pytest
from hypothesis import given

from policies.building import Building, Door, Reader, Space, SpaceKind
from policies.errors import BuildingError
from policies.ids import DoorId, ReaderId, SiteId, SpaceId
from policies.request import Direction
from tests.policies.strategies import NAME, buildings

OUTSIDE = Space(SpaceId("outside"), NAME, SpaceKind.OUTSIDE)
SITE = Space(SpaceId("site"), NAME, SpaceKind.SITE)
LEVEL = Space(SpaceId("level"), NAME, SpaceKind.LEVEL, SITE.id)
HALL, LAB = (Space(SpaceId(name), NAME, parent=LEVEL.id) for name in ("hall", "lab"))
SPACES = (OUTSIDE, SITE, LEVEL, HALL, LAB)
FRONT = Door(DoorId("front"), NAME, OUTSIDE.id, HALL.id)
INNER = Door(DoorId("lab"), NAME, HALL.id, LAB.id)
READERS = (
    Reader(ReaderId("front-in"), FRONT.id, Direction.ENTRY),
    Reader(ReaderId("front-out"), FRONT.id, Direction.EXIT),
    Reader(ReaderId("lab-in"), INNER.id, Direction.ENTRY),
)
HOUSE = Building.of(SiteId("house"), SPACES, (FRONT, INNER), READERS)


@pytest.mark.parametrize(
    ("spaces", "doors", "readers", "message"),
    [
        ((*SPACES, HALL), (), (), "space hall: the id is used twice"),
        (SPACES, (FRONT, FRONT), (), "door front: the id is used twice"),
        (SPACES, (FRONT,), (READERS[0], READERS[0]), "reader front-in: the id is used twice"),
        ((HALL,), (), (), "space hall: its parent level does not exist"),
        (
            (Space(SpaceId("a"), NAME, parent=SpaceId("b")), Space(SpaceId("b"), NAME, parent=SpaceId("a"))),
            (),
            (),
            "space a: it lies inside itself, by way of a",
        ),
        (
            SPACES,
            (Door(DoorId("d"), NAME, HALL.id, SpaceId("attic")),),
            (),
            "door d: it leads to attic, a space that",
        ),
        (
            SPACES,
            (Door(DoorId("d"), NAME, LEVEL.id, HALL.id),),
            (),
            "door d: it leads to level, which has spaces",
        ),
        (SPACES, (Door(DoorId("d"), NAME, HALL.id, HALL.id),), (), "door d: both its sides are hall"),
        (SPACES, (), (READERS[0],), "reader front-in: its door front does not exist"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused_by_name(spaces, doors, readers, message):
    with pytest.raises(BuildingError, match=message):
        Building.of(SiteId("house"), spaces, doors, readers)


def test_a_reader_says_what_is_left_and_what_is_reached():
    assert HOUSE.passage(ReaderId("lab-in")) == ("hall", "lab")
    assert HOUSE.passage(ReaderId("front-out")) == ("hall", "outside")


def test_people_can_be_in_leaves_only_and_the_outside_is_none():
    assert [space.id for space in HOUSE.leaves()] == ["hall", "lab"]


def test_a_path_leads_from_the_leaf_up_to_the_site():
    assert HOUSE.path_up(LAB.id) == ("lab", "level", "site")
    assert HOUSE.level_of(LAB.id) == "level"
    assert HOUSE.level_of(SITE.id) is None
    assert HOUSE.level_of(OUTSIDE.id) is None


def test_the_computer_of_one_door_gets_that_door_and_the_spaces_above_it_only():
    part = HOUSE.subset([INNER.id])
    assert set(part.doors) == {"lab"}
    assert set(part.readers) == {"lab-in"}
    assert set(part.spaces) == {"site", "level", "hall", "lab"}


@given(buildings())
def test_the_part_for_every_door_is_the_whole_but_for_spaces_without_doors(building):
    part = building.subset(building.doors)
    assert part.doors == building.doors
    assert part.readers == building.readers
    assert part.spaces.items() <= building.spaces.items()
