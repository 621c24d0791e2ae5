"""`totem bench occupancy`: a log replayed, two years of counts read, and a million people inside.

`replay` is what `totem events replay` does with a file, beside decoding its lines alone. `totals` and `days` are what
the history page asks of sixty spaces and two years of quarter-hours, beside reading the same rows by sqlite3. The
memory of a million people inside is that of a process of its own. A city's size replays ten million events. The log is
made piece by piece while it is read, and the making is not counted.
"""

import multiprocessing
import random
import resource
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

import msgspec

import policies
from access.bench.report import Options, Report, Result, Size, machine, result
from access.bench.rounds import measure
from access.occupancy.history import Page
from access.occupancy.replay import Lines, in_order
from access.services import open_services
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.loader import Site, load
from policies.presence import Expiry, Passage, Presence, stream

_EVENTS = {Size.BUILDING: 500_000, Size.CITY: 10_000_000}
_PIECE = 50_000
_A_DAY = 20_000
_RESIDENTS = 1_100
_ROUNDS = 3
_SPACES, _DAYS = 60, 2 * 365
_DAYS_AT_ONCE = 10
_INSIDE = 1_000_000
_SEED = 7
_LAST = date(2026, 9, 15)
_MORNING = datetime(2024, 9, 2, 4, tzinfo=UTC)
_KIB_TO_MB = 1024 / 1e6


def run(options: Options) -> Report:
    """Measure; the longest part is writing what is read."""
    site = load(Path(policies.__file__).parent / "km0")
    with TemporaryDirectory() as folder:
        results = _replays(site, Path(folder) / "events", _EVENTS[options.size])
        results |= _queries(site, Path(folder) / "counts.db", options.seconds)
    presence_mb, presence = _inside()
    results["fold-a-million"] = presence
    return Report(
        bench="occupancy",
        machine=machine(),
        config={
            "events": _EVENTS[options.size],
            "replay_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB_TO_MB),
            "spaces": _SPACES,
            "days": _DAYS,
            "inside": _INSIDE,
            "presence_mb": round(presence_mb),
            "seed": _SEED,
        },
        results=results,
        ratios={
            "replay/decode.p50": results["replay"].p50_us / results["decode"].p50_us,
            "totals/raw.p50": results["totals"].p50_us / results["raw"].p50_us,
        },
    )


# ---- a log


class _Log:
    """A log that is made and read a piece at a time: ten million lines of it would be three gigabytes on the disk.

    Whoever reads it is interrupted by `aside_ns`, in which each piece is written, and decoded alone in `decoded_ns`.
    """

    def __init__(self, path: Path, events: int) -> None:
        self._path, self._lines, self._left = path, _lines(events), events
        self.aside_ns = self.decoded_ns = 0

    def __iter__(self) -> Iterator[bytes]:
        while self._left > 0:
            begin = perf_counter_ns()
            with self._path.open("wb") as out:
                out.writelines(islice(self._lines, _PIECE))
            self._left -= _PIECE
            self._decode()
            self.aside_ns += perf_counter_ns() - begin
            with self._path.open("rb") as lines:
                yield from lines

    def _decode(self) -> None:
        decode, begin = msgspec.json.Decoder(_Place).decode, perf_counter_ns()
        with self._path.open("rb") as lines:
            for line in lines:
                decode(line)
        self.decoded_ns += perf_counter_ns() - begin


def _replays(site: Site, path: Path, events: int) -> dict[str, Result]:
    times: dict[str, list[int]] = {"replay": [], "decode": []}
    for _ in range(_ROUNDS if events < _INSIDE else 1):
        log, begin = _Log(path, events), perf_counter_ns()
        entries = Lines(site.building).entries(log, lambda number: f"line {number}")
        stream(site.building, in_order(entries), Expiry(site.policy.calendar))
        times["replay"].append(perf_counter_ns() - begin - log.aside_ns)
        times["decode"].append(log.decoded_ns)
    return {name: result(each) for name, each in times.items()}


class _Place(msgspec.Struct, gc=False):
    at: datetime
    source: str
    seq: int


def _lines(events: int) -> Iterator[bytes]:
    """Yield passages of residents who go in, into a room, and out again, in the order of their times."""
    draw = random.Random(_SEED)  # noqa: S311  (a seeded log, no secret)
    ways = (
        ("main-b23", "outside", "b23-0-hall"),
        ("cnam-1", "b23-0-hall", "cnam-1"),
        ("cnam-1", "cnam-1", "b23-0-hall"),
        ("main-b23", "b23-0-hall", "outside"),
    )
    steps = [0] * _RESIDENTS
    for number in range(events):
        at = _MORNING + timedelta(days=number // _A_DAY, seconds=number % _A_DAY * 3)
        person = int(draw.random() * _RESIDENTS)
        door, origin, space = ways[steps[person] % len(ways)]
        steps[person] += 1
        yield (
            f'{{"v":1,"id":"edge-1:1:{number}","source":"edge-1","epoch":1,"seq":{number},"at":"{at.isoformat()}",'
            f'"type":"passage","door":"{door}","space":"{space}","origin":"{origin}","person":"p{person:05}",'
            f'"badge":"04a1b2c3{person:06x}","salt":"{"a" * 32}","prev":"{"b" * 64}"}}\n'
        ).encode()


# ---- two years of counts


def _queries(site: Site, path: Path, seconds: float) -> dict[str, Result]:
    services = open_services(f"sqlite:///{path}", *site, {}, path.with_suffix(".key"))
    counting = services.counting
    days_kept = [_LAST - timedelta(days=number) for number in range(_DAYS)]
    first = days_kept[-1]
    for start in range(0, _DAYS, _DAYS_AT_ONCE):
        written = days_kept[start : start + _DAYS_AT_ONCE]
        counting.write([_page(space, day) for day in written for space in range(_SPACES)])
    raw = sqlite3.connect(path)
    wanted = (first.isoformat(), _LAST.isoformat())
    columns = "day, space, peak, person_minutes, minutes, daytime, entries, exits"
    query = f"select {columns} from occupancy_days where day between ? and ?"  # noqa: S608  (a constant)

    def totals(_: None, __: None) -> object:
        return counting.totals(first, _LAST)

    def days(_: None, __: None) -> object:
        return counting.days([SpaceId("space-7")], first, _LAST)

    def rows(_: None, __: None) -> object:
        return raw.execute(query, wanted).fetchall()

    try:
        return measure({"totals": totals, "days": days, "raw": rows}, [(None, None)] * 1000, seconds)
    finally:
        raw.close()
        services.close()


def _page(space: int, day: date) -> Page:
    page = Page(SpaceId(f"space-{space}"), day)
    for minute in range(0, len(page.counts), 15):
        for each in range(minute, minute + 15):
            page.counts[each] = (space + day.day + minute // 60) % 90
    for quarter in range(len(page.lows)):
        page.lows[quarter], page.highs[quarter], page.inferred[quarter] = 0, 90, 5
    return page


# ---- a million people


def _inside() -> tuple[float, Result]:
    """Return the memory that a process gains by a million people who came in, in MB, and how long one took."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=fill, args=(theirs, _INSIDE), daemon=True)
    process.start()
    gained, took_ns = ours.recv()
    process.join()
    return gained * _KIB_TO_MB, result([took_ns // _INSIDE])


def fill(told: Connection, people: int) -> None:
    """Let so many people in, and tell what that took: KiB at the peak, and ns."""
    site = load(Path(policies.__file__).parent / "km0")
    presence = Presence(site.building, Expiry(site.policy.calendar), timedelta(hours=36))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = perf_counter_ns()
    presence.add(_arrivals(people))
    took_ns = perf_counter_ns() - begin
    if len(presence.inside) != people:
        sys.exit(f"{len(presence.inside)} inside, expected {people}")
    told.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, took_ns))


def _arrivals(people: int) -> Iterator[Passage]:
    door, outside, hall, source = (
        DoorId("main-b23"),
        SpaceId("outside"),
        SpaceId("b23-0-hall"),
        SourceId("edge-1"),
    )
    for number in range(people):
        at = _MORNING + timedelta(milliseconds=number * 10)
        yield Passage(at, source, 1, number, door, outside, hall, PersonId(f"{number:07}"))
