"""A whole Tuesday of the emulated KM0, and days when the controller is dead: plausible, bounded, never stuck."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from emulators.people.groups import Rhythm
from readers.ports import Input
from tests.emulators.people.lived import FOUR_IN_THE_MORNING, Days, live

UP_AT_NIGHT = {Rhythm.CAMPUS, Rhythm.ROUNDS}


@pytest.fixture(scope="module")
def tuesday() -> Days:
    return live(24)


def rhythms_inside(days: Days) -> Counter[Rhythm]:
    rhythms = {resident.person.id: resident.rhythm for resident in days.residents}
    return Counter(rhythms[person] for person in days.inside)


def mean(days: Days, space: str, since: float, until: float) -> float:
    """Average the count between two hours of the wall."""
    seen = [number for hours, number in days.counts(space) if since <= hours + 4 < until]
    return sum(seen) / len(seen)


def test_a_weekday_has_about_ten_thousand_taps(tuesday):
    assert 8_000 < len(tuesday.taps) < 12_000
    assert tuesday.passages > len(tuesday.taps)


def test_the_building_fills_in_the_morning_and_after_lunch_and_empties_at_night(tuesday):
    morning, lunch = mean(tuesday, "fonderie", 10, 11.5), mean(tuesday, "fonderie", 12.5, 13.1)
    afternoon = mean(tuesday, "fonderie", 14, 16)
    assert max(number for _, number in tuesday.counts("fonderie")) > 550
    assert morning > 450
    assert lunch < 0.9 * morning
    assert afternoon > 0.9 * morning
    assert mean(tuesday, "fonderie", 5, 6) < 10
    assert mean(tuesday, "fonderie", 20, 21) < 0.3 * afternoon


def test_the_restaurant_is_full_at_noon_and_the_fablab_in_the_evening(tuesday):
    busiest = max(tuesday.counts("restaurant"), key=lambda seen: seen[1])
    assert 12 <= busiest[0] + 4 < 13.5
    assert mean(tuesday, "restaurant", 15, 16) < 5
    assert mean(tuesday, "fablab", 19, 20.5) > 2 * mean(tuesday, "fablab", 9.5, 11.5)


def test_at_four_in_the_morning_only_night_students_and_a_guard_are_inside(tuesday):
    inside = rhythms_inside(tuesday)
    assert set(inside) <= UP_AT_NIGHT
    assert 0 < inside[Rhythm.CAMPUS] < 40
    assert inside[Rhythm.ROUNDS] == 1


def test_the_truth_is_never_negative_and_its_levels_agree(tuesday):
    assert tuesday.lowest == 0
    for _, seen in tuesday.minutes:
        assert seen["fonderie"] == seen["b23"] + seen["b24"]
        assert seen["outside"] == 0
    assert tuesday.minutes[-1][1]["fonderie"] == len(tuesday.inside)


def test_between_eight_and_seven_something_happens_every_few_seconds(tuesday):
    seen = sorted([at for at, _, _ in tuesday.taps] + [at for at, _, _ in tuesday.inputs])
    day = [at for at in seen if 4 <= (at - FOUR_IN_THE_MORNING).total_seconds() / 3600 < 15]
    assert 11 * 3600 / len(day) < 3
    assert max(later - at for at, later in pairwise(day)) < timedelta(minutes=3)


def test_doors_are_held_now_and_then_but_stand_open_no_longer_than_a_hand_holds_them(tuesday):
    opened: dict[str, datetime] = {}
    stood_s = []
    for at, door, what in tuesday.inputs:
        if what is Input.CONTACT_OPEN:
            opened[door] = at
        elif what is Input.CONTACT_CLOSED:
            stood_s.append((at - opened.pop(door)).total_seconds())
    assert 1 <= sum(open_s > 30 for open_s in stood_s) <= 15
    assert max(stood_s) < 180


def test_some_badges_are_strangers_and_some_were_reported_lost(tuesday):
    carried = {resident.carried for resident in tuesday.residents}
    owned = {badge.id for resident in tuesday.residents for badge in resident.badges}
    tapped = {uid for _, _, uid in tuesday.taps}
    assert len(tapped - owned) >= 4
    assert 1 <= len((tapped & owned) - carried) <= 3


def test_a_weekday_costs_a_few_seconds(tuesday):
    assert tuesday.cpu_s < 12  # 2 s on the machine it was written on: a slip into quadratic work would show


@pytest.mark.parametrize(
    ("start", "most"),
    [
        pytest.param(datetime(2026, 9, 20, 2, tzinfo=UTC), 60, id="sunday"),
        pytest.param(datetime(2026, 12, 25, 3, tzinfo=UTC), 60, id="christmas"),
    ],
)
def test_on_sundays_and_holidays_the_building_is_nearly_empty(start, most):
    days = live(24, start)
    assert 0 < max(number for _, number in days.counts("fonderie")) < most


def test_schools_stay_away_in_their_holidays(tuesday):
    holidays = live(14, datetime(2026, 10, 20, 2, tzinfo=UTC))
    assert mean(holidays, "epitech-lab", 9.5, 11.5) < 0.25 * mean(tuesday, "epitech-lab", 9.5, 11.5)
    assert mean(holidays, "proalpha", 9.5, 11.5) > 0.5 * mean(tuesday, "proalpha", 9.5, 11.5)


def test_when_the_controller_dies_in_the_afternoon_everybody_gets_home_all_the_same():
    days = live(24, count=300, controller_lives_h=11.0)
    assert mean(days, "fonderie", 14, 14.9) > 100
    assert set(rhythms_inside(days)) <= UP_AT_NIGHT
    assert days.lowest == 0


def test_in_front_of_a_dead_building_people_give_up_and_nobody_gets_in():
    days = live(24, count=300, controller_lives_h=0.0)
    assert days.passages == 0
    assert days.taps == []
    assert 300 < days.tried < 300 * 4 * 2  # everybody twice on two occasions, and a few strangers
    assert days.tried_last_hour == 0


def test_a_second_day_follows_the_first():
    days = live(36, count=200)
    second = [number for hours, number in days.counts("fonderie") if 30 < hours < 32]
    assert min(second) > 70
    assert days.lowest == 0


def test_people_who_begin_at_noon_come_from_outside_for_what_is_still_to_come():
    days = live(3, FOUR_IN_THE_MORNING + timedelta(hours=8), count=300)
    counted = days.counts("fonderie")
    assert counted[0][1] < 10
    assert counted[-1][1] > 80
