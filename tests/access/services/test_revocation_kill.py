"""Revocations while server, broker and door computers die: every door computer ends with each, by its own asking."""

import asyncio
import random

import pytest

from access.services import open_services
from access.services.people import PersonRecord
from policies.ids import TierId
from policies.roster import BadgeStatus, ResidentType
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, BusDown
from tests.access.services.follower import Follower
from tests.access.services.revocation_victims import HOLDER, SOURCES, badge
from tests.access.services.test_publication_kill import broker_and_victims, die, live
from tests.parts import require
from tests.small_site import BUILDING, NOON, POLICY
from tests.soak import soaked

KILLS = soaked(4, 40)
LAST_STEP = 8
AWAY = 4
"""Of so many door computers one is away during each life, and comes back with what is on its disk."""

pytestmark = [pytest.mark.soak, pytest.mark.asyncio]


class Computers:
    """The door computers, each with its disk, of which some are away."""

    def __init__(self, services, port, folder):
        self._services, self._port, self._folder = services, port, folder
        self.here, self._tasks = {}, {}

    def come(self, source):
        bus = MqttBus(Broker(port=self._port))
        follower = Follower(self._services, bus, self._folder / source, source)
        self.here[source] = follower
        self._tasks[source] = asyncio.create_task(self._stay(follower))

    async def _stay(self, follower):
        while True:
            try:
                await follower.run()
            except BusDown:
                await asyncio.sleep(0.1)

    async def leave(self, source):
        task = self._tasks.pop(source)
        del self.here[source]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def leave_all(self):
        for source in tuple(self.here):
            await self.leave(source)


async def test_every_door_computer_ends_with_every_revocation(database_url, tmp_path):
    require("mosquitto")
    draw = random.Random(3)
    services = open_services(database_url, BUILDING, POLICY, SOURCES, tmp_path / "site.key")
    services.people.add(
        [PersonRecord(HOLDER, ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")], "test", NOON
    )
    services.badges.add([badge(run) for run in range(1, KILLS + 1)], "test", NOON)
    module = "tests.access.services.revocation_victims"
    async with broker_and_victims(tmp_path, database_url, module) as (broker, victims):
        computers = Computers(services, broker.port, tmp_path)
        for source in SOURCES:
            computers.come(source)
        for run in range(1, KILLS + 1):
            away = draw.sample(sorted(SOURCES), max(1, len(SOURCES) // AWAY))
            for source in away:
                await computers.leave(source)
            await die(victims, await live(victims, run), draw.randint(2, LAST_STEP))
            if run % 2:
                await broker.stop()
                await broker.start()
            for source in away:
                computers.come(source)
        pid = await live(victims, 0)
        version, told = services.publisher.version(), services.publisher.roster().badges
        async with asyncio.timeout(120):
            for follower in computers.here.values():
                await follower.reaches(version)
        wrong = [each for each in computers.here.values() if each.roster.badges != told]
        assert wrong == []
        assert BadgeStatus.REVOKED in {each.status for each in told.values()}
        await die(victims, pid, 1)
        await computers.leave_all()
    services.close()
