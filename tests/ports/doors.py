"""Rigs for the conformance of door hardware: a driver of each kind, its wires, and the door behind them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, cast

from emulators import gpio
from emulators.gpio import DoorOnChip
from emulators.strike import EmulatedDoor
from policies.building import Door, Label
from policies.ids import DoorId, SpaceId
from readers.actuators.gpio import GpioDoor, OpenChip
from readers.clock import SystemClock
from readers.feedback import Feedbacks, signals
from readers.hardware import Gpio, GpioInput, GpioOutput
from readers.ports import DoorHardware, Input, Timer

EVERY_INPUT = frozenset(Input)
_HASTE = 10


class HastyClock:
    """Seconds of a door's closer, ten times as fast as the wall's."""

    def __init__(self) -> None:
        self._wall = SystemClock()
        self._start = self._wall.now()

    def now(self) -> datetime:
        return self._start + _HASTE * (self._wall.now() - self._start)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        return self._wall.call_later(delay_s / _HASTE, callback)

    async def sleep(self, delay_s: float) -> None:
        await self._wall.sleep(timedelta(seconds=delay_s / _HASTE).total_seconds())


def a_door(*, supervised: bool = False) -> EmulatedDoor:
    """Return a door with all that can be wired to one."""
    door = Door(
        DoorId("agora"), Label("Agora", "Agora"), SpaceId("outside"), SpaceId("agora"), release_input=True
    )
    return EmulatedDoor(door, HastyClock(), supervised=supervised)


class Rig(Protocol):
    """A driver under test, and what happens to its wires. `told` has what the driver told.

    `wired` is what it can tell; a driver renews its hold on the strike within `renewed_within_s`.
    """

    hardware: DoorHardware
    door: EmulatedDoor
    told: list[Input]
    wired: frozenset[Input]
    is_supervised: bool
    inputs_survive: bool
    falls_by_itself: bool
    renewed_within_s: float

    async def break_output(self) -> None: ...

    async def mend_output(self) -> None: ...

    async def stop(self) -> None: ...

    async def start(self) -> None: ...

    async def die(self) -> None: ...


class EmulatedRig:
    """The emulated door is its own driver: it never stops, and nothing but its power can die."""

    wired = EVERY_INPUT
    inputs_survive = True
    falls_by_itself = True
    renewed_within_s = 0.0

    def __init__(self, *, supervised: bool) -> None:
        self.is_supervised = supervised
        self.door = a_door(supervised=supervised)
        self.hardware: DoorHardware = self.door
        self.told: list[Input] = []
        self.door.listen(self.told.append)

    async def break_output(self) -> None:
        self.door.break_relay()

    async def mend_output(self) -> None:
        self.door.mend_relay()

    async def stop(self) -> None:
        """Do nothing."""

    async def start(self) -> None:
        """Do nothing."""

    async def die(self) -> None:
        self.door.faults.power_cut = True


class GpioRig:
    """A relay board on a chip; breaking the output is pulling the chip out, inputs and all."""

    wired = EVERY_INPUT
    inputs_survive = False
    falls_by_itself = True
    renewed_within_s = 0.0
    hardware: DoorHardware

    def __init__(self, *, supervised: bool) -> None:
        self.is_supervised = supervised
        self.door = a_door(supervised=supervised)
        self.chip = DoorOnChip(self.door)
        self.told: list[Input] = []

    async def break_output(self) -> None:
        self.chip.unplug()

    async def mend_output(self) -> None:
        self.chip.plug()

    async def stop(self) -> None:
        await self._driver.close()

    async def start(self) -> None:
        self.hardware = self._driver = GpioDoor(
            gpio_wiring(supervised=self.is_supervised),
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
        await self.start()  # and the next process finds the door locked


def gpio_wiring(*, supervised: bool) -> Gpio:
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


RigMaker = Callable[[Path], AbstractAsyncContextManager[Rig]]


@asynccontextmanager
async def emulated(_: Path) -> AsyncIterator[Rig]:
    yield EmulatedRig(supervised=False)


@asynccontextmanager
async def emulated_supervised(_: Path) -> AsyncIterator[Rig]:
    yield EmulatedRig(supervised=True)


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
