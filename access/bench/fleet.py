"""Door computers by the hundred on one bus, as far as rights go: each has its snapshot, and takes what follows.

The server's side is whole: services over SQLite, and the intake that sends deltas.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns

import msgspec

import policies
from access.bus.memory import MemoryBus
from access.services import Services, open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.intake import Intake
from access.services.offload import WorkThread
from access.services.people import PersonRecord
from policies.decision import Reason
from policies.ids import BadgeId, PersonId, ReaderId, SourceId
from policies.loader import load
from policies.request import NO_VIEW, AccessRequest, Assurance, Direction
from policies.roster import BadgeKind, ResidentType
from readers.clock import SystemClock
from readers.daemon import Rights
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, Bus, Connection, Message
from readers.wire.topics import Topics

_BARE = "bench/bare"
_PAYLOAD = b"x" * 600
"""About as long as the delta of one badge."""

_ACTOR = "bench"


class Buses(msgspec.Struct, frozen=True):
    """How a door and the server reach each other; and how many badges can be revoked in turn."""

    at_door: Callable[[], Bus]
    at_server: Callable[[], Bus]
    badges: int


def over_a_broker(port: int) -> Buses:
    """Return the lines of a real site."""
    broker = Broker("127.0.0.1", port)
    return Buses(lambda: MqttBus(broker), lambda: MqttBus(broker), 400)


def in_one_process() -> Buses:
    """Return a bus in memory: of more doors than one machine can be."""
    bus = MemoryBus()
    return Buses(lambda: bus, lambda: bus, 40)


class Fleet:
    """The door computers, and what they wait for: `revoke` and `send` return the ns until the last has it."""

    def __init__(self, services: Services, topics: Topics, readers: int) -> None:
        self._services, self._topics, self._readers = services, topics, readers
        self._clock, self._writer = SystemClock(), WorkThread("writes")
        self._badge = BadgeId("")
        self._left, self._all = 0, asyncio.Event()
        self._publisher: Connection | None = None

    @classmethod
    async def open(
        cls, stack: AsyncExitStack, folder: Path, kept: Path, buses: Buses, readers: int
    ) -> "Fleet":
        """Open the site in `folder` and let everybody connect, until the last has its snapshot, kept in `kept`."""
        building, policy = load(Path(policies.__file__).parent / "km0")
        entries = [side for side in building.readers.values() if side.direction is Direction.ENTRY]
        side = {reader.door: reader.id for reader in entries}
        doors = tuple(side)
        scopes = {SourceId(f"edge-{number}"): (doors[number % len(doors)],) for number in range(readers)}
        url = f"sqlite:///{folder}/totem.db"
        services = open_services(url, building, policy, scopes, folder / "key", keeps_history=False)
        stack.callback(services.close)
        _enrol(services, buses.badges)
        fleet = cls(services, Topics(building.site), readers)
        fleet.expect()
        tasks: list[asyncio.Task[None]] = []
        stack.push_async_callback(_end, tasks)
        for source, (door,) in scopes.items():
            rights = Rights(source, services.publisher.public_key, kept / source)
            tasks.append(asyncio.create_task(fleet.hold(buses.at_door(), source, rights, side[door])))
        intake = Intake(buses.at_server(), services, fleet._clock, fleet._writer)
        tasks.append(asyncio.create_task(intake.run()))
        fleet._publisher = await stack.enter_async_context(buses.at_server().connect("bench"))
        await fleet.arrived()
        return fleet

    async def hold(self, bus: Bus, source: SourceId, rights: Rights, reader: ReaderId) -> None:
        """Be one door computer: take up rights, and say when the revoked badge is refused."""
        mine = (self._topics.snapshot(source), self._topics.changes(), self._topics.missing(source), _BARE)
        async with bus.connect(self._topics.client(source), mine) as line:
            has_rights, refused = False, BadgeId("")
            while True:
                message = await line.receive()
                if message.topic == _BARE:
                    self._one_more()
                    continue
                rights.accept(message.payload)
                if not has_rights and rights.snapshot is not None:
                    has_rights = True
                    self._one_more()
                elif refused != self._badge and self._refuses(rights, reader):
                    refused = self._badge
                    self._one_more()

    def _refuses(self, rights: Rights, reader: ReaderId) -> bool:
        request = AccessRequest(datetime.now(UTC), reader, self._badge, Assurance.AUTHENTICATED)
        return rights.decide(request, NO_VIEW).reason is Reason.CREDENTIAL_DISABLED

    async def revoke(self, number: int) -> int:
        """Revoke a badge; return the time until every reader refuses it."""
        self.expect()
        self._badge = _badge(number)
        began = perf_counter_ns()
        now = datetime.now(UTC)
        await asyncio.to_thread(self._services.badges.say, self._badge, BadgeVerb.REVOKE, _ACTOR, now)
        await self.arrived()
        return perf_counter_ns() - began

    async def send(self, _number: int) -> int:
        """Publish a message; return the time until every reader has it."""
        self.expect()
        began = perf_counter_ns()
        if self._publisher is not None:
            await self._publisher.publish(Message(_BARE, _PAYLOAD))
        await self.arrived()
        return perf_counter_ns() - began

    def expect(self) -> None:
        """Begin to count the readers anew."""
        self._left = self._readers
        self._all.clear()

    async def arrived(self) -> None:
        """Return once every reader has been counted."""
        await self._all.wait()

    def _one_more(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._all.set()


def _badge(number: int) -> BadgeId:
    return BadgeId(f"04{number:012x}")


def _enrol(services: Services, number_of: int) -> None:
    now = datetime.now(UTC)
    staff = [
        PersonRecord(PersonId(f"p{number}"), ResidentType.STAFF, name="x") for number in range(number_of)
    ]
    services.people.add(staff, _ACTOR, now)
    badges = [
        BadgeRecord(_badge(number), BadgeKind.DESFIRE, person.id) for number, person in enumerate(staff)
    ]
    services.badges.add(badges, _ACTOR, now)


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
