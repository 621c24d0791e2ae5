"""The roll-call after an edit of the building: whoever was in a space that is gone is still to be accounted for."""

from contextlib import closing

from access.services import open_services
from access.services.people import PersonRecord
from access.services.rollcall import Unnamed, lines_and_total
from access.store import occupancy
from policies.ids import DoorId, PersonId, SpaceId
from policies.presence import Cause, Doubt, Passage
from policies.roster import ResidentType
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES, without_the_room

SITE, HALL, ROOM = SpaceId("site"), SpaceId("hall"), SpaceId("room")
BOB = PersonId("bob")


def test_whoever_may_be_in_a_space_that_is_gone_stands_at_the_end_of_the_roll_call(sqlite_url, tmp_path):
    seen = Passage(NOON, DESK, 1, 1, DoorId("room"), HALL, ROOM, BOB)
    with (
        closing(open_services(sqlite_url, BUILDING, POLICY, SCOPES, tmp_path / "key")) as before,
        before.database.writing() as session,
    ):
        occupancy.save_presence(session, NOON, (), {BOB: Doubt(seen, NOON, Cause.QUIET_HOUR)})
    scopes = {EDGE: (DoorId("front"),)}
    with closing(open_services(sqlite_url, without_the_room(), POLICY, scopes, tmp_path / "key")) as after:
        listed = after.rollcall.now(after.rollcall.look(), "drill", "warden", NOON)
        assert [(one.person, one.space, one.confirmed) for one in listed] == [(BOB, ROOM, False)]
        opened = after.rollcall.open(after.rollcall.look(), "warden", NOON, is_drill=True)
        assert after.rollcall.follow(opened).people == listed


def test_a_roll_call_is_by_name_whatever_accents_names_have(sqlite_url, tmp_path):
    names = {"p-1": "Zoé", "p-2": "Élodie", "p-3": "adèle", "p-4": "Émile"}
    people = [PersonRecord(PersonId(one), ResidentType.STAFF, name=name) for one, name in names.items()]
    doubts = {
        one.id: Doubt(Passage(NOON, DESK, 1, 1, DoorId("front"), SITE, HALL, one.id), NOON, Cause.QUIET_HOUR)
        for one in people
    }
    with closing(open_services(sqlite_url, BUILDING, POLICY, SCOPES, tmp_path / "key")) as before:
        before.people.add(people, "test", NOON)
        with before.database.writing() as session:
            occupancy.save_presence(session, NOON, (), doubts)
    with closing(open_services(sqlite_url, BUILDING, POLICY, SCOPES, tmp_path / "key")) as after:
        listed = after.rollcall.now(after.rollcall.look(), "drill", "warden", NOON)
        assert [one.name for one in listed] == ["adèle", "Élodie", "Émile", "Zoé"]


def test_a_space_that_is_gone_is_a_line_of_a_kept_roll_call_and_within_its_whole():
    site, hall, room = (Unnamed(space, count, 0, 9) for space, count in ((SITE, 5), (HALL, 3), (ROOM, 2)))
    building = without_the_room()
    assert lines_and_total(building, (site, hall, room)) == ((hall, room), (site,))
    assert lines_and_total(building, (hall, room)) == ((hall, room), (hall,))
    assert lines_and_total(building, (room,)) == ((room,), (room,))
    assert lines_and_total(BUILDING, (site, hall, room)) == ((hall, room), (site,))
