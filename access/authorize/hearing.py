"""What an authorizer in a process of its own hears on the bus: what door computers report, and that rights changed.

Reports are taken as they come, before the server has stored them: whoever enters is counted at once. The same events
come again from the store after a restart, and are the same. Authorizers tell each other of the seats they give away
on a topic of their own, which waits for no acknowledgement of the server.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from access.log import Lasting
from access.services.clock import Clock
from access.services.offload import Offload
from policies.ids import SiteId, SourceId
from readers.errors import WireError
from readers.wire.bus import Bus, BusDown, Connection, Message
from readers.wire.events import Event, parse
from readers.wire.topics import Topics

_log = logging.getLogger(__name__)

_LARGE_BYTES = 16_384
"""A change of eighty people takes half a millisecond; a larger one, as of an import, is not the taps' to wait for."""

_WAIT_S = 1.0
_MARK = b"mark "
_MARK_WITHIN_S = 2.0

_SETTLES_S = 2.0
"""What the server had in its hands while the line was made is in the store by then."""


class Hears(Protocol):
    """Whoever is told."""

    def hear(self, events: Sequence[Event]) -> None:
        """Take in what was reported."""
        ...

    def change(self, payload: bytes, *, at_once: bool = False) -> bool:
        """Take up a signed delta, in one piece or in parts; return False if what lies before it is missing.

        Raise `WireError`.
        """
        ...

    def command(self, message: Message) -> None:
        """Take up a door's register of modes."""
        ...

    def catch_up(self) -> None:
        """Read from the store what changed, or note that it cannot be read; blocks."""
        ...

    def read_store(self, since: datetime) -> None:
        """Read rights, modes, and what was stored since; blocks. Raise `SQLAlchemyError`."""
        ...

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        ...


class Hearing:
    """The line of the authorizer `source` to the bus, for listening. `run` it as a task; it is a `candidate.Feed`.

    `monotonic` is a clock in seconds.
    """

    def __init__(
        self,
        bus: Bus,
        site: SiteId,
        source: SourceId,
        authorizer: Hears,
        clock: Clock,
        offload: Offload,
        monotonic: Callable[[], float],
    ) -> None:
        self._bus, self._topics, self._source = bus, Topics(site), source
        self._authorizer, self._clock, self._offload, self._monotonic = authorizer, clock, offload, monotonic
        self._lacks = asyncio.Event()
        self._line: Connection | None = None
        self._listens_since = 0.0
        self._lacking_since: datetime | None = clock.now()
        """Since when doors may have reported what is not read here yet; None while all is heard."""
        self._marks: dict[bytes, asyncio.Event] = {}
        self._down = Lasting(_log, "bus-down", "bus-up")
        self._unread = Lasting(_log, "passages-not-read", "passages-read-again", logging.ERROR)
        self.refused = 0

    @property
    def is_connected(self) -> bool:
        """Return whether the bus is heard now."""
        return self._line is not None

    @property
    def listened_s(self) -> float:
        """Return for how long the bus was heard without a break, in seconds; 0 while it is not."""
        return self._monotonic() - self._listens_since if self._line is not None else 0.0

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        return self._authorizer.longest_seat_s

    async def run(self) -> None:
        """Hold the line until cancelled. What was missed while it was down is read from the store."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._catch_up(), name="authorizer rights")
            while True:
                try:
                    await self._listen(group)
                except BusDown as down:
                    self._down.note(str(down))
                if self._line is not None:
                    self._line = None
                    self._lacking_since = self._lacking_since or self._clock.now()
                await self._clock.sleep(_WAIT_S)

    async def tell(self, lines: bytes) -> None:
        """Tell the other authorizers of seats; return when the bus has it, raise `BusDown` if it may not have."""
        if self._line is None:
            raise BusDown(f"{self._source}: not connected")
        await self._line.publish(Message(self._topics.seats(self._source), lines))

    async def read_store(self) -> None:
        """Read rights, modes and passages; raise `SQLAlchemyError` where the database does not answer."""
        since = self._lacking_since or self._clock.now()
        await self._offload(partial(self._authorizer.read_store, since))

    async def hear_up_to_now(self) -> None:
        """Return when everything that the bus had taken before this call is heard; raise `BusDown`."""
        mark, come = _MARK + secrets.token_bytes(8).hex().encode(), asyncio.Event()
        self._marks[mark] = come
        try:
            await self.tell(mark)
            async with asyncio.timeout(_MARK_WITHIN_S):
                await come.wait()
        except TimeoutError as late:
            raise BusDown(f"{self._source}: its own word did not come back") from late
        finally:
            del self._marks[mark]

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        topics = (
            self._topics.events("+"),
            self._topics.seats("+"),
            self._topics.changes(),
            self._topics.door_command("+"),
        )
        async with self._bus.connect(self._topics.client(f"{self._source}-hearing"), topics) as line:
            self._line, self._listens_since = line, self._monotonic()
            self._down.note(None)
            self._lacks.set()
            missed = group.create_task(self._read_missed())
            try:
                while True:
                    message = await line.receive()
                    try:
                        await self._take(message)
                    except WireError as error:
                        self.refused += 1
                        _log.warning("message-refused", extra={"topic": message.topic, "fault": str(error)})
            finally:
                missed.cancel()

    async def _take(self, message: Message) -> None:
        if message.topic == self._topics.changes():
            await self._take_change(message.payload)
            return
        subject = self._topics.subject(message.topic)
        if message.topic == self._topics.door_command(subject):
            self._authorizer.command(message)
        elif subject != self._source:
            if not message.payload.startswith(_MARK):
                heard = [parse(line) for line in message.payload.splitlines()]
                self._authorizer.hear([event for event in heard if event.source == subject])
        elif (come := self._marks.get(message.payload)) is not None:
            come.set()

    async def _take_change(self, delta: bytes) -> None:
        change = self._authorizer.change
        # Not by way of `offload`, which may be reading the whole store.
        if len(delta) <= _LARGE_BYTES:
            follows = change(delta, at_once=True)
        else:
            follows = await asyncio.to_thread(change, delta)
        if not follows:
            self._lacks.set()

    async def _read_missed(self) -> None:
        """Read what doors reported while nobody listened here: what the server has, and what it was about to store."""
        for wait_s in (0.0, _SETTLES_S):
            await self._clock.sleep(wait_s)
            while not await self._has_read():
                await self._clock.sleep(_WAIT_S)
        self._lacking_since = None

    async def _has_read(self) -> bool:
        """Read the store; return False where it does not answer."""
        try:
            await self.read_store()
        except (SQLAlchemyError, OSError) as fault:
            self._unread.note(type(fault).__name__)
            return False
        self._unread.note(None)
        return True

    async def _catch_up(self) -> None:
        while True:
            await self._lacks.wait()
            self._lacks.clear()
            await self._offload(self._authorizer.catch_up)
