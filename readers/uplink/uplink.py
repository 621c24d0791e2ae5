"""The uplink: a `readers.ports.Uplink` over a bus that may be gone for days.

It drains the journal, publishes the retained status and door states, and hands snapshots to the daemon. It sleeps
until there is something to say, and survives whatever the bus hands it: the wrong is logged, counted and ignored.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from random import Random

import msgspec

from policies.ids import DoorId, SourceId
from readers.errors import ReaderError, WireError
from readers.ports import Clock, Journal, Timer
from readers.uplink.backoff import Backoff
from readers.uplink.drain import Drain
from readers.wire.bus import Bus, BusDown, Connection, Message
from readers.wire.signals import OFFLINE, Status, read_ack
from readers.wire.topics import Topics

_log = logging.getLogger(__name__)

ACK_WITHIN_S = 10.0
"""How long the server may take to store a batch before it is sent again: many times a commit, even a slow one."""


def at_once() -> float:
    """Gather nothing: 0 seconds."""
    return 0.0


def _ignore(payload: bytes) -> None:
    del payload


class Uplink:
    """The line of one source. `describe` is asked for the status whenever it is published.

    What there is to say waits `gather_s()` seconds for more of it; another function there makes fewer messages, later.

    `refused` counts what came over the bus and was ignored, `resent` the batches that no acknowledgement came for.
    """

    def __init__(
        self,
        source: SourceId,
        topics: Topics,
        bus: Bus,
        journal: Journal,
        clock: Clock,
        random: Random,
        describe: Callable[[], Status],
    ) -> None:
        self._source, self._topics, self._bus, self._clock = source, topics, bus, clock
        self._describe = describe
        self.gather_s: Callable[[], float] = at_once
        self._drain = Drain(journal)
        self._backoff = Backoff(random)
        self._overdue: Timer | None = None
        self._states: dict[DoorId, bytes] = {}
        self._untold: dict[DoorId, None] = {}  # in the order of their change
        self._commands: tuple[str, ...] = ()
        self._on_command: Callable[[bytes], object] = _ignore
        self._has_news = False
        self._stirred = asyncio.Event()
        self.refused = 0
        self.resent = 0

    def notify(self) -> None:
        """Say that the journal has grown. What is in flight comes first, so then there is no hurry."""
        if self._drain.in_flight is None:
            self._stirred.set()

    def publish_door_state(self, door: DoorId, payload: bytes) -> None:
        """Publish the state of a door, retained; the last one counts, and goes out again with every connection."""
        self._states[door] = payload
        self._untold[door] = None
        self._stirred.set()

    def tell_status(self) -> None:
        """Say that the status has changed; it is asked for again when the line is up."""
        self._has_news = True
        self._stirred.set()

    def obey(self, doors: Iterable[DoorId], on_command: Callable[[bytes], object]) -> None:
        """Give every command to `doors` to `on_command` as it came, good or bad, from the next connection on."""
        self._commands = tuple(self._topics.door_command(door) for door in doors)
        self._on_command = on_command

    async def run(self, on_snapshot: Callable[[bytes], object]) -> None:
        """Hold the line until cancelled. `on_snapshot` gets every snapshot and delta as it came, good or bad."""
        while True:
            try:
                await self._hold(on_snapshot)
            except* (BusDown, ReaderError) as down:
                _log.info("line-down", extra={"source": self._source, "fault": str(down.exceptions[0])})
            await self._clock.sleep(self._backoff.next_s())

    async def _hold(self, on_snapshot: Callable[[bytes], object]) -> None:
        """Connect and serve the line until it breaks."""
        topics, source = self._topics, self._source
        ack = topics.ack(source)
        taken = (ack, topics.snapshot(source), topics.changes(), topics.missing(source), *self._commands)
        will = Message(topics.status(source), OFFLINE, retain=True)
        async with self._bus.connect(topics.client(source), taken, will) as line:
            _log.info("line-up", extra={"source": source})
            self._begin_again()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._send(line), name=f"uplink {source} up")
                    group.create_task(self._listen(line, ack, on_snapshot), name=f"uplink {source} down")
            finally:
                self._stop_waiting()

    def _begin_again(self) -> None:
        """Forget what the last connection was told."""
        self._drain.give_up()
        self._untold = dict.fromkeys(self._states)
        self.tell_status()

    async def _send(self, line: Connection) -> None:
        while True:
            await self._stirred.wait()
            if (gather_s := self.gather_s()) > 0:
                await self._clock.sleep(gather_s)
            self._stirred.clear()
            if self._has_news:
                self._has_news = False
                await self._tell_status(line)
            while self._untold:
                door = next(iter(self._untold))
                del self._untold[door]
                await line.publish(Message(self._topics.door_state(door), self._states[door], retain=True))
            batch = self._drain.next_batch()
            if batch is not None:
                self._overdue = self._clock.call_later(ACK_WITHIN_S, self._send_again)
                await line.publish(Message(self._topics.events(self._source), batch))

    async def _tell_status(self, line: Connection) -> None:
        payload = msgspec.json.encode(self._describe())
        await line.publish(Message(self._topics.status(self._source), payload, retain=True))
        self._backoff.reset()

    def _send_again(self) -> None:
        self._overdue = None
        self.resent += 1
        _log.warning("batch-not-acknowledged", extra={"source": self._source, "last": self._drain.in_flight})
        self._drain.give_up()
        self._stirred.set()

    def _stop_waiting(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    async def _listen(self, line: Connection, ack: str, on_snapshot: Callable[[bytes], object]) -> None:
        while True:
            message = await line.receive()
            try:
                if message.topic == ack:
                    self._take_ack(message.payload)
                elif message.topic in self._commands:
                    self._on_command(message.payload)
                else:
                    on_snapshot(message.payload)
                    self.tell_status()
            except (WireError, OSError) as error:
                self.refused += 1
                _log.warning("message-refused", extra={"topic": message.topic, "fault": str(error)})

    def _take_ack(self, payload: bytes) -> None:
        if self._drain.acknowledged(read_ack(payload)):
            self._stop_waiting()
            if self._drain.has_more:
                self._stirred.set()
