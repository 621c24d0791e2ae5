"""A release by the building's own wiring: nobody expires, who was inside then is kept, in whatever order it is told."""

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from policies.ids import DoorId
from policies.presence import Act, Presence
from tests.policies.test_presence_corrections import ADA, BOB, EVE, EXPIRY, HALL, HOUSE, MORNING, Day

FRONT, LAB = DoorId("front"), DoorId("lab")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def test_who_was_inside_at_a_release_is_kept_whoever_leaves_or_comes_after():
    day = Day().went(1, ADA, "front").went(1, EVE, "front")
    day.said(2, Act.ALARM_BEGAN, door=FRONT).went(2.1, EVE, "front", out=True).went(2.2, BOB, "front")
    presence = day.after(3)
    assert presence.freeze is not None
    assert presence.freeze.since == MORNING + hours(2)
    assert set(presence.freeze.inside) == {ADA, EVE}
    assert set(presence.inside) == {ADA, BOB}


def test_who_was_only_inferred_to_have_left_before_the_release_is_kept_apart():
    day = Day().went(0, EVE, "front").went(11, ADA, "front").said(12, Act.ALARM_BEGAN, door=FRONT)
    freeze = day.after(13).freeze
    assert freeze is not None
    assert (set(freeze.inside), set(freeze.doubts)) == ({ADA}, {EVE})


def test_a_release_is_over_when_the_last_of_its_doors_is_re_armed():
    day = Day().went(0, EVE, "front")
    day.said(1, Act.ALARM_BEGAN, door=FRONT).said(2, Act.ALARM_BEGAN, door=LAB)
    assert day.after(12).inside == {EVE: HALL}, "ten hours are her limit, but for the release"
    day.said(13, Act.ALARM_ENDED, door=FRONT)
    presence = day.after(13.5)
    assert presence.inside == {EVE: HALL}
    assert dict(presence.released) == {LAB: MORNING + hours(2)}
    day.said(14, Act.ALARM_ENDED, door=LAB)
    presence = day.after(14.5)
    assert presence.inside == {}
    assert set(presence.doubts) == {EVE}, "and she stays to be accounted for"
    assert presence.freeze is None


def test_a_release_that_nobody_ends_holds_nothing_up_after_a_day():
    day = Day().went(0, EVE, "front").said(1, Act.ALARM_BEGAN, door=FRONT)
    assert day.after(24.9).inside == {EVE: HALL}
    presence = day.after(25.5)
    assert presence.inside == {}
    assert presence.freeze is None


def test_an_end_without_a_beginning_changes_nothing():
    day = Day().went(0, ADA, "front").said(1, Act.ALARM_ENDED, door=FRONT)
    assert day.after(2).freeze is None
    assert day.after(2).inside == {ADA: HALL}


@given(st.integers(0, 2**32))
def test_whatever_order_a_release_and_passages_are_told_in_the_list_is_the_same(seed):
    draw = random.Random(seed)
    day = Day()
    for _ in range(12):
        at = draw.uniform(0, 40)
        match draw.randrange(3):
            case 0:
                day.went(at, draw.choice((ADA, BOB, EVE, None)), "front", out=draw.random() < 0.4)
            case 1:
                day.said(at, Act.ALARM_BEGAN, door=draw.choice((FRONT, LAB)))
            case _:
                day.said(at, draw.choice((Act.ALARM_ENDED, Act.ALARM_BEGAN)), door=draw.choice((FRONT, LAB)))
    expected = day.after(41)
    shuffled = draw.sample(day.log, len(day.log))
    presence = Presence(HOUSE, EXPIRY)
    for cut in range(0, len(shuffled), 3):
        presence.add(shuffled[cut : cut + 3])
        presence.advance(MORNING + hours(draw.uniform(0, 41)))
        presence.add(draw.sample(shuffled[:cut], min(cut, 2)))
    presence.advance(MORNING + hours(41))
    assert presence.freeze == expected.freeze
    assert dict(presence.released) == dict(expected.released)
    assert presence.inside == expected.inside
    assert dict(presence.doubts) == dict(expected.doubts)
