"""Who may be inside: a release keeps the list as it was, tells exits apart, and ends when its doors are re-armed."""

import random
from datetime import timedelta

from access.occupancy.live import LiveBuilding
from access.occupancy.muster import Left, Sight, Unnamed, sight
from policies.building import Building
from policies.ids import DoorId, PersonId, SpaceId
from readers.wire.events import Event, EventType
from tests.live_events import NINE, event, passage

ADA, BOB, EVE = map(PersonId, ("ada", "bob", "eve"))
HALL, LAB = SpaceId("hall"), SpaceId("lab")
MAIN = DoorId("main")


def seen(building: Building, *events: Event) -> Sight:
    live = LiveBuilding(building)
    live.take(random.Random(1).sample(events, len(events)))
    assert live.ignored == 0
    live.advance(NINE + timedelta(minutes=10))
    return sight(live)


BEFORE = (
    passage(1, "ada", "main", "outside", "hall"),
    passage(2, "bob", "main", "outside", "hall"),
    passage(3, "ada", "lab", "hall", "lab"),
)
FIRE = event(10, EventType.DOOR_RELEASED, "main", cause="released")
AFTER = (
    passage(11, "bob", "main", "hall", "outside"),
    passage(12, "eve", "back", "outside", "hall", source="edge-2"),
    passage(13, None, "lab", "lab", "hall"),
)


def test_who_was_inside_at_a_release_stays_on_the_list_and_exits_are_told_apart(building: Building) -> None:
    found = seen(building, *BEFORE, FIRE, *AFTER)
    assert found.release is not None
    assert (found.release.since, found.release.doors) == (FIRE.at, (MAIN,))
    assert {person: last.target for person, last in found.inside.items()} == {
        ADA: "lab",
        BOB: "hall",
        EVE: "hall",
    }
    assert found.left == {BOB: Left(AFTER[0].at, MAIN)}


def test_whoever_comes_back_in_is_inside_again(building: Building) -> None:
    back = passage(20, "bob", "main", "outside", "hall")
    assert seen(building, *BEFORE, FIRE, *AFTER, back).left == {}


def test_whom_an_operator_says_to_be_out_stays_listed_as_gone_by_no_door(building: Building) -> None:
    said = event(20, EventType.PERSON_REMOVED, person="ada")
    found = seen(building, *BEFORE, FIRE, said)
    assert found.left == {ADA: Left(said.at, None)}
    assert ADA in found.inside


def test_without_a_release_whoever_left_is_on_no_list(building: Building) -> None:
    found = seen(building, *BEFORE, *AFTER)
    assert (set(found.inside), found.left, found.release) == ({ADA, EVE}, {}, None)


def test_when_the_door_is_re_armed_the_list_moves_again(building: Building) -> None:
    rearmed = event(30, EventType.ALARM_CLEARED, "main", cause="released")
    held = event(31, EventType.ALARM_CLEARED, "main", cause="held")
    assert set(seen(building, *BEFORE, FIRE, *AFTER, rearmed, held).inside) == {ADA, EVE}
    assert seen(
        building, *BEFORE, FIRE, *AFTER, event(31, EventType.ALARM_CLEARED, "main", cause="held")
    ).release


def test_a_walk_test_of_the_green_box_freezes_nothing(building: Building) -> None:
    tried = event(10, EventType.DOOR_RELEASED, "main", cause="maintenance")
    assert seen(building, *BEFORE, tried, *AFTER).release is None


def test_who_is_counted_and_known_by_no_name_is_told_beside_the_list_and_never_below_nobody(
    building: Building,
) -> None:
    counted = event(20, EventType.COUNT_SET, space="hall", number=12)
    found = seen(building, *BEFORE, counted)
    assert len(found.inside) == 2, "one in the hall, one in the lab"
    assert found.unnamed[HALL].count == 11
    assert found.unnamed[LAB] == Unnamed(0, 0, 0)
    assert found.unnamed[SpaceId("house")].count == 11
    fewer = seen(building, *BEFORE, *(passage(n, None, "lab", "lab", "hall") for n in (21, 22, 23)))
    assert all(0 <= one.low <= one.count <= one.high for one in fewer.unnamed.values())
    assert fewer.unnamed[LAB].count == 0
