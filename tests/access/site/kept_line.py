"""A controller's end of a kept connection, and the server's, which is fed piece by piece."""

import asyncio
import socket
from contextlib import asynccontextmanager

import msgspec
import uvicorn
from uvicorn.server import ServerState

from access.api.taps import Taps
from access.services.people import PersonRecord
from access.site.line import KeptLine
from policies.ids import PersonId, TierId
from policies.roster import ResidentType

ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")
TAP = {
    "reader": "front-in",
    "badge": {"kind": "uid", "id": "04aabbcc"},
    "assurance": "uid",
    "deadline_ms": 10_000,
}
BODY = msgspec.json.encode(TAP)
UNKNOWN = msgspec.json.encode(TAP | {"badge": {"kind": "uid", "id": "04000000"}})


class Counted(Taps):
    """Counts who goes the long way."""

    long = 0

    async def __call__(self, scope, receive, send):
        self.long += 1
        await super().__call__(scope, receive, send)


class Door:
    """A controller's end of a connection, and the server's, which is fed from here piece by piece."""

    def __init__(self, line, reader, front):
        self.line, self._reader, self._front = line, reader, front

    @property
    def long(self):
        return self._front.long

    async def says(self):
        """Return the next answer: status, headers without the date, body."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode().strip().split("\r\n")
        headers = dict(line.split(": ") for line in lines)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return int(status.split()[1]), headers, msgspec.json.decode(body)

    async def ask(self, *pieces):
        for piece in pieces:
            self.line.data_received(piece)
        return await self.says()

    async def hears(self):
        """Return all that is said until the server hangs up."""
        return await self._reader.read()

    async def is_hung_up(self):
        return await self.hears() == b""


@asynccontextmanager
async def doors_of(front, **settings):
    """Yield a function that opens one more line to one server."""
    state, accepted = ServerState(), asyncio.Queue[KeptLine]()
    writers: list[asyncio.StreamWriter] = []

    def made():
        accepted.put_nowait(line := KeptLine(config, state, {}))
        return line

    async def another():
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writers.append(writer)
        return Door(await accepted.get(), reader, front)

    config = uvicorn.Config(front, lifespan="off", ws="none", log_config=None, **settings)
    listener = socket.create_server(("127.0.0.1", 0))
    async with await asyncio.get_running_loop().create_server(made, sock=listener):
        yield another
        for writer in writers:
            writer.close()


def request(secret, body=BODY, *, version="1.1", more=()):
    lines = [
        f"POST /v1/authorize HTTP/{version}",
        "Host: totem",
        f"Authorization: Bearer {secret}",
        *more,
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def with_doors(front, scene, **settings):
    async def play():
        async with doors_of(front, **settings) as another:
            return await scene(another)

    return asyncio.run(play())


def with_door(front, scene, **settings):
    async def play(another):
        return await scene(await another())

    return with_doors(front, play, **settings)
