"""Latencies: compact, within a sixteenth of what was measured, of the last hour or two, by door and stage."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from access.authorize.latency import PERIOD, STAGES, Histogram, Latency
from policies.ids import DoorId
from tests.small_site import NOON

FRONT, ROOM = DoorId("front"), DoorId("room")


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_quantile_is_within_a_sixteenth_of_the_exact_one(durations, share):
    histogram = Histogram()
    for duration in durations:
        histogram.note(duration)
    exact = sorted(durations)[max(round(share * len(durations)), 1) - 1]
    assert exact <= histogram.quantile(share) <= exact + exact / 16 + 1
    assert histogram.worst == max(durations)
    assert histogram.within(max(durations) * 2) == len(durations)


def test_two_histograms_together_are_the_histogram_of_both():
    apart, whole = (Histogram(), Histogram()), Histogram()
    for number, duration in enumerate(range(0, 5_000, 7)):
        apart[number % 2].note(duration)
        whole.note(duration)
    apart[0].add(apart[1])
    assert all(getattr(apart[0], each) == getattr(whole, each) for each in Histogram.__slots__)


def test_a_tap_is_told_by_stage_and_a_missed_deadline_beside_them():
    latency = Latency()
    assert latency.of(FRONT) is None
    latency.note(FRONT, NOON, (1.0, 1.25, 1.375, 1.5))
    latency.miss(FRONT, NOON)
    told = latency.of(FRONT)
    assert told is not None
    assert (told.since, told.misses, tuple(told.stages)) == (NOON, 1, STAGES)
    worst = {stage: each.worst_us for stage, each in told.stages.items()}
    assert worst == {"wait": 250_000, "decide": 125_000, "keep": 125_000, "total": 500_000}
    assert latency.of(ROOM) is None
    assert latency.site()["total"].n == 1


def test_what_is_older_than_two_periods_is_forgotten():
    latency = Latency()
    latency.note(FRONT, NOON, (0.0, 1.0, 1.0, 1.0))
    latency.note(FRONT, NOON + PERIOD, (0.0, 0.001, 0.001, 0.001))
    told = latency.of(FRONT)
    assert told is not None
    assert told.stages["total"].n == 2
    latency.note(FRONT, NOON + 2 * PERIOD + timedelta(minutes=1), (0.0, 0.001, 0.001, 0.001))
    told = latency.of(FRONT)
    assert told is not None
    assert (told.stages["total"].n, told.since) == (2, NOON + PERIOD)
    assert told.stages["total"].worst_us < 2_000
    assert (latency.site()["total"].n, latency.site()["total"].worst) == (3, 1_000_000)
