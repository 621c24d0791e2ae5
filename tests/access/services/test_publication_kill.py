"""kill -9 while rights change and go out: no door ends with rights that the database does not have."""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager

import pytest

from access.services import open_services
from access.services.organisations import OrganisationRecord
from access.store.check import check
from policies.ids import OrganisationId
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker
from tests.access.services.follower import Follower
from tests.access.services.publication_victims import ROWS
from tests.mosquitto import Mosquitto
from tests.parts import require
from tests.small_site import BUILDING, NOON, POLICY, SCOPES
from tests.soak import soaked

KILLS = soaked(4, 30)
LAST_STEP = 19
"""A life takes about so many steps that are told; then it idles."""

pytestmark = [pytest.mark.soak, pytest.mark.asyncio]


@asynccontextmanager
async def broker_and_victims(folder, url, module="tests.access.services.publication_victims"):
    broker = Mosquitto(folder)
    await broker.start()
    words = [
        "-m",
        module,
        url,
        str(folder / "site.key"),
        str(broker.port),
    ]
    victims = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    try:
        yield broker, victims
    finally:
        os.killpg(victims.pid, signal.SIGKILL)
        await victims.communicate()
        await broker.stop()


async def live(victims, run):
    """Let a server live; return its process."""
    victims.stdin.write(b"%d\n" % run)
    return int((await victims.stdout.readline()).split()[1])


async def die(victims, pid, step):
    """Kill a server at its step of that number; return what it told."""
    told = []
    while (line := await victims.stdout.readline()) != b"dead\n":
        told.append(line)
        if len(told) == step:
            os.kill(pid, signal.SIGKILL)
    return told


def rights(roster):
    return (roster.people, roster.badges)


@pytest.mark.parametrize("seed", [5])
async def test_doors_end_with_the_rights_of_the_database_whenever_the_server_is_killed(
    database_url, tmp_path, seed
):
    require("mosquitto")
    draw = random.Random(seed)
    services = open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    services.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    async with broker_and_victims(tmp_path, database_url) as (broker, victims):
        follower = Follower(services, MqttBus(Broker(port=broker.port)), tmp_path / "edge")
        following = asyncio.create_task(follower.run())
        for run in range(1, KILLS + 1):
            await die(victims, await live(victims, run), draw.randint(1, LAST_STEP))
            version, roster = services.publisher.version(), services.publisher.roster()
            assert len(roster.people) % ROWS == 0
            assert follower.version is None or follower.version <= version
            if follower.version == version:
                assert rights(follower.roster) == rights(roster)
        pid = await live(victims, 0)
        await follower.reaches(services.publisher.version())
        assert rights(follower.roster) == rights(services.publisher.roster())
        await die(victims, pid, 1)
        following.cancel()
    assert list(check(services.database)) == []
    services.close()
