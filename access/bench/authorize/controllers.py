"""Controllers as a bench has them: they send prepared requests over kept connections and time every answer."""

import asyncio
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from time import perf_counter_ns
from typing import cast

import msgspec

_END_OF_ANSWER = b"}"
"""Both servers answer with one JSON object, and no header ends like one."""

_NS_PER_S = 1_000_000_000


class Measured(msgspec.Struct, frozen=True):
    """The time of every answer in ns, and of them all together."""

    times_ns: list[int]
    elapsed_ns: int


def request(body: bytes, secret: str) -> bytes:
    """Return a tap as it is sent."""
    head = f"POST /v1/authorize HTTP/1.1\r\nHost: totem\r\nAuthorization: Bearer {secret}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def one_by_one(port: int, requests: Sequence[bytes], seconds: float) -> Measured:
    """Ask over one connection, the next when the last is answered."""
    times: list[int] = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = perf_counter_ns()
        end = began + int(seconds * _NS_PER_S)
        for asked in cycle(requests):
            sent = perf_counter_ns()
            line.sendall(asked)
            while not line.recv(65536).endswith(_END_OF_ANSWER):
                pass
            answered = perf_counter_ns()
            times.append(answered - sent)
            if answered > end:
                break
    return Measured(times, perf_counter_ns() - began)


def at_once(port: int, requests: Sequence[bytes], seconds: float, clients: int) -> Measured:
    """Ask over so many connections at once, on each the next when the last is answered."""
    import uvloop

    return uvloop.run(_at_once(port, requests, seconds, clients))


async def _at_once(port: int, requests: Sequence[bytes], seconds: float, clients: int) -> Measured:
    loop = asyncio.get_running_loop()
    times: list[int] = []
    began = perf_counter_ns()
    end = began + int(seconds * _NS_PER_S)
    lines = [_Line(islice(cycle(requests), start, None), times, end) for start in range(clients)]
    for line in lines:
        await loop.create_connection(partial(_itself, line), "127.0.0.1", port)
    await asyncio.gather(*(line.done for line in lines))
    return Measured(times, perf_counter_ns() - began)


def _itself(line: "_Line") -> "_Line":
    return line


class _Line(asyncio.Protocol):
    """One controller's connection."""

    def __init__(self, requests: Iterator[bytes], times: list[int], end: int) -> None:
        self._requests, self._times, self._end = requests, times, end
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self._sent = perf_counter_ns()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        if not data.endswith(_END_OF_ANSWER):
            return
        now = perf_counter_ns()
        self._times.append(now - self._sent)
        if now < self._end:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, _fault: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)
