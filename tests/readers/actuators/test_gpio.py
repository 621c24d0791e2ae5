"""Doors on GPIO lines: chips that are missing, taken or pulled out, polarity, lamps, and edges that come too fast."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import cast

import msgspec
import pytest

from emulators import gpio
from emulators.clock import LoopClock, run_virtually
from emulators.gpio import DoorOnChip, EmulatedChip
from emulators.strike import EmulatedDoor
from policies.building import Door, Label
from policies.ids import DoorId, SpaceId
from readers.actuators.gpio import RETRY_S, UNPROVEN_FOR_S, GpioDoor, OpenChip, outlive_their_process
from readers.errors import HardwareFault
from readers.feedback import Feedbacks, Signal, signals
from readers.hardware import Gpio, GpioInput, GpioOutput
from readers.ports import Feedback, Input

START = datetime(2026, 9, 15, 7, tzinfo=UTC)
WIRING = Gpio(
    DoorId("agora"),
    strike=GpioOutput(gpio.STRIKE),
    contact=GpioInput(gpio.CONTACT),
    contact_shut=GpioInput(gpio.CONTACT_SHUT),
    exit=GpioInput(gpio.EXIT, active="low"),
    green=GpioOutput(gpio.GREEN),
    red=GpioOutput(gpio.RED),
    buzzer=GpioOutput(gpio.BUZZER),
)
SIGNALS = signals(Feedbacks())


class Bench:
    """A chip with a door on it, and its driver once it is started."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        door = Door(DoorId("agora"), Label("Agora", "Agora"), SpaceId("outside"), SpaceId("agora"))
        self.door = EmulatedDoor(door, LoopClock(loop, START))
        self.chip: EmulatedChip = DoorOnChip(self.door)
        self.told: list[Input] = []

    def start(self, wiring: Gpio = WIRING, feedbacks: Feedbacks | None = None) -> GpioDoor:
        given = SIGNALS if feedbacks is None else signals(feedbacks)
        driver = GpioDoor(wiring, given, asyncio.get_running_loop(), cast("OpenChip", self.chip.open))
        driver.listen(self.told.append)
        return driver


def on_a_bench(play: Callable[[Bench], Awaitable[None]]) -> None:
    async def scene() -> None:
        await play(Bench())

    run_virtually(scene())


def test_a_chip_that_is_missing_at_the_start_is_named_and_taken_up_once_it_is_there(caplog):
    async def play(bench: Bench) -> None:
        bench.chip.unplug()
        driver = bench.start()
        assert Input.OUTPUT_FAILED in driver.senses()
        with pytest.raises(
            HardwareFault, match=r"door agora: /dev/gpiochip0: .*No such.* expected its line 17"
        ):
            driver.unlock()
        driver_retries = 5
        await asyncio.sleep(driver_retries * RETRY_S)
        with pytest.raises(HardwareFault):
            driver.lock()
        bench.chip.plug()
        await asyncio.sleep(RETRY_S)
        assert Input.OUTPUT_FAILED not in driver.senses()
        assert bench.told[-1] is Input.OUTPUT_RESTORED
        assert not bench.door.is_released
        driver.unlock()
        assert bench.door.is_released
        await driver.close()

    with caplog.at_level(logging.ERROR):
        on_a_bench(play)
    assert [record.message for record in caplog.records] == ["door-output-failed"]


def test_a_line_that_no_chip_has_is_named_and_the_door_stays_locked():
    async def play(bench: Bench) -> None:
        driver = bench.start(msgspec.structs.replace(WIRING, strike=GpioOutput(99)))
        with pytest.raises(HardwareFault, match=r"door agora: .*range.* expected its line 99 to switch"):
            driver.unlock()
        assert not bench.door.is_released
        await driver.close()

    on_a_bench(play)


def test_a_door_that_is_only_watched_has_nothing_to_let_go_of():
    async def play(bench: Bench) -> None:
        driver = bench.start(Gpio(DoorId("escape"), contact=GpioInput(gpio.CONTACT)))
        driver.lock()
        with pytest.raises(HardwareFault, match="no strike is wired"):
            driver.unlock()
        bench.door.leave()
        await asyncio.sleep(0.01)
        assert bench.told == [Input.CONTACT_OPEN]
        await driver.close()

    on_a_bench(play)


def test_lines_that_another_program_holds_are_not_fought_over():
    async def play(bench: Bench) -> None:
        first, second = bench.start(), bench.start()
        with pytest.raises(HardwareFault, match="busy"):
            second.unlock()
        assert not bench.door.is_released
        await first.close()
        await asyncio.sleep(RETRY_S)
        assert bench.door.is_released  # what was ordered last, now that the lines are free
        await second.close()
        assert not bench.door.is_released

    on_a_bench(play)


def test_a_chip_that_is_pulled_out_drops_the_strike_and_comes_back_as_ordered_last():
    async def play(bench: Bench) -> None:
        driver = bench.start()
        driver.unlock()
        bench.chip.unplug()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not bench.door.is_released
        assert bench.told == [Input.CONTACT_FAULT, Input.OUTPUT_FAILED]
        with pytest.raises(HardwareFault, match="expected"):
            driver.lock()
        bench.chip.plug()
        await asyncio.sleep(RETRY_S)
        assert bench.told[2:] == [Input.CONTACT_CLOSED, Input.OUTPUT_RESTORED]
        assert not bench.door.is_released
        await driver.close()

    on_a_bench(play)


def test_a_strike_that_is_switched_by_a_low_level_is_locked_from_the_first_moment():
    async def play(bench: Bench) -> None:
        driver = bench.start(msgspec.structs.replace(WIRING, strike=GpioOutput(gpio.STRIKE, active="low")))
        assert bench.chip.outputs[gpio.STRIKE] is True
        driver.unlock()
        assert bench.chip.outputs[gpio.STRIKE] is False
        await driver.close()

    on_a_bench(play)


def test_edges_that_come_too_fast_to_keep_end_at_the_true_level():
    async def play(bench: Bench) -> None:
        driver = bench.start()
        for count in range(1001):
            bench.chip.set_level(gpio.CONTACT, high=count % 2 == 0)
            bench.chip.set_level(gpio.CONTACT_SHUT, high=count % 2 == 1)
        await asyncio.sleep(0.01)
        assert bench.told[-1] is Input.CONTACT_OPEN
        assert driver.senses() >= {Input.CONTACT_OPEN}
        await driver.close()

    on_a_bench(play)


def test_both_throws_of_a_contact_may_agree_while_it_moves_and_no_longer():
    async def play(bench: Bench) -> None:
        driver = bench.start()
        bench.chip.set_level(gpio.CONTACT, high=True)
        await asyncio.sleep(UNPROVEN_FOR_S / 2)
        bench.chip.set_level(gpio.CONTACT_SHUT, high=False)
        await asyncio.sleep(2 * UNPROVEN_FOR_S)
        assert bench.told == [Input.CONTACT_OPEN]
        bench.chip.set_level(gpio.CONTACT_SHUT, high=True)
        await asyncio.sleep(2 * UNPROVEN_FOR_S)
        assert bench.told == [Input.CONTACT_OPEN, Input.CONTACT_FAULT]
        await driver.close()

    on_a_bench(play)


def test_lamps_and_buzzer_give_the_signal_of_the_outcome_and_go_out():
    async def play(bench: Bench) -> None:
        chosen = Feedbacks(granted=Signal("green", 2.0, beeps=2, beep_s=0.5), refused=Signal("amber", 1.0))
        driver = bench.start(feedbacks=chosen)

        def lit() -> tuple[bool, bool, bool]:
            outputs = bench.chip.outputs
            return outputs[gpio.GREEN], outputs[gpio.RED], outputs[gpio.BUZZER]

        driver.show(Feedback.GRANTED)
        seen = [lit()]
        for _ in range(4):
            await asyncio.sleep(0.5)
            seen.append(lit())
        assert seen == [
            (True, False, True),
            (True, False, False),
            (True, False, True),
            (True, False, False),
            (False, False, False),
        ]
        driver.show(Feedback.GRANTED)
        driver.show(Feedback.REFUSED)
        assert lit() == (True, True, False)
        await asyncio.sleep(1.0)
        assert lit() == (False, False, False)
        await driver.close()

    on_a_bench(play)


@pytest.mark.parametrize(("said", "stays"), [("Y\n", True), ("N\n", False), (None, False)])
def test_a_kernel_that_keeps_driving_lines_of_the_dead_is_noticed(tmp_path, said, stays):
    if said is not None:
        parameters = tmp_path / "pinctrl_bcm2835" / "parameters"
        parameters.mkdir(parents=True)
        (parameters / "persist_gpio_outputs").write_text(said)
    assert outlive_their_process(tmp_path) is stays
