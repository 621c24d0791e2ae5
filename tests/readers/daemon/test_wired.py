"""A door computer whose door hangs on real wires: the whole daemon over a driver, the driver over a chip."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from emulators import gpio
from emulators.clock import run_virtually
from emulators.faults import CableFault
from emulators.gpio import DoorOnChip
from emulators.strike import EmulatedDoor
from readers.actuators.gpio import RETRY_S, GpioDoor, OpenChip
from readers.feedback import Feedbacks, signals
from readers.hardware import Gpio, GpioInput, GpioOutput
from readers.ports import DoorHardware
from tests.readers.daemon.desk import LAB, LAB_OUT, STRANGER_CARD, Desk, at_work, building, signed, snapshot

WIRING = Gpio(
    LAB,
    strike=GpioOutput(gpio.STRIKE),
    contact=GpioInput(gpio.CONTACT),
    contact_shut=GpioInput(gpio.CONTACT_SHUT),
    exit=GpioInput(gpio.EXIT, active="low"),
    tamper=GpioInput(gpio.TAMPER),
    release=GpioInput(gpio.RELEASE),
    green=GpioOutput(gpio.GREEN),
    red=GpioOutput(gpio.RED),
)


class WiredDesk(Desk):
    """A desk whose door is on a chip; `has_chip` says whether it is there at the start."""

    has_chip = True

    def wired(self, door: EmulatedDoor) -> DoorHardware:
        self.chip = DoorOnChip(door)
        if not self.has_chip:
            self.chip.unplug()
            door.force()
            door.hold(3600)
        loop = asyncio.get_running_loop()
        self.driver = GpioDoor(WIRING, signals(Feedbacks()), loop, cast("OpenChip", self.chip.open))
        return self.driver

    def shown(self) -> tuple[str, list[str]]:
        """Return the door's state and alarms as they were published last."""
        status = json.loads(self.uplink.door_states[LAB])
        return status["state"], status.get("alarms", [])


class ChiplessDesk(WiredDesk):
    has_chip = False


def at_a_desk(
    folder: Path, play: Callable[[WiredDesk], Awaitable[None]], kind: type[WiredDesk] = WiredDesk
) -> None:
    async def scene() -> None:
        built = building(release_input=True)
        async with at_work(kind(folder, built), [signed(snapshot(built=built))]) as at:
            await play(at)
        await at.driver.close()

    run_virtually(scene())


def causes(at: Desk, kind: str) -> list[str | None]:
    return [event.cause for event in at.events() if event.type.value == kind]


def test_a_tap_lets_in_through_the_relay_and_the_relay_falls_when_the_leaf_is_back(tmp_path):
    async def play(at: WiredDesk) -> None:
        assert await at.tap()
        assert not at.door.is_released
        assert "passage" in [kind for kind, _ in at.said()]
        assert at.shown() == ("locked", [])
        assert not await at.tap(STRANGER_CARD)

    at_a_desk(tmp_path, play)


def test_a_chip_that_is_missing_at_the_start_is_an_alarm_and_the_door_stays_locked_but_to_who_leaves(
    tmp_path,
):
    async def play(at: WiredDesk) -> None:
        at.door.let_go()
        await at.clock.sleep(10)
        state, alarms = at.shown()
        assert state == "locked"
        assert set(alarms) == {"strike", "contact"}
        assert not await at.tap()
        assert "passage" not in [kind for kind, _ in at.said()]
        at.door.leave()
        assert at.door.is_open
        await at.clock.sleep(10)
        at.chip.plug()
        await at.clock.sleep(2 * RETRY_S)
        assert at.shown() == ("locked", [])
        assert set(causes(at, "alarm-cleared")) == {"strike", "contact"}
        assert await at.tap()

    at_a_desk(tmp_path, play, ChiplessDesk)


def test_a_leaf_that_is_found_open_once_its_contact_is_known_was_not_forced(tmp_path):
    async def play(at: WiredDesk) -> None:
        await at.clock.sleep(5)
        at.chip.plug()
        await at.clock.sleep(2 * RETRY_S)
        assert at.door.is_open
        assert at.shown() == ("open", [])
        assert causes(at, "door-forced") == []

    at_a_desk(tmp_path, play, ChiplessDesk)


def test_a_leaf_that_was_opened_while_nobody_could_see_it_was_forced(tmp_path):
    async def play(at: WiredDesk) -> None:
        at.chip.unplug()
        await at.clock.sleep(2 * RETRY_S)
        at.door.force()
        at.door.hold(3600)
        at.chip.plug()
        await at.clock.sleep(2 * RETRY_S)
        assert "forced" in at.shown()[1]

    at_a_desk(tmp_path, play)


@pytest.mark.parametrize("fault", CableFault)
def test_a_contact_whose_cable_is_broken_is_an_alarm_until_it_is_mended(tmp_path, fault):
    async def play(at: WiredDesk) -> None:
        at.chip.set_level(gpio.CONTACT, high=fault is CableFault.CUT)
        at.chip.set_level(gpio.CONTACT_SHUT, high=fault is CableFault.CUT)
        await at.clock.sleep(1)
        assert at.shown() == ("locked", ["contact"])
        at.chip.set_level(gpio.CONTACT, high=False)
        at.chip.set_level(gpio.CONTACT_SHUT, high=True)
        await at.clock.sleep(1)
        assert at.shown() == ("locked", [])

    at_a_desk(tmp_path, play)


def test_a_release_is_shown_and_nothing_holds_the_door_against_it(tmp_path):
    async def play(at: WiredDesk) -> None:
        at.door.release()
        await at.clock.sleep(0.1)
        assert at.shown()[0] == "released"
        assert at.door.push()
        at.door.rearm()
        await at.clock.sleep(10)
        assert at.shown()[0] == "released"  # until somebody re-arms the door itself

    at_a_desk(tmp_path, play)


def test_who_leaves_by_badge_gets_out_and_a_case_that_is_opened_is_an_alarm(tmp_path):
    async def play(at: WiredDesk) -> None:
        at.door.open_case()
        await at.clock.sleep(0.1)
        assert at.shown()[1] == ["tampered"]
        assert await at.tap(STRANGER_CARD, LAB_OUT) is False
        assert await at.tap(reader=LAB_OUT)
        at.door.shut_case()
        await at.clock.sleep(0.1)
        assert at.shown()[1] == []

    at_a_desk(tmp_path, play)
