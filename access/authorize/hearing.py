"""What an authorizer in a process of its own hears on the bus: what door computers report, and that rights changed.

Reports are taken as they come, before the server has stored them: whoever enters is counted at once. The same events
come again from the store after a restart, and are the same.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from access.services.intake import Clock, Offload
from policies.ids import SiteId, SourceId
from readers.errors import WireError
from readers.wire.bus import Bus, BusDown, Message
from readers.wire.events import Event, parse
from readers.wire.topics import Topics

_log = logging.getLogger(__name__)

_WAIT_S = 1.0


class Hears(Protocol):
    """Whoever is told."""

    def hear(self, events: Sequence[Event]) -> None:
        """Take in what was reported."""
        ...

    def change(self, payload: bytes) -> bool:
        """Take up a signed delta; return False if what lies before it is missing. Raise `WireError`."""
        ...

    def command(self, message: Message) -> None:
        """Take up a door's register of modes."""
        ...

    def catch_up(self) -> None:
        """Read from the store what changed; blocks."""
        ...


class Hearing:
    """The line of the authorizer `source` to the bus, for listening. `run` it as a task."""

    def __init__(
        self,
        bus: Bus,
        site: SiteId,
        source: SourceId,
        authorizer: Hears,
        clock: Clock,
        offload: Offload,
    ) -> None:
        self._bus, self._topics, self._source = bus, Topics(site), source
        self._authorizer, self._clock, self._offload = authorizer, clock, offload
        self._lacks = asyncio.Event()
        self.is_connected = False
        self.refused = 0

    async def run(self) -> None:
        """Hold the line until cancelled. What was missed while it was down is read from the store."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._catch_up(), name="authorizer rights")
            while True:
                try:
                    await self._listen()
                except BusDown as down:
                    _log.warning("bus-down", extra={"fault": str(down)})
                self.is_connected = False
                await self._clock.sleep(_WAIT_S)

    async def _listen(self) -> None:
        topics = (self._topics.events("+"), self._topics.changes(), self._topics.door_command("+"))
        async with self._bus.connect(self._topics.client(f"{self._source}-hearing"), topics) as line:
            self.is_connected = True
            self._lacks.set()
            while True:
                message = await line.receive()
                try:
                    self._take(message)
                except WireError as error:
                    self.refused += 1
                    _log.warning("message-refused", extra={"topic": message.topic, "fault": str(error)})

    def _take(self, message: Message) -> None:
        if message.topic == self._topics.changes():
            if not self._authorizer.change(message.payload):
                self._lacks.set()
            return
        subject = self._topics.subject(message.topic)
        if message.topic == self._topics.door_command(subject):
            self._authorizer.command(message)
        elif subject != self._source:
            heard = [parse(line) for line in message.payload.splitlines()]
            self._authorizer.hear([event for event in heard if event.source == subject])

    async def _catch_up(self) -> None:
        while True:
            await self._lacks.wait()
            self._lacks.clear()
            await self._offload(self._authorizer.catch_up)
