"""The buses that the conformance suite runs on: in memory, and MQTT through a real Mosquitto."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from access.bus.memory import MemoryBus
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, Bus
from tests.cable import Cable
from tests.mosquitto import Mosquitto

collect_ignore = [] if "TOTEM_DOOR" in os.environ else ["test_real_door.py"]


MOST_WAITING = 220
"""More than any of these tests has waiting, but the one of a client that does not receive."""


class MemoryLine:
    """A memory bus, with its faults."""

    def __init__(self) -> None:
        self._bus = MemoryBus(MOST_WAITING)
        self.bus: Bus = self._bus
        self.bus_on_cable: Bus = self._bus

    async def pull_cable_of(self, name: str) -> None:
        self._bus.sever(name)

    async def stop(self) -> None:
        self._bus.down()

    async def start(self) -> None:
        self._bus.up()


class MqttLine:
    """A broker; whoever connects by `bus_on_cable` can have the cable pulled."""

    def __init__(self, broker: Mosquitto, cable: Cable) -> None:
        self._broker, self._cable = broker, cable
        self.bus: Bus = MqttBus(Broker(port=broker.port), MOST_WAITING)
        self.bus_on_cable: Bus = MqttBus(Broker(port=cable.port), MOST_WAITING)

    async def pull_cable_of(self, name: str) -> None:
        del name  # it is the only one on the cable
        await self._cable.pull()

    async def stop(self) -> None:
        await self._broker.stop()

    async def start(self) -> None:
        await self._broker.start()


Line = MemoryLine | MqttLine


@asynccontextmanager
async def mqtt_line(folder: Path) -> AsyncIterator[MqttLine]:
    broker = Mosquitto(folder)
    await broker.start()
    cable = Cable(broker.port)
    await cable.plug_in()
    try:
        yield MqttLine(broker, cable)
    finally:
        await cable.pull()
        await broker.stop()


@pytest.fixture(params=["memory", "mqtt"])
async def line(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Line]:
    if request.param == "memory":
        yield MemoryLine()
        return
    async with mqtt_line(tmp_path) as real:
        yield real
