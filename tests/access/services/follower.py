"""The part of a door computer that follows the rights on the bus."""

import asyncio
from contextlib import suppress

import msgspec

from readers.daemon import Rights
from readers.errors import WireError
from readers.wire.bus import Message
from readers.wire.signals import OFFLINE, Line, Status
from readers.wire.topics import Topics
from tests.small_site import BUILDING, EDGE, NOON

TOPICS = Topics(BUILDING.site)


class Follower:
    """What the door computer `source` does with rights, and nothing else of it; `deaf` to the topics named."""

    def __init__(self, services, bus, folder, source=EDGE):
        folder.mkdir(exist_ok=True)
        self._source = source
        self.rights = Rights(source, services.publisher.public_key, folder / "snapshot")
        self.rights.restore()
        self.deaf = set()
        self.heard = []
        self._bus, self._moved = bus, asyncio.Event()

    async def run(self):
        topics = (TOPICS.snapshot(self._source), TOPICS.changes(), TOPICS.missing(self._source))
        will = Message(TOPICS.status(self._source), OFFLINE, retain=True)
        async with self._bus.connect(f"follower of {self._source}", topics, will) as line:
            await self._tell(line)
            while True:
                message = await line.receive()
                if message.topic in self.deaf:
                    continue
                self.heard.append(message.topic)
                with suppress(WireError):
                    self.rights.accept(message.payload)
                self._moved.set()
                await self._tell(line)

    async def reaches(self, version):
        """Return once the rights are of that version, or newer."""
        while self.version is None or self.version < version:
            self._moved.clear()
            await self._moved.wait()

    async def _tell(self, line):
        status = Status(Line.ONLINE, NOON, snapshot=self.version, lacks=self.rights.lacks)
        await line.publish(Message(TOPICS.status(self._source), msgspec.json.encode(status), retain=True))

    @property
    def version(self):
        return self.rights.snapshot.version if self.rights.snapshot else None

    @property
    def roster(self):
        assert self.rights.snapshot is not None
        return self.rights.snapshot.roster

    def status_of(self, badge):
        return self.roster.badges[badge].status
