"""`totem bench hostile`: 200 taps a second of honest controllers, in peace and while strangers do their worst.

Wrong keys as fast as they are refused, bodies that are too large, nested without end or never come to their end, heads
sent by drops, a header and headers without end, and thousands of requests in a packet: all at once, from a process of
its own and of lower priority. Both contestants are open loops on the same authorizer, rounds interleaved; a tap's time
is from when it was due. `refused` says how many wrong keys and bodies were.
"""

import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import MutableSequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from access.bench.authorize.bench import bodies_of, start
from access.bench.authorize.controllers import request
from access.bench.authorize.servers import serve_authorizer
from access.bench.decide import site_and_taps
from access.bench.load.arrivals import Taken, come
from access.bench.report import NotBuilt, Options, Report, Size, machine, result
from access.bench.rounds import ROUNDS, median_of
from readers.journal import Durability

_PER_S = 200.0
_DEADLINE_NS = 50_000_000
_WRONG_KEYS, _DRIPPING = 2, 50
_NICE = 10
_DROP_EVERY_S, _SEND_EVERY_S, _LOOK_S = 0.1, 0.02, 0.01
_HEAD = b"POST /v1/authorize HTTP/1.1\r\nHost: totem\r\nAuthorization: Bearer "
_LARGE = b" " * 65_536
_NESTED = b"[" * 4_000
_WITHOUT_END = (
    (_HEAD, _LARGE),
    (_HEAD, b"\r\nx: y" * 10_000),
    (b"", b"GET /healthz HTTP/1.1\r\n\r\n" * 3_000),
)
"""What floods begin with, and go on with."""

_Refused = MutableSequence[int]


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"hostile: size {options.size.value} is not built; expected building")
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        bodies = bodies_of(site_and_taps())
        port, secret = start(stack, serve_authorizer, folder, Durability.BUFFERED)
        taps = [request(body, secret) for body in bodies]
        rages, refused = context.Event(), context.Array("q", 1)
        start(stack, attack, port, secret, rages, refused)
        share_s = options.seconds / ROUNDS / 2
        rounds: dict[str, list[Taken]] = {"peace": [], "attacked": []}
        for number in range(ROUNDS):
            rounds["peace"].append(come(port, taps, share_s, _PER_S, number))
            rages.set()
            rounds["attacked"].append(come(port, taps, share_s, _PER_S, number))
            rages.clear()
        config: dict[str, str | int | float] = {
            "taps_per_s": _PER_S,
            "refused_per_s": round(refused[0] / share_s / ROUNDS),
            "dripping": _DRIPPING,
            "missed": sum(taken.missed(_DEADLINE_NS) for taken in rounds["attacked"]),
            "rounds": ROUNDS,
            "seconds": options.seconds,
        }
    results = {name: median_of([result(each.times_ns) for each in taken]) for name, taken in rounds.items()}
    peace, attacked = results["peace"], results["attacked"]
    return Report(
        "hostile",
        machine(),
        config,
        results,
        {
            "attacked/peace.p50": attacked.p50_us / peace.p50_us,
            "attacked/peace.p99": attacked.p99_us / peace.p99_us,
        },
    )


def attack(told: Connection, port: int, secret: str, rages: Event, refused: _Refused) -> None:
    """Attack while `rages` is set, until terminated."""
    os.nice(_NICE)
    asyncio.run(_attack(told, port, secret.encode(), rages, refused))


async def _attack(told: Connection, port: int, secret: bytes, rages: Event, refused: _Refused) -> None:
    told.send(None)
    while True:
        await asyncio.to_thread(rages.wait)
        bodies = ((b"wrong", b"{}", 0.0),) * _WRONG_KEYS
        bodies += ((secret, _LARGE, _SEND_EVERY_S), (secret, _NESTED, _SEND_EVERY_S))
        attackers = [_ask(port, *each, refused) for each in bodies]
        attackers += [_drip(port, _whole(secret, b"{}"), _DROP_EVERY_S) for _ in range(_DRIPPING)]
        attackers += [_flood(port, *each, _SEND_EVERY_S) for each in _WITHOUT_END]
        tasks = [asyncio.create_task(each) for each in attackers]
        await asyncio.to_thread(_until_peace, rages)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _until_peace(rages: Event) -> None:
    while rages.is_set():
        time.sleep(_LOOK_S)


async def _ask(port: int, secret: bytes, body: bytes, every_s: float, refused: _Refused) -> None:
    """Send what is refused, again and again, over a new connection whenever the old one is hung up."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                writer.write(_whole(secret, body))
                await reader.readuntil(b"\r\n\r\n{")
                await reader.readuntil(b"}")
                refused[0] += 1
                await asyncio.sleep(every_s)
        except (asyncio.IncompleteReadError, ConnectionError):
            continue
        finally:
            writer.close()


async def _drip(port: int, whole: bytes, every_s: float) -> None:
    """Send a request byte by byte."""
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for place in range(len(whole)):
                writer.write(whole[place : place + 1])
                await asyncio.sleep(every_s)
        except ConnectionError:
            continue
        finally:
            writer.close()


async def _flood(port: int, begun: bytes, piece: bytes, every_s: float) -> None:
    """Send what has no end, and read no answer."""
    while True:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(begun)
            while True:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every_s)
        except ConnectionError:
            continue
        finally:
            writer.close()


def _whole(secret: bytes, body: bytes) -> bytes:
    return b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (_HEAD, secret, len(body), body)
