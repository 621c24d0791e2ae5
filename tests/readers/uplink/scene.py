"""One uplink over any bus, and a server that stores what it hears once and acknowledges it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from emulators.clock import LoopClock
from policies.ids import DoorId, SiteId, SourceId
from readers.journal import Durability, FileJournal
from readers.uplink import Uplink
from readers.wire.bus import Bus, BusDown, Message
from readers.wire.events import FIRST_SEQ, Draft, EventType, parse
from readers.wire.signals import Ack, Line, Status
from readers.wire.topics import Topics

START = datetime(2026, 9, 15, 6, tzinfo=UTC)
EDGE = SourceId("edge-1")
TOPICS = Topics(SiteId("km0"))


class Server:
    """Stores every event once and acknowledges the highest sequence without a gap, by epoch."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.stored: dict[tuple[int, int], str] = {}
        self._reached: Counter[int] = Counter()
        self.deliveries = 0
        self.answers = True
        self.retry_s = 10.0
        self.up = asyncio.Event()
        self.statuses: list[bytes] = []
        self.heard = asyncio.Event()

    def forget_after(self, seq: int) -> None:
        """Lose what came later, as a database does that is restored from a copy."""
        self.stored = {place: name for place, name in self.stored.items() if place[1] <= seq}
        self._reached = Counter({epoch: min(reached, seq) for epoch, reached in self._reached.items()})

    async def run(self) -> None:
        topics = [TOPICS.events("+"), TOPICS.status("+")]
        while True:
            with suppress(BusDown):
                async with self._bus.connect("server", topics) as line:
                    self.up.set()
                    while True:
                        message = await line.receive()
                        if message.topic == TOPICS.status(EDGE):
                            self.statuses.append(message.payload)
                        elif self.answers:
                            ack = msgspec.json.encode(self._store(message.payload))
                            await line.publish(Message(TOPICS.ack(EDGE), ack))
            await asyncio.sleep(self.retry_s)

    def _store(self, batch: bytes) -> Ack:
        self.deliveries += 1
        events = [parse(line) for line in batch.split(b"\n")]
        for event in events:
            self.stored.setdefault((event.epoch, event.seq), event.id)
        epoch = events[0].epoch
        while (epoch, self._reached[epoch] + FIRST_SEQ) in self.stored:
            self._reached[epoch] += 1
        self.heard.set()
        return Ack(epoch, self._reached[epoch])


class Scene:
    """A door computer's uplink and what a test does to it."""

    def __init__(self, bus: Bus, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        self.clock = LoopClock(loop, START)
        self.bus = bus
        self.journal = FileJournal(folder, EDGE, self.clock.now, Durability.BUFFERED)
        self.uplink = Uplink(
            EDGE,
            TOPICS,
            bus,
            self.journal,
            self.clock,
            Random(7),
            lambda: Status(Line.ONLINE, self.clock.now(), "0.1.0", self.snapshot),
        )
        self.snapshots: list[bytes] = []
        self.snapshot = 0
        self.server = Server(bus)

    def take_snapshot(self, payload: bytes) -> None:
        self.snapshots.append(payload)
        self.snapshot += 1

    def record(self, count: int = 1) -> None:
        for _ in range(count):
            self.journal.append(Draft(self.clock.now(), EventType.DOOR_OPENED, DoorId("agora")))
            self.uplink.notify()

    @property
    def arrived(self) -> list[int]:
        """The sequence numbers stored, in the order of their arrival."""
        return [seq for _, seq in self.server.stored]


@asynccontextmanager
async def running(*parts: Awaitable[None]) -> AsyncIterator[None]:
    """Run the parts beside the body; one that fails fails the test."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        yield
        for task in tasks:
            assert not task.done(), task
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended
