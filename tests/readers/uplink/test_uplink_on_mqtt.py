"""The uplink through a real Mosquitto that dies and comes back under it."""

import asyncio

import readers.uplink.mqtt
from readers.wire.bus import Broker
from readers.wire.signals import Line, read_status
from tests.mosquitto import Mosquitto
from tests.readers.uplink.scene import Scene, running

WITHIN_S = 20


async def everything_arrives(scene: Scene, last: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while last not in scene.arrived:
            scene.server.heard.clear()
            await scene.server.heard.wait()


async def test_a_broker_that_restarts_under_the_uplink_loses_and_doubles_nothing(tmp_path):
    broker = Mosquitto(tmp_path)
    await broker.start()
    scene = Scene(readers.uplink.mqtt.MqttBus(Broker(port=broker.port)), tmp_path / "journal")
    scene.server.retry_s = 0.1  # back before the uplink, which would else wait for an acknowledgement
    try:
        async with running(scene.server.run()):
            await scene.server.up.wait()
            async with running(scene.uplink.run(scene.take_snapshot)):
                for last in (500, 1000):
                    scene.record(250)
                    await everything_arrives(scene, last - 250)
                    await broker.stop()
                    scene.record(250)
                    await broker.start()
                    await everything_arrives(scene, last)
                assert scene.arrived == list(range(1, 1001))
                assert read_status(scene.server.statuses[-1]).state is Line.ONLINE
    finally:
        scene.journal.close()
        await broker.stop()
