"""Servers that are killed while they change rights and publish them: for each number on stdin a child lives as one.

It imports a file, issues, suspends and revokes badges, lets people leave, and tells each step of each of these and of
what it puts on the bus. Number 0 changes nothing. `python -m` this, DATABASE URL, KEY FILE, BROKER PORT, FOLDER.
"""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.imports import from_csv
from access.services.intake import Intake
from access.services.offload import WorkThread
from policies.ids import BadgeId
from policies.roster import BadgeKind
from readers.clock import SystemClock
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

HEAD = "external_id,name,type,organisation,tiers"
ROWS = 600
"""Of a file: it is written in two pieces."""

BADGES = 3
_IDLE_S = 0.01


def tell(done):
    os.write(1, f"{done}\n".encode())


class ToldLine:
    """A connection, telling what is put on it, before and after."""

    def __init__(self, line):
        self._line, self.receive = line, line.receive

    async def publish(self, message):
        tell("sending")
        await self._line.publish(message)
        tell("sent")


class ToldBus(MqttBus):
    """The bus whose connections tell."""

    @asynccontextmanager
    async def connect(self, name, topics=(), will=None):
        async with super().connect(name, topics, will) as line:
            yield ToldLine(line)


def acts(services, run):
    """Yield what the server's administrators do in one life, each act a transaction."""
    rows = "".join(f"{run}-{number},Somebody,student,acme,staff\n" for number in range(ROWS))
    content = f"{HEAD}\n{rows}".encode()
    imported = partial(services.imports.apply, *from_csv(content, "Europe/Paris"), content, "test", NOON)
    yield partial(imported, progress=tell)
    people = sorted(services.publisher.roster().people)[-BADGES:]
    badges = [
        BadgeRecord(BadgeId(f"04{run:06x}{number:06x}"), BadgeKind.UID, person)
        for number, person in enumerate(people)
    ]
    yield partial(services.badges.add, badges, "test", NOON)
    yield partial(services.badges.say, badges[0].id, BadgeVerb.SUSPEND, "test", NOON)
    yield partial(services.badges.say, badges[1].id, BadgeVerb.REVOKE, "test", NOON)
    yield partial(services.leaving.leave, people[2], "test", NOON)


async def live(url, key, port, run, acts=acts, scopes=SCOPES):
    services = open_services(url, BUILDING, POLICY, scopes, key)
    offload, clock = WorkThread("writes"), SystemClock()
    intake = Intake(ToldBus(Broker(port=port)), services, clock, offload)
    tell(f"pid {os.getpid()}")
    running = asyncio.create_task(intake.run())
    if run:
        for act in acts(services, run):
            await offload(act)
            tell("done")
    while not running.done():
        tell("idle")
        await asyncio.sleep(_IDLE_S)


def main(**chosen):
    url, key, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live(url, key, port, int(line), **chosen))
        os.waitpid(child, 0)
        tell("dead")


if __name__ == "__main__":
    main()
