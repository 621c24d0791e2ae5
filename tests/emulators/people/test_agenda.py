"""Agendas, ways and strangers: pure plans that fit the building and always lead home."""

import random
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from emulators.people import population
from emulators.people.agenda import Almanac, Manner
from emulators.people.groups import Rhythm
from emulators.people.routes import Routes
from emulators.people.strangers import Deed, visits
from policies.ids import BadgeId, DoorId, SpaceId
from policies.request import Direction
from tests.emulators.people.lived import km0

SITE = km0()
ROUTES = Routes(SITE.building)
ALMANAC = Almanac(SITE.building, SITE.policy.calendar, ROUTES.outside)
RESIDENTS = population(SITE.building, SITE.policy, seed=7)
TUESDAY = date(2026, 9, 15)


@given(
    number=st.integers(0, len(RESIDENTS) - 1),
    day=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    seed=st.integers(0, 2**32),
)
def test_every_agenda_is_in_order_begins_inside_and_ends_outside(number, day, seed):
    stops = ALMANAC.agenda(RESIDENTS[number], number, day, random.Random(seed))
    if not stops:
        return
    assert all(earlier.minute <= later.minute for earlier, later in pairwise(stops))
    assert stops[0].space == RESIDENTS[number].home
    assert stops[-1].space == ROUTES.outside
    assert stops[0].minute >= 4 * 60
    assert stops[-1].minute < 32 * 60
    assert all(stop.space in SITE.building.spaces for stop in stops)


def test_a_guard_takes_every_shift_in_turn_and_some_guard_is_always_on():
    guards = [number for number, resident in enumerate(RESIDENTS) if resident.rhythm is Rhythm.ROUNDS]
    assert len(guards) == 4
    for ahead in range(8):
        day = TUESDAY + timedelta(days=ahead)
        shifts = [ALMANAC.agenda(RESIDENTS[guard], guard, day, random.Random(guard)) for guard in guards]
        arrivals = sorted(round(shift[0].minute / 60) for shift in shifts if shift)
        assert arrivals == [6, 14, 22]


def test_all_the_lapses_of_people_happen_in_a_week():
    manners: Counter[Manner] = Counter()
    for ahead in range(4):
        day = TUESDAY + timedelta(days=ahead)
        for number, resident in enumerate(RESIDENTS):
            draw = random.Random(f"{day} {number}")
            manners.update(stop.manner for stop in ALMANAC.agenda(resident, number, day, draw))
    assert set(manners) == set(Manner)
    assert manners[Manner.TAILGATING] < 0.04 * 4 * len(RESIDENTS)


def test_a_way_takes_the_fewest_doors_and_never_an_escape_door():
    way = ROUTES.between(SpaceId("outside"), SpaceId("cluster-42"))
    assert way is not None
    assert [hop.target for hop in way] == ["b23-0-hall", "b23-1-hall", "b23-2-hall", "cluster-42"]
    assert way[0].doors == ("main-b23", "courtyard")
    assert {hop.direction for hop in way} == {Direction.ENTRY}
    home = ROUTES.between(SpaceId("fablab"), SpaceId("outside"))
    assert home is not None
    assert [hop.doors for hop in home] == [("fablab",), ("agora",)]
    assert ROUTES.escape_from(SpaceId("fablab")) == "escape-b24-south"


def test_nobody_leaves_the_building_to_get_to_another_room_of_it():
    for origin in SITE.building.leaves():
        for target in SITE.building.leaves():
            way = ROUTES.between(origin.id, target.id)
            assert way is not None
            assert ROUTES.outside not in [hop.target for hop in way]


@given(seed=st.integers(0, 2**32))
def test_strangers_come_to_doors_from_outside_with_badges_unknown_or_lost(seed):
    lost = BadgeId("04000000000001")
    day = visits(SITE.building, ROUTES.outside, [lost], random.Random(seed))
    assert 1 <= sum(visit.badge == lost for visit in day) <= 3
    assert {visit.door for visit in day} <= set(map(DoorId, ("main-b23", "courtyard", "agora", "loading")))
    assert sum(visit.deed is Deed.FORCE for visit in day) <= 1
