"""Counts on the bus: retained, told again after a lost line, gone with their space; and found by Home Assistant."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import asynccontextmanager, suppress

from access.bus.filters import covers
from access.bus.memory import MemoryBus
from access.occupancy.live import LiveBuilding
from access.services.announcer import TELL_ALL_EVERY_S, Announcer
from access.services.discovery import discovery
from access.services.outbox import Outbox
from emulators.clock import LoopClock, run_virtually
from readers.clock import SystemClock
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, Message
from readers.wire.events import Event
from readers.wire.topics import Topics
from tests.access.occupancy.conftest import small_building
from tests.live_events import NINE, passage
from tests.mosquitto import Mosquitto

BUILDING = small_building()
TOPICS = Topics(BUILDING.site)
COUNTS = TOPICS.occupancy("+")


class Site:
    """A live building whose counts are announced on a bus."""

    def __init__(self, bus, clock, prefix=None):
        self.live, self.news = LiveBuilding(BUILDING), Outbox[Sequence[Event]]()
        self.news.listen(self.live.take)
        self.announcer = Announcer(bus, self.live, self.news, clock, prefix)

    @asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.announcer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def retained(bus, *topics, name="late"):
    """Return what somebody is handed who subscribes now, by topic."""
    async with bus.connect(name, topics) as line:
        kept: dict[str, bytes] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                while True:
                    message = await line.receive()
                    kept[message.topic] = message.payload
        return kept


def count(kept, space):
    return json.loads(kept[TOPICS.occupancy(space)])["count"]


def test_whoever_subscribes_later_is_handed_every_count_as_it_is():
    async def scene():
        bus = MemoryBus()
        site = Site(bus, LoopClock(asyncio.get_running_loop(), NINE))
        async with site.running():
            await asyncio.sleep(1)
            site.news.tell([passage(1, "ada", "main", "outside", "hall")])
            await asyncio.sleep(2)
            kept = await retained(bus, COUNTS, TOPICS.server_status)
        assert len(kept) == len(BUILDING.spaces)  # all but the outside, and the status
        assert {space: count(kept, space) for space in ("hall", "ground", "house", "lab")} == {
            "hall": 1,
            "ground": 1,
            "house": 1,
            "lab": 0,
        }
        hall = json.loads(kept[TOPICS.occupancy("hall")])
        assert hall["low"] <= 1 <= hall["high"]
        assert hall["limit"] == 0
        assert "ada" not in str(kept)
        assert kept[TOPICS.server_status] == b"online"
        assert (await retained(bus, TOPICS.server_status))[TOPICS.server_status] == b"offline"

    run_virtually(scene())


def test_a_count_that_changes_often_is_told_once_a_second_and_one_that_does_not_once_a_minute():
    async def scene():
        bus = MemoryBus()
        site = Site(bus, LoopClock(asyncio.get_running_loop(), NINE))
        async with bus.connect("watcher", (COUNTS,)) as line, site.running():
            await asyncio.sleep(2)
            heard: list[Message] = []

            async def listen():
                while True:
                    heard.append(await line.receive())

            listening = asyncio.create_task(listen())
            await asyncio.sleep(0)
            heard.clear()
            for seq in range(1, 51):
                site.news.tell([passage(seq, f"p{seq}", "main", "outside", "hall")])
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            halls = [message for message in heard if message.topic == TOPICS.occupancy("hall")]
            assert 5 <= len(halls) <= 7
            assert json.loads(halls[-1].payload)["count"] == 50
            heard.clear()
            await asyncio.sleep(TELL_ALL_EVERY_S)
            assert sorted({message.topic for message in heard}) == sorted(
                TOPICS.occupancy(space) for space in BUILDING.spaces if space != "outside"
            )
            assert len(heard) == len(BUILDING.spaces) - 1
            listening.cancel()

    run_virtually(scene())


def test_a_lost_line_says_offline_and_once_it_is_back_all_counts_are_told_again():
    async def scene():
        bus = MemoryBus()
        site = Site(bus, LoopClock(asyncio.get_running_loop(), NINE))
        async with site.running():
            await asyncio.sleep(1)
            bus.sever(TOPICS.client("counts"))
            assert (await retained(bus, TOPICS.server_status))[TOPICS.server_status] == b"offline"
            site.news.tell([passage(1, "ada", "main", "outside", "hall")])
            await asyncio.sleep(5)
            kept = await retained(bus, COUNTS, TOPICS.server_status)
            assert (count(kept, "hall"), kept[TOPICS.server_status]) == (1, b"online")
            bus.down()
            await asyncio.sleep(90)
            bus.up()
            site.news.tell([passage(2, "bob", "main", "outside", "hall")])
            await asyncio.sleep(35)
            assert count(await retained(bus, COUNTS), "hall") == 2

    run_virtually(scene())


def test_a_space_that_the_building_lost_is_cleared_from_the_broker():
    async def scene():
        bus = MemoryBus()
        gone = TOPICS.occupancy("cellar")
        async with bus.connect("before") as line:
            await line.publish(Message(gone, b'{"count":3}', retain=True))
        site = Site(bus, LoopClock(asyncio.get_running_loop(), NINE))
        async with site.running():
            await asyncio.sleep(1)
            assert gone not in await retained(bus, COUNTS)

    run_virtually(scene())


async def test_home_assistant_finds_the_counts_through_a_real_broker(tmp_path):
    broker = Mosquitto(tmp_path)
    await broker.start()
    try:
        bus = MqttBus(Broker(port=broker.port))
        site = Site(bus, SystemClock(), "homeassistant")
        async with site.running():
            site.news.tell([passage(1, "ada", "main", "outside", "hall")])
            kept: dict[str, bytes] = {}
            async with asyncio.timeout(5), bus.connect("home", ("homeassistant/#", COUNTS)) as line:
                while len(kept) < len(BUILDING.spaces):
                    message = await line.receive()
                    kept[message.topic] = message.payload
        assert count(kept, "hall") == 1
        told = json.loads(kept["homeassistant/device/totem_small/config"])
        assert told["availability_topic"] == TOPICS.server_status
        assert told["components"]["hall_people"]["state_topic"] == TOPICS.occupancy("hall")
    finally:
        await broker.stop()


def test_what_is_announced_is_complete_unique_and_where_home_assistant_looks():
    message = discovery(BUILDING, TOPICS, "homeassistant")
    assert message.retain
    assert covers("homeassistant/device/+/config", message.topic)
    told = json.loads(message.payload)
    assert {"device", "origin", "components"} <= set(told)
    assert told["device"]["identifiers"]
    assert told["origin"]["name"]
    components = told["components"]
    capacities = [space for space in BUILDING.spaces.values() if space.capacity]
    assert len(components) == len(BUILDING.spaces) - 1 + len(capacities)
    assert len({one["unique_id"] for one in components.values()}) == len(components)
    for one in components.values():
        assert one["platform"] in ("sensor", "binary_sensor")
        assert one["name"]
        assert one["state_topic"].startswith(f"{TOPICS.root}/spaces/")
        assert "value_json." in one["value_template"]
