"""Garbage is looked for through everything when nobody taps, never while they do, and in the end all the same."""

import asyncio
import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from access.site.calm import DUE, OVERDUE, QUIET_S, calm, collect
from emulators.clock import LoopClock, run_virtually
from tests.small_site import NOON


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    threshold, turn = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(turn)
    gc.unfreeze()
    gc.enable()


class Knot:
    """Garbage that no reference count frees."""

    def __init__(self) -> None:
        self.itself = self


def aged(looks: int) -> "weakref.ref[Knot]":
    """Return a knot that grew old while it was held, and so many looks at what is younger since."""
    knot = Knot()
    for _ in range(looks):
        gc.collect(1)
    return weakref.ref(knot)


def test_the_interpreter_looks_through_everything_no_more_by_itself() -> None:
    calm()
    knot, before = aged(3), gc.get_stats()[2]["collections"]
    for _ in range(60):
        gc.collect(1)
    assert gc.get_threshold()[2] > 1_000_000
    assert (knot() is not None, gc.get_stats()[2]["collections"]) == (True, before)


@pytest.mark.parametrize(
    ("looks", "taps", "is_found"),
    [(DUE - 1, False, False), (DUE, False, True), (DUE, True, False), (OVERDUE, True, True)],
)
def test_everything_is_looked_through_when_it_is_due_and_nobody_taps_or_overdue(
    looks: int, taps: bool, is_found: bool
) -> None:
    async def scene() -> bool:
        recorded = 0

        def place() -> int:
            nonlocal recorded
            recorded += taps
            return recorded

        clock = LoopClock(asyncio.get_running_loop(), NOON)
        gc.disable()
        collecting = asyncio.create_task(collect(clock, place))
        await clock.sleep(QUIET_S / 2)
        knot = aged(looks)
        await clock.sleep(QUIET_S)
        collecting.cancel()
        return knot() is None

    assert run_virtually(scene()) is is_found
