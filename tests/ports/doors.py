"""Rigs for the conformance of door hardware: a driver of each kind, its wires, and the door behind them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from socket import SOCK_DGRAM
from typing import NamedTuple, Protocol, cast

import msgspec

from emulators import gpio, osdp_door
from emulators.faults import CableFault
from emulators.gpio import DoorOnChip
from emulators.osdp import EmulatedLine, EmulatedPeripheral
from emulators.osdp_door import DOOR_HEAD, DoorOnPeripheral
from emulators.relays import EmulatedRelay, EmulatedShelly, EmulatedSwitch, EmulatedZigbee
from emulators.strike import EmulatedDoor
from emulators.uhppote import SERIAL, EmulatedBoard
from policies.building import Door, Label
from policies.ids import DoorId, SpaceId
from readers.actuators.bolt import Pace
from readers.actuators.convention import Convention
from readers.actuators.gpio import GpioDoor, OpenChip
from readers.actuators.heads import Head
from readers.actuators.home_assistant import HomeAssistantConvention
from readers.actuators.mqtt_relay import MqttDoor, RelayLine
from readers.actuators.osdp import OsdpDoor
from readers.actuators.shelly import ShellyConvention
from readers.actuators.uhppoted import Board
from readers.actuators.zigbee2mqtt import ZigbeeConvention
from readers.clock import SystemClock
from readers.feedback import Feedbacks, signals
from readers.hardware import (
    Gpio,
    GpioInput,
    GpioOutput,
    HomeAssistant,
    HomeAssistantSensor,
    Loop,
    Osdp,
    OsdpInput,
    Shelly,
    ShellyInput,
    Uhppote,
    UhppoteBoard,
    Zigbee2mqtt,
)
from readers.osdp.panel import ControlPanel
from readers.ports import DoorHardware, Input, Timer
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker
from tests.mosquitto import Mosquitto
from tests.programs import free_port

EVERY_INPUT = frozenset(Input)
_HASTE = 20
QUICK = Pace(hold_s=1.6, renew_s=0.5, check_s=1.0, retry_s=0.3, answer_s=0.8)
QUICK_BOARD = Pace(hold_s=1, renew_s=0.3, check_s=0.5, retry_s=0.3, answer_s=0.5)


class HastyClock:
    """Seconds of a door's closer, twenty times as fast as the wall's."""

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


class OsdpDoorRig:
    """A reader's head with an output and inputs; breaking the output is cutting its wires."""

    wired = EVERY_INPUT - {Input.CONTACT_FAULT}
    is_supervised = False
    inputs_survive = False
    falls_by_itself = True
    renewed_within_s = QUICK.hold_s + 0.4
    hardware: DoorHardware

    def __init__(self) -> None:
        self.door = a_door()
        self._key = secrets.token_bytes(16)
        self._head = EmulatedPeripheral(1, self._key, DOOR_HEAD)
        self._wired = DoorOnPeripheral(self.door, self._head, asyncio.get_running_loop())
        self._line = EmulatedLine(self._head)
        self._line.__enter__()
        self.told: list[Input] = []

    async def break_output(self) -> None:
        self._head.is_cut = True

    async def mend_output(self) -> None:
        self._head.is_cut = False

    async def start(self) -> None:
        self._panel = ControlPanel(self._line.path, 115200, {1: self._key}, asyncio.get_running_loop())
        peripheral = self._panel.peripherals[1]
        head = Head(peripheral, signals(Feedbacks()), "fr")
        self.hardware = self._driver = OsdpDoor(osdp_wiring(), peripheral, head, QUICK)
        self.hardware.listen(self.told.append)
        self.hardware.lock()
        async with asyncio.timeout(10):
            while not {Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & self.hardware.senses():  # noqa: ASYNC110  (the line tells by itself)
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self._driver.close()
        await self._panel.close()

    async def die(self) -> None:
        await self._panel.close()

    def put_away(self) -> None:
        self._line.__exit__()


def osdp_wiring() -> Osdp:
    return Osdp(
        DoorId("agora"),
        "head",
        contact=OsdpInput(osdp_door.CONTACT),
        exit=OsdpInput(osdp_door.EXIT, when="active"),
        release=OsdpInput(osdp_door.RELEASE),
        asks=False,
    )


class RelayRig:
    """A relay behind a real broker; breaking the output is a device that hangs."""

    inputs_survive = False
    is_supervised = False
    renewed_within_s = QUICK.hold_s + 0.4
    hardware: DoorHardware

    def __init__(self, kind: "RelayKind", broker: Broker) -> None:
        self.wired, self.falls_by_itself = kind.wired, kind.falls_by_itself
        self.door = a_door()
        self.relay = kind.relay(self.door, MqttBus(broker))
        self.told: list[Input] = []
        self._convention, self._broker = kind.convention, broker

    async def break_output(self) -> None:
        self.relay.is_frozen = True

    async def mend_output(self) -> None:
        self.relay.is_frozen = False

    async def start(self) -> None:
        self._line = RelayLine(MqttBus(self._broker), "edge-2-doors")
        self.hardware = self._driver = MqttDoor("door agora", self._convention, self._line, QUICK)
        self.hardware.listen(self.told.append)
        self._line.open()
        async with asyncio.timeout(10):
            while not self._is_known():  # noqa: ASYNC110  (the relay tells by itself)
                await asyncio.sleep(0.01)

    def _is_known(self) -> bool:
        sensed = self.hardware.senses()
        return Input.OUTPUT_RESTORED in sensed and bool({Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & sensed)

    async def stop(self) -> None:
        await self._driver.close()
        await self._line.close()

    async def die(self) -> None:
        await self._line.close()


class UhppoteRig:
    """A board on the network; breaking the output is a board that is dead."""

    wired = EVERY_INPUT - {Input.TAMPERED}
    inputs_survive = False
    is_supervised = False
    falls_by_itself = True
    renewed_within_s = QUICK_BOARD.hold_s + 0.4
    hardware: DoorHardware

    def __init__(self) -> None:
        self.door = a_door()
        self.board = EmulatedBoard(self.door)
        self.told: list[Input] = []
        self._events = f"127.0.0.1:{free_port(SOCK_DGRAM)}"

    async def break_output(self) -> None:
        self.board.is_dead = True

    async def mend_output(self) -> None:
        self.board.is_dead = False

    async def start(self) -> None:
        wiring = UhppoteBoard("b24", SERIAL, self.board.address, self._events, self._events)
        self._driver = Board(wiring, QUICK_BOARD)
        self.hardware = self._driver.door(Uhppote(DoorId("agora"), "b24", 1, release=True))
        self.hardware.listen(self.told.append)
        self._driver.open()
        self.hardware.lock()
        async with asyncio.timeout(10):
            while not self._is_known():  # noqa: ASYNC110  (the board tells when it is asked)
                await asyncio.sleep(0.01)

    def _is_known(self) -> bool:
        sensed = self.hardware.senses()
        return Input.OUTPUT_RESTORED in sensed and bool({Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & sensed)

    async def stop(self) -> None:
        await self._driver.close()

    async def die(self) -> None:
        """Let nothing of what the driver says arrive any more."""
        self.board.is_dead = True


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (another machine, or physics: there is no event to wait for)
            await asyncio.sleep(0.005)


class RelayKind(NamedTuple):
    """A device with how it is spoken to, what it can tell, and whether its relay falls back by a timer of its own."""

    relay: type[EmulatedRelay]
    convention: Convention
    wired: frozenset[Input]
    falls_by_itself: bool


SHELLY = RelayKind(
    EmulatedShelly,
    ShellyConvention(
        Shelly(
            DoorId("agora"),
            EmulatedShelly.name,
            contact=ShellyInput(0),
            exit=ShellyInput(1, when="on"),
            release=ShellyInput(2),
        ),
        "edge-2-doors/agora",
    ),
    EVERY_INPUT - {Input.TAMPERED},
    falls_by_itself=True,
)
ZIGBEE = RelayKind(
    EmulatedZigbee,
    ZigbeeConvention(Zigbee2mqtt(DoorId("agora"), "strike", contact="leaf", exit="button")),
    EVERY_INPUT - {Input.RELEASED},
    falls_by_itself=True,
)
HOME_ASSISTANT = RelayKind(
    EmulatedSwitch,
    HomeAssistantConvention(
        HomeAssistant(
            DoorId("agora"),
            "agora/strike/set",
            "agora/strike",
            availability_topic="agora/available",
            contact=HomeAssistantSensor("agora/leaf"),
            exit=HomeAssistantSensor("agora/button"),
            tamper=HomeAssistantSensor("agora/case"),
            release=HomeAssistantSensor("agora/release"),
        )
    ),
    EVERY_INPUT,
    falls_by_itself=False,
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


@asynccontextmanager
async def gpio_loop(folder: Path) -> AsyncIterator[Rig]:
    rig = GpioRig(supervised=True, loop=folder / "in_voltage0_raw")
    await rig.start()
    yield rig
    await rig.stop()


@asynccontextmanager
async def osdp(_: Path) -> AsyncIterator[Rig]:
    rig = OsdpDoorRig()
    await rig.start()
    yield rig
    await rig.stop()
    rig.put_away()


@asynccontextmanager
async def relay(kind: RelayKind, folder: Path) -> AsyncIterator[Rig]:
    broker = Mosquitto(folder)
    await broker.start()
    rig = RelayRig(kind, Broker(port=broker.port))
    async with rig.relay:
        await rig.start()
        yield rig
        await rig.stop()
    await broker.stop()


def shelly(folder: Path) -> AbstractAsyncContextManager[Rig]:
    return relay(SHELLY, folder)


def zigbee(folder: Path) -> AbstractAsyncContextManager[Rig]:
    return relay(ZIGBEE, folder)


def home_assistant(folder: Path) -> AbstractAsyncContextManager[Rig]:
    return relay(HOME_ASSISTANT, folder)


@asynccontextmanager
async def uhppote(_: Path) -> AsyncIterator[Rig]:
    rig = UhppoteRig()
    async with rig.board:
        await rig.start()
        yield rig
        await rig.stop()
