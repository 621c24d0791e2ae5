"""The shipped building: it loads, hangs together as a place, and lets its residents work."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

import policies
from policies.building import Building, Plan, Space, SpaceKind
from policies.engine import Engine
from policies.ids import BadgeId, CertificationId, PersonId, SpaceId, TierId
from policies.loader import load
from policies.request import NO_VIEW, AccessRequest, Assurance, Direction
from policies.roster import Badge, BadgeKind, Certification, Person, ResidentType, Roster

BUILDING, POLICY = load(Path(policies.__file__).parent / "km0")
TUESDAY_10 = datetime(2026, 9, 15, 8, tzinfo=UTC)
TUESDAY_3 = datetime(2026, 9, 15, 1, tzinfo=UTC)
SUNDAY_15 = datetime(2026, 9, 20, 13, tzinfo=UTC)

TIERS_OF = {
    ResidentType.STARTUP: ("module-tenant", "company-village-ca"),
    ResidentType.STUDENT: ("school-cnam", "school-epitech", "school-42", "school-uha40"),
    ResidentType.CORPORATE: (
        "company-credit-agricole",
        "company-e-nov",
        "company-armadeus",
        "company-proalpha",
    ),
    ResidentType.COWORKER: ("coworking-flex", "coworking-fixed"),
    ResidentType.MAKER: ("fablab-member",),
    ResidentType.VISITOR: ("visitor-day",),
    ResidentType.STAFF: ("staff", "facility"),
    ResidentType.SECURITY: ("security",),
    ResidentType.CONTRACTOR: ("contractor", "contractor-cleaning"),
    ResidentType.EMERGENCY: ("emergency",),
}
EVERYBODY = [(kind, tier) for kind, tiers in TIERS_OF.items() for tier in tiers]
RESTRICTED = {"server-room", "laser-room", "wood-shop", "technical-room"}
NAMED_THERE = {
    "server-room": {"facility", "security", "emergency"},
    "technical-room": {"facility", "security", "emergency"},
    "laser-room": {"security", "emergency"},
    "wood-shop": {"security", "emergency"},
}


def entered(kind: ResidentType, tier: str, at: datetime, *trained: str, alone: bool = False) -> set[str]:
    """Return the spaces whose door opens to somebody with this type and tier, on their best badge.

    Unless `alone`, somebody with the same rights has come along.
    """
    certifications = tuple(Certification(CertificationId(name)) for name in trained)
    person = Person(PersonId("p"), kind, tiers=(TierId(tier),), certifications=certifications)
    other = msgspec.structs.replace(person, id=PersonId("q"))
    badge, company = BadgeId("b"), () if alone else (other.id,)
    engine = Engine(
        POLICY, BUILDING, Roster.of([person, other], [Badge(badge, BadgeKind.DESFIRE, person.id)])
    )
    return {
        BUILDING.passage(reader.id)[1]
        for reader in BUILDING.readers.values()
        if reader.direction is Direction.ENTRY
        and engine.decide(
            AccessRequest(at, reader.id, badge, Assurance.AUTHENTICATED, companions=company), NO_VIEW
        ).grants
    }


def walkable(spaces: set[str]) -> set[str]:
    """Return those of `spaces` that one reaches from the street through their doors."""
    reached = {"outside"}
    while True:
        more = {
            door.inner for door in BUILDING.doors.values() if door.outer in reached and door.inner in spaces
        }
        if more <= reached:
            return reached - {"outside"}
        reached |= more


def test_it_has_about_forty_doors_of_which_four_lead_in_and_eight_are_for_escape_only():
    outer = [door for door in BUILDING.doors.values() if door.outer == "outside"]
    sides = {door.id: [r.direction for r in BUILDING.readers.values() if r.door == door.id] for door in outer}
    assert 30 <= len(BUILDING.doors) <= 45
    assert sorted(d for d, found in sides.items() if len(found) == 2) == [
        "agora",
        "courtyard",
        "loading",
        "main-b23",
    ]
    escapes = {door.id for door in outer if not sides[door.id]}
    assert len(escapes) == 8
    assert all(BUILDING.doors[door].release_input and BUILDING.doors[door].contact for door in escapes)


def test_a_reader_is_named_by_its_door_and_way():
    ways = {Direction.ENTRY: "in", Direction.EXIT: "out"}
    for reader in BUILDING.readers.values():
        assert reader.id == f"{reader.door}-{ways[reader.direction]}"


def test_every_space_has_a_door_that_leads_into_it_and_can_be_walked_to():
    leaves = {str(space.id) for space in BUILDING.leaves()}
    assert walkable(leaves) == leaves


def test_every_room_with_people_has_a_capacity():
    assert [
        space.id
        for space in BUILDING.spaces.values()
        if space.kind is not SpaceKind.OUTSIDE and not space.capacity
    ] == []
    assert BUILDING.spaces[SpaceId("seminar-a")].capacity == 30
    assert BUILDING.spaces[SpaceId("restaurant")].capacity == 180
    assert 1000 <= (BUILDING.spaces[SpaceId("fonderie")].capacity or 0) <= 2000


def levels() -> list[Space]:
    return [space for space in BUILDING.spaces.values() if space.kind is SpaceKind.LEVEL]


def plan(building: Building, space: SpaceId) -> Plan:
    found = building.spaces[space].plan
    assert found is not None, space
    return found


def area(plan: Plan) -> float:
    return plan.width * plan.depth


def overlap(one: Plan, other: Plan) -> float:
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    depth = min(one.y + one.depth, other.y + other.depth) - max(one.y, other.y)
    return max(width, 0) * max(depth, 0)


def on_edge(plan: Plan, x: float, y: float) -> bool:
    right, bottom = plan.x + plan.width, plan.y + plan.depth
    inside = plan.x <= x <= right and plan.y <= y <= bottom
    return inside and (x in (plan.x, right) or y in (plan.y, bottom))


@pytest.mark.parametrize("level", levels(), ids=lambda level: level.id)
def test_the_rooms_of_a_level_fill_its_outline_without_overlapping(level):
    outline = plan(BUILDING, level.id)
    rooms = [plan(BUILDING, room.id) for room in BUILDING.children(level.id)]
    assert sum(map(area, rooms)) == pytest.approx(area(outline))
    for number, room in enumerate(rooms):
        assert overlap(room, outline) == pytest.approx(area(room))
        assert all(overlap(room, other) == 0 for other in rooms[:number])


def test_the_floors_add_up_to_the_published_area():
    assert sum(area(plan(BUILDING, level.id)) for level in levels()) == 11_506


@pytest.mark.parametrize("door", BUILDING.doors.values(), ids=lambda door: door.id)
def test_a_door_is_in_the_wall_between_its_spaces_or_in_the_outer_wall(door):
    assert door.spot is not None
    level = BUILDING.level_of(door.inner)
    assert level is not None
    assert on_edge(plan(BUILDING, door.inner), door.spot.x, door.spot.y)
    is_inner = BUILDING.level_of(door.outer) == level
    assert on_edge(plan(BUILDING, door.outer if is_inner else level), door.spot.x, door.spot.y)


def test_no_two_doors_are_in_the_same_place():
    places = [(BUILDING.level_of(door.inner), door.spot) for door in BUILDING.doors.values()]
    assert len({(level, spot.x, spot.y) for level, spot in places if spot}) == len(places)


@pytest.mark.parametrize(("kind", "tier"), EVERYBODY, ids=[tier for _, tier in EVERYBODY])
def test_everybody_gets_from_the_street_to_some_room_on_a_tuesday_at_ten(kind, tier):
    assert walkable(entered(kind, tier, TUESDAY_10)) - {"b23-0-hall", "b23-1-hall", "b23-2-hall"}


def test_every_tier_of_the_policy_is_somebodys():
    assert set(POLICY.tiers) == {tier for _, tier in EVERYBODY}


@pytest.mark.parametrize(("kind", "tier"), EVERYBODY, ids=[tier for _, tier in EVERYBODY])
@pytest.mark.parametrize("at", [TUESDAY_10, TUESDAY_3, SUNDAY_15])
def test_only_those_named_there_enter_the_restricted_spaces(kind, tier, at):
    assert {space for space in entered(kind, tier, at) if space in RESTRICTED} == {
        space for space, tiers in NAMED_THERE.items() if tier in tiers
    }


def test_the_trained_enter_the_machine_rooms_and_only_theirs():
    evening = datetime(2026, 9, 15, 16, tzinfo=UTC)
    assert walkable(entered(ResidentType.MAKER, "fablab-member", evening, "laser")) & RESTRICTED == {
        "laser-room"
    }
    assert walkable(entered(ResidentType.STARTUP, "module-tenant", TUESDAY_10, "wood")) & RESTRICTED == {
        "wood-shop"
    }


@pytest.mark.parametrize(("kind", "tier"), EVERYBODY, ids=[tier for _, tier in EVERYBODY])
def test_nobody_but_responders_enters_the_server_room_alone(kind, tier):
    enters = "server-room" in entered(kind, tier, TUESDAY_10, alone=True)
    assert enters == POLICY.tiers[TierId(tier)].responder


def test_the_laser_needs_a_second_person_unless_one_trains_others():
    evening = datetime(2026, 9, 15, 16, tzinfo=UTC)
    maker = ResidentType.MAKER, "fablab-member", evening
    assert "laser-room" not in entered(*maker, "laser", alone=True)
    assert "laser-room" in entered(*maker, "laser", "laser-trainer", alone=True)


@pytest.mark.parametrize("at", [TUESDAY_3, SUNDAY_15, datetime(2026, 12, 25, 12, tzinfo=UTC)])
def test_students_of_42_reach_their_cluster_at_any_hour(at):
    assert "cluster-42" in walkable(entered(ResidentType.STUDENT, "school-42", at))


def test_at_night_the_house_is_closed_to_all_who_do_not_live_or_watch_there():
    awake = {tier for kind, tier in EVERYBODY if walkable(entered(kind, tier, TUESDAY_3))}
    assert awake == {"school-42", "facility", "security", "emergency"}


def test_a_company_works_in_its_own_rooms_and_in_no_other_company_s():
    offices = {"village-ca", "credit-agricole", "e-nov", "armadeus", "proalpha"}
    for office in offices:
        assert walkable(entered(ResidentType.CORPORATE, f"company-{office}", TUESDAY_10)) & offices == {
            office
        }


def test_the_calendar_knows_the_days_that_only_alsace_and_moselle_keep():
    assert POLICY.calendar.is_holiday(date(2026, 4, 3))
    assert POLICY.calendar.is_holiday(date(2026, 12, 26))
