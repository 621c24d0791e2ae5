"""Doors on relays behind a broker: a broker that stops, a relay that dies, and one that somebody else switches."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from emulators.relays import EmulatedZigbee
from policies.ids import DoorId
from readers.actuators.mqtt_relay import MqttDoor, RelayLine
from readers.actuators.shelly import ShellyConvention
from readers.errors import HardwareFault
from readers.hardware import Shelly
from readers.ports import Feedback, Input
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker
from tests.mosquitto import Mosquitto
from tests.ports.doors import QUICK, a_door, comes_true
from tests.ports.relay_doors import HOME_ASSISTANT, SHELLY, ZIGBEE, RelayKind


class Bench:
    """A broker with relays on it, and the line of a door computer."""

    def __init__(self, folder: Path) -> None:
        self.broker = Mosquitto(folder)
        self.told: list[Input] = []

    async def start(self) -> None:
        await self.broker.start()
        self.bus = MqttBus(Broker(port=self.broker.port))
        self.line = RelayLine(self.bus, "edge-2-doors")

    def drive(self, kind: RelayKind) -> MqttDoor:
        driver = MqttDoor("door agora", kind.convention, self.line, QUICK)
        driver.listen(self.told.append)
        return driver


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    await bench.start()
    yield bench
    await bench.line.close()
    await bench.broker.stop()


def knows_its_relay(driver: MqttDoor) -> Callable[[], bool]:
    return lambda: {Input.OUTPUT_RESTORED, Input.CONTACT_CLOSED} <= driver.senses()


@pytest.mark.parametrize("kind", [SHELLY, ZIGBEE, HOME_ASSISTANT], ids=["shelly", "zigbee", "home-assistant"])
async def test_a_relay_whose_power_fails_is_missed_at_once_by_its_last_will(bench, kind):
    relay = kind.relay(a_door(), bench.bus)
    driver = bench.drive(kind)
    bench.line.open()
    async with relay:
        await comes_true(knows_its_relay(driver))
        await bench.broker.stop()  # so that it says no goodbye
    await comes_true(lambda: {Input.OUTPUT_FAILED, Input.CONTACT_FAULT} <= driver.senses())
    with pytest.raises(HardwareFault, match=r"door agora: .*expected it to switch the strike"):
        driver.unlock()
    await driver.close()


async def test_an_order_given_while_the_broker_is_down_never_comes_late(bench):
    door = a_door()
    driver = bench.drive(SHELLY)
    bench.line.open()
    async with SHELLY.relay(door, bench.bus):
        await comes_true(knows_its_relay(driver))
        await bench.broker.stop()
        await comes_true(lambda: Input.OUTPUT_FAILED in driver.senses())
        with pytest.raises(HardwareFault):
            driver.unlock()
        with pytest.raises(HardwareFault):
            driver.lock()
    await bench.broker.start()
    fresh = a_door()
    async with SHELLY.relay(fresh, bench.bus):
        await comes_true(lambda: Input.OUTPUT_RESTORED in driver.senses())
        assert not fresh.is_released  # a late order to let go would hold for 4 s
        driver.unlock()
        await comes_true(lambda: fresh.is_released)
        await driver.close()


async def test_a_relay_that_somebody_else_switches_is_left_to_who_leaves_and_then_locked(bench):
    door = a_door()
    driver = bench.drive(HOME_ASSISTANT)
    bench.line.open()
    async with HOME_ASSISTANT.relay(door, bench.bus) as relay:
        await comes_true(knows_its_relay(driver))
        driver.lock()
        await asyncio.sleep(0.2)
        loop = asyncio.get_running_loop()
        switched_at = loop.time()
        relay.press_locally()
        assert door.is_released
        await comes_true(lambda: not door.is_released)
        assert 0.8 * QUICK.check_s < loop.time() - switched_at < 2 * QUICK.check_s
        await driver.close()


async def test_a_late_answer_to_an_order_of_before_is_nobody_elses_hand(bench, caplog):
    door = a_door()
    driver = bench.drive(SHELLY)
    bench.line.open()
    async with SHELLY.relay(door, bench.bus):
        await comes_true(knows_its_relay(driver))
        for _ in range(20):
            driver.unlock()
            await comes_true(lambda: door.is_released)
            driver.lock()  # the relay's word that it is free is still under way
            await comes_true(lambda: not door.is_released)
        await driver.close()
    assert "door-relay-switched" not in caplog.messages


async def test_a_sensor_that_is_missed_makes_its_contact_tell_nothing(bench):
    door = a_door()
    relay = EmulatedZigbee(door, bench.bus)
    driver = bench.drive(ZIGBEE)
    bench.line.open()
    async with relay:
        await comes_true(knows_its_relay(driver))
        relay.lose_sensor()
        await comes_true(lambda: Input.CONTACT_FAULT in driver.senses())
        assert Input.OUTPUT_FAILED not in driver.senses()
        driver.show(Feedback.GRANTED)
        await driver.close()


async def test_two_doors_on_one_line_do_not_take_each_others_answers(bench):
    driver = bench.drive(SHELLY)
    dead = MqttDoor(
        "door b", ShellyConvention(Shelly(DoorId("b"), "shelly-b"), "edge-2-doors/b"), bench.line, QUICK
    )
    bench.line.open()
    async with SHELLY.relay(a_door(), bench.bus):
        await comes_true(knows_its_relay(driver))
        dead.lock()
        await comes_true(lambda: Input.OUTPUT_FAILED in dead.senses())
        assert Input.OUTPUT_FAILED not in driver.senses()
        await driver.close()
        await dead.close()
