"""Rigs of doors behind MQTT relays, as Shelly, Zigbee2MQTT and Home Assistant speak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from emulators.relays import EmulatedRelay, EmulatedShelly, EmulatedSwitch, EmulatedZigbee
from policies.ids import DoorId
from readers.actuators.convention import Convention
from readers.actuators.home_assistant import HomeAssistantConvention
from readers.actuators.mqtt_relay import MqttDoor, RelayLine
from readers.actuators.shelly import ShellyConvention
from readers.actuators.zigbee2mqtt import ZigbeeConvention
from readers.hardware import HomeAssistant, HomeAssistantSensor, Shelly, ShellyInput, Zigbee2mqtt
from readers.ports import DoorHardware, Input
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker
from tests.mosquitto import Mosquitto
from tests.ports.doors import EVERY_INPUT, QUICK, Rig, a_door


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
