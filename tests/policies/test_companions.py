"""Who is company at a door: those who went in a moment ago by a right of their own."""

from datetime import timedelta

from policies.ids import DoorId, PersonId
from policies.presence.companions import Entrants
from tests.small_site import BUILDING, NOON

ADA, ROOM = PersonId("ada"), BUILDING.doors[DoorId("room")]


def test_whoever_went_in_is_company_for_the_doors_few_seconds_and_not_until_a_clock_that_was_set_back():
    entrants = Entrants()
    entrants.note(ROOM, ADA, NOON)
    seconds = (0, 9, 10, -50 * 60, -10, -9)
    told = [entrants.of(ROOM, NOON + timedelta(seconds=after)) for after in seconds]
    assert told == [(ADA,), (ADA,), (), (), (), (ADA,)]
