"""`totem bench authorize`: a tap over a kept connection, decided and journaled, beside a bare ASGI app.

The subject is what `totem authorizer` serves: `POST /v1/authorize` before the whole application, journaled `buffered`,
and reported over a bus in memory to a server that acknowledges (storing is its own process's work).
The yardstick is an ASGI app that reads the same body and sends as many bytes under the same headers, on the same
server with the same settings. `synced` answers when the decision is on the disk, beside a write and fdatasync of one
record, and of 32 at once: `possible` is the lower of what the disk gives so and of what the bare app answers. With
`--size city` an authorizer of a million people and ten thousand doors answers beside one of the shipped building.
Each server is a process of its own; this one is the controllers, closed loop, with the same code for all. Rounds are
interleaved.
"""

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import perf_counter_ns

import msgspec

from access.bench import city_site
from access.bench.authorize.controllers import Measured, at_once, one_by_one, request
from access.bench.authorize.servers import serve_authorizer, serve_bare
from access.bench.decide import Day, site_and_taps
from access.bench.report import Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS, median_of
from policies.ids import BadgeId, ReaderId
from readers.journal import Durability

_CLIENTS = 32
_TAPS = 5_000
_SEED, _TAPS_OF_CITY = 7, 50_000
_RECORD = b"x" * 500 + b"\n"
"""About as long as the record of a decision."""

_NS_PER_S = 1_000_000_000

Contest = Callable[[float], Measured]


def run(options: Options) -> Report:
    """Measure beside the yardsticks, or the city beside the building."""
    enter, ratios = (_contests, _ratios) if options.size is Size.BUILDING else (_cities, _city_ratios)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        results = _measured(enter(stack, folder), options.seconds)
    config: dict[str, str | int | float] = {
        "size": options.size.value,
        "clients": _CLIENTS,
        "taps": _TAPS if options.size is Size.BUILDING else _TAPS_OF_CITY,
        "rounds": ROUNDS,
        "seconds": options.seconds,
    }
    return Report("authorize", machine(), config, results, ratios(results))


def _measured(contests: dict[str, Contest], seconds: float) -> dict[str, Result]:
    rounds: dict[str, list[Result]] = {name: [] for name in contests}
    share = seconds / (ROUNDS + 1) / len(contests)
    for contest in contests.values():
        contest(share)  # warm up
    for _ in range(ROUNDS):
        for name, contest in contests.items():
            rounds[name].append(summed_up(contest(share)))
    return {name: median_of(each) for name, each in rounds.items()}


def _contests(stack: ExitStack, folder: Path) -> dict[str, Contest]:
    bodies = bodies_of(site_and_taps())
    port, secret = start(stack, serve_authorizer, _made(folder / "buffered"), Durability.BUFFERED)
    synced, synced_secret = start(stack, serve_authorizer, _made(folder / "synced"), Durability.SYNCED)
    taps = [request(body, secret) for body in bodies]
    synced_taps = [request(body, synced_secret) for body in bodies]
    headers, size = answer_of(port, taps[0])
    bare, _ = start(stack, serve_bare, size, headers)
    record = os.open(folder / "bare.journal", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stack.callback(os.close, record)
    return {
        "authorize.c1": lambda s: one_by_one(port, taps, s),
        "bare.c1": lambda s: one_by_one(bare, taps, s),
        f"authorize.c{_CLIENTS}": lambda s: at_once(port, taps, s, _CLIENTS),
        f"bare.c{_CLIENTS}": lambda s: at_once(bare, taps, s, _CLIENTS),
        "synced.c1": lambda s: one_by_one(synced, synced_taps, s),
        f"synced.c{_CLIENTS}": lambda s: at_once(synced, synced_taps, s, _CLIENTS),
        "fdatasync": lambda s: _fdatasync(record, s),
        f"fdatasync.b{_CLIENTS}": lambda s: _fdatasync(record, s, _CLIENTS),
    }


def _ratios(results: dict[str, Result]) -> dict[str, float]:
    one, many, synced = results["authorize.c1"], results[f"authorize.c{_CLIENTS}"], results["synced.c1"]
    all_synced, shared = results[f"synced.c{_CLIENTS}"], results[f"fdatasync.b{_CLIENTS}"]
    possible = min(shared.per_s, results[f"bare.c{_CLIENTS}"].per_s)
    bare_one, bare_many, disk = results["bare.c1"], results[f"bare.c{_CLIENTS}"], results["fdatasync"]
    return {
        "authorize/bare.c1.p50": one.p50_us / bare_one.p50_us,
        "authorize/bare.c1.p99": one.p99_us / bare_one.p99_us,
        f"authorize/bare.c{_CLIENTS}.p99": many.p99_us / bare_many.p99_us,
        f"authorize/bare.c{_CLIENTS}.rate": many.per_s / bare_many.per_s,
        "synced/fdatasync.c1.added": (synced.p50_us - one.p50_us) / disk.p50_us,
        f"synced/fdatasync.c{_CLIENTS}.rate": all_synced.per_s / disk.per_s,
        f"synced/possible.c{_CLIENTS}.rate": all_synced.per_s / possible,
    }


def _cities(stack: ExitStack, folder: Path) -> dict[str, Contest]:
    """Return the same taps, of everybody in turn, at an authorizer of the building's people and at one of a city's."""
    contests: dict[str, Contest] = {}
    asked = {
        Size.CITY: [body_of(reader, badge) for reader, badge in city_site.taps(_SEED, _TAPS_OF_CITY)],
        Size.BUILDING: bodies_of(site_and_taps()),
    }
    for size, bodies in asked.items():
        place = _made(folder / size.value)
        port, secret = start(stack, serve_authorizer, place, Durability.BUFFERED, None, size)
        taps = [request(body, secret) for body in bodies]
        contests[f"{size.value}.c1"] = partial(one_by_one, port, taps)
        contests[f"{size.value}.c{_CLIENTS}"] = partial(at_once, port, taps, clients=_CLIENTS)
    return contests


def _city_ratios(results: dict[str, Result]) -> dict[str, float]:
    pairs = [(name, results[f"city.{name}"], results[f"building.{name}"]) for name in ("c1", f"c{_CLIENTS}")]
    return {f"city/building.{name}.p50": city.p50_us / building.p50_us for name, city, building in pairs} | {
        f"city/building.{name}.p99": city.p99_us / building.p99_us for name, city, building in pairs
    }


def bodies_of(day: Day) -> list[bytes]:
    """Return what controllers send on a day, from its morning on."""
    return [body_of(tap.reader, tap.badge) for tap in day.taps[len(day.taps) // 4 :][:_TAPS]]


def start(stack: ExitStack, serve: Callable[..., None], *arguments: object) -> tuple[int, str]:
    """Start a server that ends with the stack; return what it tells, as a rule its port and key."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
    server.start()
    theirs.close()  # so that its death is heard
    stack.callback(server.join)
    stack.callback(server.kill)
    told: tuple[int, str] = ours.recv()
    return told


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def body_of(reader: ReaderId, badge: BadgeId) -> bytes:
    """Return a tap as a controller words it."""
    shown = {"kind": "desfire", "id": badge}
    return msgspec.json.encode({"reader": reader, "badge": shown, "assurance": "authenticated"})


def answer_of(port: int, tap: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return the headers and the size of one answer, for the yardstick to send the same."""
    import socket

    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(tap)
        answer = b""
        while not answer.endswith(b"}"):
            answer += line.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    named = [line.partition(b": ")[::2] for line in head.split(b"\r\n")[1:]]
    return [(name, value) for name, value in named if name != b"date"], len(body)


def _fdatasync(record: int, seconds: float, together: int = 1) -> Measured:
    """Write so many records and sync them together, again and again; the times are each record's."""
    times: list[int] = []
    began = perf_counter_ns()
    end = began + int(seconds * _NS_PER_S)
    while (begin := perf_counter_ns()) < end:
        os.write(record, _RECORD * together)
        os.fdatasync(record)
        times += [perf_counter_ns() - begin] * together
    return Measured(times, perf_counter_ns() - began)


def summed_up(measured: Measured) -> Result:
    """Sum up; the rate is that of all clients together."""
    rate = len(measured.times_ns) * _NS_PER_S / measured.elapsed_ns
    return msgspec.structs.replace(result(measured.times_ns), per_s=rate)
