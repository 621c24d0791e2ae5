"""What the daemon relies on of any door hardware: one suite, run over every driver.

The tests get a `rig` from whoever runs them: a driver, the wires it drives, and the door behind them, which people use.
"""

import asyncio
import time
from collections.abc import Callable

import pytest

from emulators.faults import CableFault
from readers.errors import HardwareFault
from readers.ports import Feedback, Input
from tests.ports.doors import comes_true

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

QUIET_S = 0.2
HELD_S = 0.4
"""Inputs that last as long must be processed (IEC 60839-11-1)."""

OPEN, CLOSED, FAULT, EXIT = (
    Input.CONTACT_OPEN,
    Input.CONTACT_CLOSED,
    Input.CONTACT_FAULT,
    Input.EXIT_REQUESTED,
)


async def ordered(order: Callable[[], None]) -> bool:
    """Give an order; return whether the driver took it."""
    try:
        order()
    except HardwareFault:
        return False
    return True


async def told(rig, *expected: Input) -> None:
    """Wait until the wires have told exactly this, and nothing else comes after it."""
    await comes_true(lambda: len(rig.told) >= len(expected))
    await asyncio.sleep(QUIET_S)
    assert tuple(rig.told) == expected


async def test_the_strike_lets_go_when_told_and_holds_when_told(rig):
    assert not rig.door.push()
    rig.hardware.unlock()
    await comes_true(lambda: rig.door.is_released)
    rig.hardware.lock()
    await comes_true(lambda: not rig.door.is_released)
    assert not rig.door.push()


async def test_a_strike_that_is_told_to_stay_free_stays_free_and_falls_once_told(rig):
    rig.hardware.unlock()
    await comes_true(lambda: rig.door.is_released)
    until = time.monotonic() + rig.renewed_within_s
    while time.monotonic() < until:
        assert rig.door.is_released
        await asyncio.sleep(0.02)
    rig.hardware.lock()
    await comes_true(lambda: not rig.door.is_released)


async def test_an_opening_and_a_closing_are_told_once_each(rig):
    rig.door.force()
    await comes_true(lambda: OPEN in rig.told)
    assert OPEN in rig.hardware.senses()
    await told(rig, OPEN, CLOSED)
    assert CLOSED in rig.hardware.senses()


async def test_who_leaves_is_announced_before_the_leaf_is(rig):
    rig.door.leave()
    await told(rig, EXIT, OPEN, CLOSED)


async def test_a_button_is_told_once_a_press(rig):
    for presses in (1, 2):
        rig.door.press()
        await told(rig, *[EXIT] * presses)


async def test_the_way_out_opens_and_is_told_while_the_output_is_dead(rig):
    await rig.break_output()
    rig.door.leave()
    assert rig.door.is_open
    if rig.inputs_survive:
        await comes_true(lambda: EXIT in rig.told)


async def test_an_output_that_does_not_answer_is_never_passed_over(rig):
    await rig.break_output()
    was_taken = await ordered(rig.hardware.unlock)
    if was_taken:
        await comes_true(lambda: Input.OUTPUT_FAILED in rig.told)
    assert Input.OUTPUT_FAILED in rig.hardware.senses()
    with pytest.raises(HardwareFault, match="expected"):
        rig.hardware.lock()


async def test_an_output_that_answers_again_goes_to_what_was_ordered_last(rig):
    await rig.break_output()
    await ordered(rig.hardware.unlock)
    await comes_true(lambda: Input.OUTPUT_FAILED in rig.hardware.senses())
    await ordered(rig.hardware.lock)
    rig.told.clear()
    await rig.mend_output()
    await comes_true(lambda: Input.OUTPUT_RESTORED in rig.told)
    assert Input.OUTPUT_FAILED not in rig.hardware.senses()
    await asyncio.sleep(QUIET_S)
    assert not rig.door.is_released
    rig.hardware.unlock()
    await comes_true(lambda: rig.door.is_released)


async def test_whatever_the_person_is_shown_nothing_is_raised_and_nothing_moves(rig):
    for feedback in Feedback:
        rig.hardware.show(feedback)
    await rig.break_output()
    for feedback in Feedback:
        rig.hardware.show(feedback)
    await asyncio.sleep(QUIET_S)
    assert not rig.door.is_released
    assert OPEN not in rig.told


async def test_no_broken_cable_makes_an_open_door_look_shut(rig):
    rig.door.force()
    rig.door.hold(3600)
    await comes_true(lambda: OPEN in rig.told)
    rig.told.clear()
    rig.door.break_cable(CableFault.CUT)
    if rig.is_supervised:
        await told(rig, FAULT)
        assert not {OPEN, CLOSED} & rig.hardware.senses()
        rig.door.break_cable(CableFault.SHORT)
        await told(rig, FAULT)
    else:
        await told(rig)
    rig.door.mend_cable()
    await comes_true(lambda: OPEN in rig.hardware.senses())
    assert CLOSED not in rig.told


async def test_what_is_already_so_when_the_driver_starts_is_sensed(rig):
    await rig.stop()
    rig.door.force()
    rig.door.hold(3600)
    await rig.start()
    await comes_true(lambda: OPEN in rig.hardware.senses())


async def test_tamper_and_release_are_observed_where_they_are_wired(rig):
    for act, begins, end, ends in (
        (rig.door.open_case, Input.TAMPERED, rig.door.shut_case, Input.TAMPER_ENDED),
        (rig.door.release, Input.RELEASED, rig.door.rearm, Input.REARMED),
    ):
        if begins not in rig.wired:
            continue
        rig.told.clear()
        act()
        await told(rig, begins)
        assert begins in rig.hardware.senses()
        end()
        await told(rig, begins, ends)
        assert begins not in rig.hardware.senses()


async def test_an_input_of_400_ms_is_told_while_the_computer_is_busy(rig):
    async def be_busy() -> None:
        while True:
            time.sleep(0.05)  # noqa: ASYNC251  (an event loop that hardly gets to its wires is the point)
            await asyncio.sleep(0)

    busy = asyncio.create_task(be_busy())
    for _ in range(3):
        rig.door.press()
        await asyncio.sleep(HELD_S)
    await comes_true(lambda: rig.told.count(EXIT) >= 3)
    busy.cancel()
    assert rig.told.count(EXIT) == 3


async def test_the_strike_falls_when_the_computer_dies(rig):
    rig.hardware.unlock()
    await comes_true(lambda: rig.door.is_released)
    await rig.die()
    if rig.falls_by_itself:
        await comes_true(lambda: not rig.door.is_released)
