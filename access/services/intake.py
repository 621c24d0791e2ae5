"""The server's line to the bus: events in and acknowledged, rights out as soon as they change.

Whatever waits is stored in one transaction. A source hears how far it is stored only after the commit; listeners hear
of each event once, after the commit too. Nothing that comes over the bus ends it: the bad is refused with a finding,
a lost broker is connected again, and while the database is away nothing is acknowledged, so sources send again.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from access.services.clock import Clock
from access.services.dispatch import Dispatch
from access.services.door_line import DoorLine
from access.services.ingest import Batch, Taken
from access.services.offload import Offload
from access.services.outbox import RightsChanged
from access.services.services import Services
from policies.ids import DoorId, SourceId
from readers.errors import WireError
from readers.wire.bus import Bus, BusDown, Connection, Message
from readers.wire.signals import Ack, read_status
from readers.wire.topics import Topics

_log = logging.getLogger(__name__)

_MOST_AT_ONCE = 256  # messages in one transaction: what waits longer is sent in the next
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0


def at_once() -> float:
    """Gather nothing: 0 seconds."""
    return 0.0


class Intake:
    """One server on the bus as the site's client `name`. `run` it as a task.

    Events wait `gather_s()` seconds for others to share their transaction: fewer commits, later counts.
    """

    def __init__(
        self,
        bus: Bus,
        services: Services,
        clock: Clock,
        offload: Offload,
        name: str = "server",
        gather_s: Callable[[], float] = at_once,
    ) -> None:
        self._bus, self._services, self._clock, self._offload = bus, services, clock, offload
        self._gather_s = gather_s
        self._topics = Topics(services.building.site)
        self._name = self._topics.client(name)
        self._met: set[SourceId] = set()
        self._dispatch = Dispatch(services.publisher, clock, offload)
        self._door_line = DoorLine(services.doors, services.commands, clock, offload)
        self.is_connected = False

    async def run(self) -> None:
        """Hold the line until cancelled."""
        loop = asyncio.get_running_loop()

        def on_rights_changed(news: RightsChanged) -> None:
            if news.goes_out:
                loop.call_soon_threadsafe(self._dispatch.changed)

        stop_listening = self._services.rights.listen(on_rights_changed)
        wait_s = _FIRST_WAIT_S
        try:
            while True:
                try:
                    await self._hold()
                except* BusDown as down:
                    _log.warning("bus-down", extra={"fault": str(down.exceptions[0])})
                wait_s = _FIRST_WAIT_S if self.is_connected else min(wait_s * 2, _LONGEST_WAIT_S)
                self.is_connected = False
                await self._clock.sleep(wait_s)
        finally:
            self.is_connected = False
            stop_listening()

    async def _hold(self) -> None:
        """Connect and serve the line until it breaks."""
        topics = (self._topics.events("+"), self._topics.status("+"), self._topics.door_state("+"))
        async with self._bus.connect(self._name, topics) as line:
            _log.info("bus-up", extra={"client": self._name})
            self.is_connected = True
            self._met.clear()
            waiting: asyncio.Queue[Message] = asyncio.Queue(_MOST_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                group.create_task(_receive(line, waiting), name="intake receives")
                group.create_task(self._store(line, waiting), name="intake stores")
                group.create_task(self._dispatch.run(line), name="intake dispatches")
                group.create_task(self._door_line.run(line), name="intake commands doors")

    async def _store(self, line: Connection, waiting: asyncio.Queue[Message]) -> None:
        while True:
            messages = [await waiting.get()]
            if (gather_s := self._gather_s()) > 0:
                await self._clock.sleep(gather_s)
            while not waiting.empty():
                messages.append(waiting.get_nowait())
            batches = [batch for message in messages if (batch := self._sort(message))]
            if batches:
                await self._take(line, batches)

    def _sort(self, message: Message) -> Batch | None:
        """Return a batch of events as one; show anything else to the live view."""
        subject = self._topics.subject(message.topic)
        if message.topic == self._topics.events(subject):
            return Batch(SourceId(subject), message.payload)
        if message.topic == self._topics.status(subject):
            self._hear(SourceId(subject), message.payload)
        else:
            self._services.live.door_state(DoorId(subject), message.payload)
        return None

    def _hear(self, source: SourceId, payload: bytes) -> None:
        # The first word on a connection may be an old one that the bus kept: it says nothing of the source's clock.
        self._services.live.source_status(source, payload, self._clock.now() if source in self._met else None)
        self._met.add(source)
        try:
            self._dispatch.heard(source, read_status(payload))
        except WireError as error:
            _log.warning("status-refused", extra={"source": source, "fault": str(error)})

    async def _take(self, line: Connection, batches: list[Batch]) -> None:
        try:
            taken = await self._offload(partial(self._services.ingest.take, batches, self._clock.now()))
        except SQLAlchemyError as error:
            _log.error("store-unavailable", extra={"batches": len(batches), "fault": type(error).__name__})
            return
        for finding in taken.findings:
            _log.warning("event-refused", extra={"source": finding.source, "kind": finding.kind})
        if taken.events:
            self._services.news.tell(taken.events)
        await self._acknowledge(line, taken)

    async def _acknowledge(self, line: Connection, taken: Taken) -> None:
        for (source, epoch), seq in sorted(taken.reached.items()):
            payload = msgspec.json.encode(Ack(epoch, seq))
            await line.publish(Message(self._topics.ack(source), payload))


async def _receive(line: Connection, waiting: asyncio.Queue[Message]) -> None:
    while True:
        await waiting.put(await line.receive())
