"""Contestants timed side by side: single calls, rounds interleaved, so that a busy machine is unfair to all alike."""

import gc
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter_ns
from typing import TypeVar

from access.bench.report import Result, result

ROUNDS = 7
"""Five or more, so that one bad round moves no median; an odd number has a middle one."""

FirstT = TypeVar("FirstT")
SecondT = TypeVar("SecondT")

_WARM_UP_CALLS = 300
_NS_PER_S = 1_000_000_000


def measure(
    contestants: Mapping[str, Callable[[FirstT, SecondT], object]],
    calls: Sequence[tuple[FirstT, SecondT]],
    seconds: float,
) -> dict[str, Result]:
    """Time each contestant on the same `calls`, in rounds; return the medians of the rounds.

    Every contestant gets the same time a round, so a slow one makes fewer calls. One pair of clock readings encloses
    one call. Garbage is collected between the rounds and not within, as it is nobody's call.
    """
    share_ns = int(seconds / ROUNDS / len(contestants) * _NS_PER_S)
    for contest in contestants.values():
        _round(contest, calls[:_WARM_UP_CALLS], share_ns)
    rounds: dict[str, list[Result]] = {name: [] for name in contestants}
    gc.collect()
    gc.freeze()  # what is there already need not be looked through between the rounds
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for name, contest in contestants.items():
                rounds[name].append(result(_round(contest, calls, share_ns)))
                gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return {name: median_of(each) for name, each in rounds.items()}


def _round(
    contest: Callable[[FirstT, SecondT], object], calls: Sequence[tuple[FirstT, SecondT]], share_ns: int
) -> list[int]:
    times: list[int] = []
    end = perf_counter_ns() + share_ns
    for first, second in calls:
        begin = perf_counter_ns()
        contest(first, second)
        done = perf_counter_ns()
        times.append(done - begin)
        if done > end:
            break
    return times


def median_of(rounds: Sequence[Result]) -> Result:
    """Return the medians of the rounds, figure by figure; `n` is their sum."""
    return Result(
        sum(each.n for each in rounds),
        median(each.p50_us for each in rounds),
        median(each.p99_us for each in rounds),
        median(each.p999_us for each in rounds),
        median(each.max_us for each in rounds),
        median(each.per_s for each in rounds),
    )
