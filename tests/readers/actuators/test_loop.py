"""Supervised loops: what a voltage means, and what is told of a loop that is cut, bridged or not there."""

import asyncio
from pathlib import Path

import pytest

from readers.actuators.loop import POLL_S, LoopState, LoopWatch, state_of
from readers.hardware import Loop

FULL = 1023
DEADLINE_S = 5
STATES = {511: LoopState.SHUT, 682: LoopState.OPEN, 1023: LoopState.CUT, 0: LoopState.SHORT}


@pytest.mark.parametrize(
    ("resistance", "state"),
    [
        (0, LoopState.SHORT),
        (100, LoopState.SHORT),
        (1000, LoopState.SHUT),
        (2000, LoopState.OPEN),
        (100_000, LoopState.CUT),
    ],
)
def test_the_resistance_of_the_loop_behind_a_pull_up_tells_its_state(resistance, state):
    reading = round(FULL * resistance / (resistance + 1000))
    assert state_of(reading, Loop("", FULL)) is state


@pytest.mark.parametrize("tolerance", [0.95, 1.0, 1.05])
def test_resistors_of_five_per_cent_are_good_enough(tolerance):
    for resistance, state in ((1000, LoopState.SHUT), (2000, LoopState.OPEN)):
        reading = round(FULL * resistance * tolerance / (resistance * tolerance + 1000 / tolerance))
        assert state_of(reading, Loop("", FULL)) is state


async def test_every_state_that_lasts_is_told_once(tmp_path: Path):
    file, told = tmp_path / "in_voltage0_raw", asyncio.Queue[LoopState]()
    watch = LoopWatch(Loop(str(file), FULL), told.put_nowait, asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        assert await told.get() is LoopState.UNREADABLE
        for reading, state in STATES.items():
            file.write_text(f"{reading}\n")
            assert await told.get() is state
        file.write_text("no number\n")
        assert await told.get() is LoopState.UNREADABLE
    await asyncio.sleep(3 * POLL_S)
    assert told.empty()
    watch.close()
