"""Seats in flight: one a person and door, free again when the door has reported or its time is over."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.ids import DoorId, PersonId, ReaderId, SpaceId
from policies.presence import Seats
from policies.presence.seats import gained, held_for
from tests.small_site import BUILDING, NOON

ADA, BOB = PersonId("ada"), PersonId("bob")
FRONT, ROOM = DoorId("front"), DoorId("room")
FRONT_IN, FRONT_OUT, ROOM_IN = ReaderId("front-in"), ReaderId("front-out"), ReaderId("room-in")
HALL, SITE = SpaceId("hall"), SpaceId("site")
SECOND = timedelta(seconds=1)


def test_going_in_gains_the_spaces_that_one_was_not_in():
    assert gained(BUILDING, FRONT_IN) == (HALL, SITE)
    assert gained(BUILDING, ROOM_IN) == (SpaceId("room"),)
    assert gained(BUILDING, FRONT_OUT) == (SpaceId("outside"),)


def test_whoever_asks_again_at_the_same_door_does_not_stand_in_their_own_way():
    seats = Seats(BUILDING)
    seats.hold(ADA, FRONT_IN, NOON)
    assert seats.held(HALL, BOB, FRONT) == 1
    assert seats.held(HALL, ADA, FRONT) == 0
    assert seats.held(HALL, ADA, ROOM) == 1
    seats.hold(ADA, FRONT_IN, NOON + SECOND)
    assert seats.held(HALL, None, FRONT) == 1


def test_a_seat_ends_with_the_doors_report_but_not_with_an_older_one():
    seats = Seats(BUILDING)
    seats.hold(ADA, FRONT_IN, NOON)
    assert not seats.end(ADA, FRONT, NOON - SECOND)
    assert seats.end(ADA, FRONT, NOON + SECOND)
    assert not seats.end(ADA, FRONT, NOON + SECOND)
    assert (len(seats), seats.held(SITE, None, FRONT)) == (0, 0)


def test_a_seat_nobody_reports_about_is_held_no_longer_than_its_door_may_take():
    seats, lasts = Seats(BUILDING), held_for(BUILDING.doors[FRONT])
    seats.hold(ADA, FRONT_IN, NOON)
    seats.hold(ADA, FRONT_IN, NOON + SECOND)
    seats.expire(NOON + lasts)
    assert seats.held(HALL, None, FRONT) == 1
    seats.expire(NOON + lasts + SECOND)
    assert (len(seats), seats.held(HALL, None, FRONT)) == (0, 0)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "hold briefly", "end", "expire"]),
        st.sampled_from([ADA, BOB]),
        st.sampled_from([FRONT_IN, ROOM_IN]),
        st.integers(0, 30),
    ),
    max_size=40,
)


@given(STEPS)
def test_what_is_counted_is_what_is_held(steps):
    seats, at = Seats(BUILDING), NOON
    model = {}
    for what, person, reader, wait_s in steps:
        at += timedelta(seconds=wait_s)
        door = BUILDING.readers[reader].door
        if what.startswith("hold"):
            lasts = SECOND * 5 if what == "hold briefly" else held_for(BUILDING.doors[door])
            seats.hold(person, reader, at, lasts)
            model[person, door] = reader, at + lasts
        elif what == "end":
            assert seats.end(person, door) is (model.pop((person, door), None) is not None)
        else:
            seats.expire(at)
            model = {key: held for key, held in model.items() if held[1] > at}
        assert len(seats) == len(model)
        for space in BUILDING.spaces:
            expected = sum(space in gained(BUILDING, held[0]) for held in model.values())
            assert seats.held(space, None, FRONT) == expected
