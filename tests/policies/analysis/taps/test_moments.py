"""Moments: every quarter-hour is in one of them, and each schedule is open there as schedule.py says."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.analysis.taps.hours import QUARTERS_A_DAY, Days, Span, span_of
from policies.analysis.taps.moments import Clock
from policies.conditions import is_whole
from policies.policy import Policy
from policies.schedule import Schedule, Weekday, Window, is_open
from tests.policies import strategies as some
from tests.policies.strategies import SCHEDULES, TERMS

few = settings(max_examples=25)
SPANS = [Span(date(2026, *day), 5) for day in ((3, 26), (4, 1), (9, 13), (10, 23), (12, 29))]


def policy_of(*schedules: Schedule) -> Policy:
    return Policy("any", {}, {each.id: each for each in schedules}, TERMS, ())


def test_the_years_of_the_calendar_and_a_week_on_either_side_are_looked_at():
    span = span_of([policy_of()])
    first, last = span.first, span.first + timedelta(days=span.days - 1)
    assert (first, last) == (date(2025, 12, 24), date(2027, 1, 3))


@few
@given(some.schedules(SCHEDULES[0]).filter(lambda each: is_whole(each, policy_of())))
def test_a_schedule_is_open_in_the_quarters_in_which_it_is_open(schedule):
    for span in SPANS:
        quarters = int.from_bytes(Days(TERMS, span).open_quarters(schedule), "little")
        for number in range(span.days * QUARTERS_A_DAY):
            assert quarters >> number & 1 == is_open(schedule, TERMS, span.at(number)), span.at(number)


@few
@given(some.policies(), some.policies())
def test_moments_part_all_time_and_each_is_shown_by_an_instant_of_its_own(one, other):
    clock = Clock([one, other])
    moments = clock.moments
    assert all(not first.quarters & second.quarters for first, second in combinations(moments, 2))
    spread = [clock.spread(moment.quarters) for moment in moments]
    assert all(sum(day) == (1 << QUARTERS_A_DAY) - 1 for day in zip(*spread, strict=True))
    for moment in moments:
        for side, policy in enumerate((one, other)):
            for name, schedule in policy.schedules.items():
                column = clock.column(side, name)
                assert column is not None
                expected = is_whole(schedule, policy) and is_open(schedule, policy.calendar, moment.at)
                assert bool(moment.open >> column & 1) == expected


@few
@given(some.policies(), st.integers(0, 366 * QUARTERS_A_DAY))
def test_any_instant_is_in_a_moment_whose_schedules_are_open_at_it(policy, quarter):
    clock = Clock([policy])
    day, inside = divmod(quarter, QUARTERS_A_DAY)
    moment = next(each for each in clock.moments if clock.spread(each.quarters)[day] >> inside & 1)
    for name, schedule in policy.schedules.items():
        column = clock.column(0, name)
        assert column is not None
        expected = is_whole(schedule, policy) and is_open(schedule, policy.calendar, clock.span.at(quarter))
        assert bool(moment.open >> column & 1) == expected


def test_two_schedules_that_are_always_open_together_make_no_moments_of_their_own():
    daily = Schedule(SCHEDULES[0], (Window(tuple(Weekday), 8 * 60, 9 * 60),), on_holidays=True)
    same = msgspec.structs.replace(daily, id=SCHEDULES[1])
    assert len(Clock([policy_of(daily, same)]).moments) == 2


def test_a_moment_is_shown_after_the_day_that_one_asks_for_where_it_still_comes():
    daily = Schedule(SCHEDULES[0], (Window(tuple(Weekday), 8 * 60, 9 * 60),))
    once = Schedule(
        SCHEDULES[1], (Window(tuple(Weekday), 0, 60),), begins=date(2026, 2, 2), ends=date(2026, 2, 3)
    )
    shown = [
        moment.at for moment in Clock([policy_of(daily, once)], datetime(2026, 9, 18, 12, tzinfo=UTC)).moments
    ]
    assert shown == [
        datetime(2026, 2, 1, 23, tzinfo=UTC),
        datetime(2026, 9, 19, 0, tzinfo=UTC),
        datetime(2026, 9, 19, 6, tzinfo=UTC),
    ]
