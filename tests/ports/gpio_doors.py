"""Rigs of doors on GPIO lines: plain contacts, change-over contacts, a supervised loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import msgspec

from emulators import gpio
from emulators.faults import CableFault
from emulators.gpio import DoorOnChip
from policies.ids import DoorId
from readers.actuators.gpio import GpioDoor, OpenChip
from readers.feedback import Feedbacks, signals
from readers.hardware import Gpio, GpioInput, GpioOutput, Loop
from readers.ports import DoorHardware, Input
from tests.ports.doors import EVERY_INPUT, Rig, a_door


class GpioRig:
    """A relay board on a chip; breaking the output is pulling the chip out, inputs and all."""

    wired = EVERY_INPUT
    inputs_survive = False
    falls_by_itself = True
    renewed_within_s = 0.0
    hardware: DoorHardware

    def __init__(self, *, supervised: bool, loop: Path | None = None) -> None:
        self.is_supervised = supervised
        self.door = a_door(supervised=supervised)
        self.chip = DoorOnChip(self.door)
        self.told: list[Input] = []
        self._loop = loop
        if loop is not None:
            loop.write_text(_READINGS[Input.CONTACT_CLOSED])
            self.door.listen(self._convert)

    def _convert(self, told: Input) -> None:
        """Put the loop's voltage where Linux would, as its converter reads it."""
        if self._loop is not None and told in _READINGS:
            is_cut = self.door.faults.cable is CableFault.CUT
            fresh = self._loop.with_suffix(".new")
            fresh.write_text("1023" if is_cut else _READINGS[told])
            fresh.replace(self._loop)

    async def break_output(self) -> None:
        self.chip.unplug()

    async def mend_output(self) -> None:
        self.chip.plug()

    async def stop(self) -> None:
        await self._driver.close()

    async def start(self) -> None:
        self.hardware = self._driver = GpioDoor(
            gpio_wiring(supervised=self.is_supervised, loop=self._loop),
            signals(Feedbacks()),
            asyncio.get_running_loop(),
            cast("OpenChip", self.chip.open),
        )
        self.hardware.listen(self.told.append)

    async def die(self) -> None:
        """Let the kernel take the lines back, as it does whatever a process dies of."""
        assert self.chip.holder is not None
        asyncio.get_running_loop().remove_reader(self.chip.holder.fd)
        self.chip.take_back()
        await self._driver.close()
        await self.start()  # and the next process finds the door locked


_READINGS = {Input.CONTACT_CLOSED: "511", Input.CONTACT_OPEN: "682", Input.CONTACT_FAULT: "0"}
"""Of a converter of ten bits, behind a pull-up and two end-of-line resistors of one value."""


def gpio_wiring(*, supervised: bool, loop: Path | None = None) -> Gpio:
    if loop is not None:
        wired = gpio_wiring(supervised=False)
        return msgspec.structs.replace(wired, contact=None, contact_loop=Loop(str(loop), 1023))
    return Gpio(
        DoorId("agora"),
        strike=GpioOutput(gpio.STRIKE),
        contact=GpioInput(gpio.CONTACT),
        contact_shut=GpioInput(gpio.CONTACT_SHUT) if supervised else None,
        exit=GpioInput(gpio.EXIT, active="low"),
        tamper=GpioInput(gpio.TAMPER),
        release=GpioInput(gpio.RELEASE),
        green=GpioOutput(gpio.GREEN),
        red=GpioOutput(gpio.RED),
        buzzer=GpioOutput(gpio.BUZZER),
    )


@asynccontextmanager
async def gpio_plain(_: Path) -> AsyncIterator[Rig]:
    rig = GpioRig(supervised=False)
    await rig.start()
    yield rig
    await rig.stop()


@asynccontextmanager
async def gpio_changeover(_: Path) -> AsyncIterator[Rig]:
    rig = GpioRig(supervised=True)
    await rig.start()
    yield rig
    await rig.stop()


@asynccontextmanager
async def gpio_loop(folder: Path) -> AsyncIterator[Rig]:
    rig = GpioRig(supervised=True, loop=folder / "in_voltage0_raw")
    await rig.start()
    yield rig
    await rig.stop()
