"""What is published of counts: no group under eleven, also for somebody who lays all views side by side."""

from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.occupancy.privacy import THRESHOLD, publish, step_before
from policies.building import Building, Label, Space, SpaceKind
from policies.ids import SiteId, SpaceId
from tests.live_events import NINE

NAME = Label("", "")


def tree(shape: list[int]) -> Building:
    """Return a site of buildings, each with that many rooms."""
    spaces = [
        Space(SpaceId("outside"), NAME, SpaceKind.OUTSIDE),
        Space(SpaceId("site"), NAME, SpaceKind.SITE),
    ]
    for number, rooms in enumerate(shape):
        house = SpaceId(f"house-{number}")
        spaces.append(Space(house, NAME, SpaceKind.BUILDING, SpaceId("site")))
        spaces += [Space(SpaceId(f"room-{number}-{room}"), NAME, parent=house) for room in range(rooms)]
    return Building.of(SiteId("site"), spaces, [], [])


def counted(building: Building, leaves: dict[SpaceId, int]) -> dict[SpaceId, int]:
    counts = dict.fromkeys(building.spaces, 0)
    for leaf, number in leaves.items():
        for step in building.path_up(leaf):
            counts[step] += number
    return counts


@st.composite
def worlds(draw):
    building = tree(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    numbers = st.one_of(st.integers(0, 14), st.integers(0, 60))
    return building, counted(building, {leaf.id: draw(numbers) for leaf in building.leaves()})


def solved(building: Building, shown: dict[SpaceId, int | None]) -> dict[SpaceId, Fraction]:
    """Return every count that follows from what is shown: each total is the sum of its parts (Gauss, exact)."""
    unknown = [space for space, number in shown.items() if number is None]
    rows = []
    for space in shown:
        children = [child.id for child in building.children(space)]
        if not children:
            continue
        row = [Fraction(0)] * (len(unknown) + 1)
        for name, sign in [(space, -1), *((child, 1) for child in children)]:
            number = shown[name]
            if number is None:
                row[unknown.index(name)] += sign
            else:
                row[-1] -= sign * number
        rows.append(row)
    return _reduced(rows, unknown)


def _reduced(rows, unknown) -> dict[SpaceId, Fraction]:
    place = 0
    for column in range(len(unknown)):
        pivot = next((row for row in range(place, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][column] for value in rows[place]]
        for other in range(len(rows)):
            if other != place and rows[other][column]:
                rows[other] = [
                    a - rows[other][column] * b for a, b in zip(rows[other], rows[place], strict=True)
                ]
        place += 1
    found = {}
    for row in rows:
        named = [column for column, value in enumerate(row[:-1]) if value]
        if len(named) == 1:
            found[unknown[named[0]]] = row[-1] / row[named[0]]
    return found


@settings(max_examples=300)
@given(worlds())
def test_no_group_under_the_threshold_is_shown_or_follows_from_what_is(world):
    building, counts = world
    shown = publish(building, counts)
    assert all(number is None or number >= THRESHOLD for number in shown.values())
    for space, number in solved(building, shown).items():
        assert number == counts[space]
        assert number >= THRESHOLD, space


@settings(max_examples=300)
@given(worlds())
def test_what_is_hidden_under_a_total_that_is_shown_is_two_groups_and_eleven_people_at_least(world):
    building, counts = world
    shown = publish(building, counts)
    for space, number in shown.items():
        hidden = [child.id for child in building.children(space) if shown[child.id] is None]
        if number is not None and hidden:
            assert len(hidden) >= 2
            assert sum(counts[child] for child in hidden) >= THRESHOLD


@settings(max_examples=200)
@given(worlds(), st.data())
def test_all_views_together_tell_no_more_than_one_publication(world, data):
    """Public pages show levels, each company its rooms: every view is a part of the same publication."""
    building, counts = world
    shown = publish(building, counts)
    views = [
        {space: shown[space] for space in data.draw(st.lists(st.sampled_from(sorted(shown)), unique=True))}
        for _ in range(4)
    ]
    together: dict[SpaceId, int | None] = dict.fromkeys(shown)
    for view in views:
        together.update({space: number for space, number in view.items() if number is not None})
    for space, number in solved(building, together).items():
        assert number >= THRESHOLD, space


def test_an_empty_building_tells_nothing_and_a_full_one_everything():
    building = tree([2, 2])
    empty = publish(building, counted(building, {}))
    assert set(empty.values()) == {None}
    full = counted(building, {leaf.id: 40 for leaf in building.leaves()})
    assert publish(building, full) == {space: full[space] for space in full if space != "outside"}


@pytest.mark.parametrize("seed", [7])
def test_a_day_of_publications_shows_one_number_a_quarter_hour(seed):
    random = Random(seed)
    for _ in range(50):
        at = NINE + timedelta(seconds=random.randrange(86_400))
        begins = step_before(at)
        assert begins <= at < begins + timedelta(minutes=15)
        assert (begins.minute % 15, begins.second, begins.microsecond) == (0, 0, 0)
