"""`totem bench fanout`: one change to a thousand viewers by the dashboard's stream, beside `websockets.broadcast`.

Each server is a process of its own, publishing ten times a second; this process is all the viewers, who read both
streams with the same code. A time is from publishing to reading, on the clock that both processes share. Rounds are
interleaved; each begins with fresh connections. `page` is one passage until its piece of the page is with a viewer.
"""

import asyncio
import multiprocessing
import re
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from multiprocessing.connection import Connection
from time import monotonic_ns

from starlette.types import Receive, Scope, Send

from access.bench.passage import passage_to_page
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS, median_of

_VIEWERS = 1_000
_EVERY_S = 0.1
_PADDING = "x" * 120
"""A message is about as long as a count with its interval."""

_STAMP = re.compile(rb"t=(\d+);")
_HEAD = (
    b"GET / HTTP/1.1\r\nHost: viewer\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_PLAIN_HEAD = b"GET / HTTP/1.1\r\nHost: viewer\r\n\r\n"
_SETTLE_S = 0.5
_AT_ONCE = 50


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` without the yardstick's library, or for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"fanout: size {options.size.value} is not built; expected building")
    if find_spec("websockets") is None:
        raise NotBuilt("fanout: websockets is not installed; it is in requirements/all.txt")
    servers = {"fanout": (serve_stream, _PLAIN_HEAD), "broadcast": (serve_broadcast, _HEAD)}
    share_s = max(options.seconds / ROUNDS / len(servers), 1.0)
    rounds: dict[str, list[Result]] = {name: [] for name in servers}
    for _ in range(ROUNDS):
        for name, (serve, head) in servers.items():
            rounds[name].append(_round(serve, head, share_s))
    results = {name: median_of(each) for name, each in rounds.items()}
    results["page"] = result(passage_to_page())
    return Report(
        bench="fanout",
        machine=machine(),
        config={
            "viewers": _VIEWERS,
            "messages_per_s": 1 / _EVERY_S,
            "rounds": ROUNDS,
            "seconds": options.seconds,
        },
        results=results,
        ratios={f"fanout/broadcast.v{_VIEWERS}.p99": results["fanout"].p99_us / results["broadcast"].p99_us},
    )


def _round(serve: Callable[[Connection], None], head: bytes, seconds: float) -> Result:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    try:
        return result(asyncio.run(_watch(ours.recv(), head, seconds)))
    finally:
        server.terminate()
        server.join()


async def _watch(port: int, head: bytes, seconds: float) -> list[int]:
    """Read as all viewers, and return the time of every message to each of them in ns."""
    times: list[int] = []
    counting = asyncio.Event()
    viewers: list[asyncio.Task[None]] = []
    writers: list[asyncio.StreamWriter] = []  # one that is let go closes its line
    for start in range(0, _VIEWERS, _AT_ONCE):
        opened = await asyncio.gather(
            *(
                asyncio.open_connection("127.0.0.1", port)
                for _ in range(start, min(start + _AT_ONCE, _VIEWERS))
            )
        )
        for reader, writer in opened:
            writer.write(head)
            writers.append(writer)
            viewers.append(asyncio.create_task(_view(reader, times, counting)))
    await asyncio.sleep(_SETTLE_S)
    counting.set()
    await asyncio.sleep(seconds)
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
    for writer in writers:
        writer.close()
    return times


async def _view(reader: asyncio.StreamReader, times: list[int], counting: asyncio.Event) -> None:
    while True:
        piece = await reader.read(4096)
        now = monotonic_ns()
        if not piece:
            return
        if counting.is_set():
            times.extend(now - int(stamp) for stamp in _STAMP.findall(piece))


def serve_stream(told: Connection) -> None:
    """Serve the dashboard's own hub and event stream, and publish until terminated."""
    import socket

    import uvicorn

    from access.dashboard.hub import StateHub
    from access.dashboard.stream import EventStream

    async def live() -> None:
        hub = StateHub()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await EventStream(hub)(scope, receive, send)

        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(_VIEWERS)
        config = uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False, backlog=_VIEWERS)
        serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[listener]))
        told.send(listener.getsockname()[1])
        while not serving.done():
            await asyncio.sleep(_EVERY_S)
            hub.publish("occupancy", f"t={monotonic_ns()};{_PADDING}")

    _on_uvloop(live)


def serve_broadcast(told: Connection) -> None:
    """Serve websockets, and broadcast until terminated."""
    from websockets.asyncio.server import ServerConnection, broadcast, serve

    async def live() -> None:
        async def stay(connection: ServerConnection) -> None:
            await connection.wait_closed()

        async with serve(stay, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            told.send(server.sockets[0].getsockname()[1])
            while True:
                await asyncio.sleep(_EVERY_S)
                broadcast(server.connections, f"t={monotonic_ns()};{_PADDING}")

    _on_uvloop(live)


def _on_uvloop(live: Callable[[], Coroutine[None, None, None]]) -> None:
    import uvloop

    uvloop.run(live())
