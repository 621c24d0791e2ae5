"""`totem bench ingest`: sealed events taken in, each once, beside the same rows written raw, on both databases.

The subject is the server's whole way in: lines parsed, chains checked, stored with their source's reach, use of badges
noted; transactions as large as the yardstick's. The yardstick is `executemany` (SQLite) or `COPY` (PostgreSQL) of the
same rows into the same table. PostgreSQL is the empty database that `TOTEM_BENCH_POSTGRESQL` names; without it, SQLite
alone is measured. Then pages of the list of events on each: the first, and the last of `pages`.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Any, LiteralString

import psycopg

from access.bench.decide import site_and_taps
from access.bench.report import Options, Report, Result, Size, machine
from access.bench.rounds import ROUNDS, measure, median_of
from access.services import Services, open_services
from access.services.events import Filter, Place
from access.services.ingest import Batch
from access.site.calm import calm
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SourceId, SpaceId
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal

_SOURCE = SourceId("bench")
_AT = datetime(2026, 9, 15, 6, tzinfo=UTC)
_LINES, _BATCHES = 200, 25  # what an uplink sends at once, and so many of them in one transaction
_PER_ROUND = _LINES * _BATCHES
_PAGE = 100
_PAGES = {Size.BUILDING: 1_000, Size.CITY: 10_000}
_NS_PER_S = 1_000_000_000

_Row = tuple[Any, ...]


def run(options: Options) -> Report:
    """Measure both databases, then the pages of so many events as the size says."""
    results: dict[str, Result] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="totem-bench-")))
        site = _open(stack, folder, f"sqlite:///{folder}/totem.db")
        sqlite = _RawSqlite(stack, folder)
        sites: dict[str, tuple[Services, _RawSqlite | _RawPostgresql]] = {"sqlite": (site, sqlite)}
        url = os.environ.get("TOTEM_BENCH_POSTGRESQL")
        if url:
            sites["postgresql"] = (_open(stack, folder, url), _RawPostgresql(stack, url))
        for name, each in sites.items():
            results |= _rates(name, *each)
        pages = _PAGES[options.size]
        for name, each in sites.items():
            results |= _paged(name, *each, pages, options.seconds)
    rates = {
        f"ingest/raw.{name}.rate": results[f"ingest.{name}"].per_s / results[f"raw.{name}"].per_s
        for name in sites
    }
    depths = {
        f"page/first.{name}.p50": results[f"page.last.{name}"].p50_us / results[f"page.first.{name}"].p50_us
        for name in sites
    }
    config: dict[str, str | int | float] = {
        "events_a_transaction": _PER_ROUND,
        "rounds": ROUNDS,
        "listed": pages * _PAGE,
        "pages": pages,
    }
    return Report("ingest", machine(), config, results, rates | depths)


def _open(stack: ExitStack, folder: Path, url: str) -> Services:
    site = site_and_taps().site
    key = folder / f"{url.partition(':')[0]}.key"
    services = open_services(url, *site, {_SOURCE: ()}, key, keeps_history=False)
    stack.callback(services.close)
    return services


class _RawSqlite:
    """The table of events by the driver alone, over a connection that stays open, as the subject's does."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._connection = stack.enter_context(closing(sqlite3.connect(folder / "totem.db")))
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def rows(self, since: int) -> list[_Row]:
        read = "SELECT * FROM events WHERE source = 'bench' AND seq >= ?"
        return self._connection.execute(read, (since,)).fetchall()

    def write(self, rows: Sequence[_Row]) -> None:
        marks = ", ".join("?" * len(rows[0]))
        with self._connection as connection:
            connection.executemany(f"INSERT INTO events VALUES ({marks})", rows)  # noqa: S608  (marks alone)


class _RawPostgresql:
    """The table of events by the driver alone, over a connection that stays open, as the subject's does."""

    _READ: LiteralString = "SELECT * FROM events WHERE source = 'bench' AND seq >= %s"

    def __init__(self, stack: ExitStack, url: str) -> None:
        address = url.replace("postgresql+psycopg:", "postgresql:")
        self._connection = stack.enter_context(closing(psycopg.connect(address)))

    def rows(self, since: int) -> list[_Row]:
        with self._connection.transaction():
            return self._connection.execute(self._READ, (since,)).fetchall()

    def write(self, rows: Sequence[_Row]) -> None:
        with (
            self._connection.transaction(),
            self._connection.cursor() as cursor,
            cursor.copy("COPY events FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)


def _rates(name: str, services: Services, raw: _RawSqlite | _RawPostgresql) -> dict[str, Result]:
    """Take in and write raw in turns; the raw rows are those just taken in, under another source's name."""
    taken: list[Result] = []
    written: list[Result] = []
    payloads = _payloads()
    calm()
    for number in range(ROUNDS):
        batches = [Batch(_SOURCE, next(payloads)) for _ in range(_BATCHES)]
        taken.append(_timed(partial(services.ingest.take, batches, _AT)))
        rows = [(f"raw-{number}", *row[1:]) for row in raw.rows(FIRST_SEQ + number * _PER_ROUND)]
        written.append(_timed(partial(raw.write, rows)))
    return {f"ingest.{name}": median_of(taken), f"raw.{name}": median_of(written)}


def _payloads() -> Iterator[bytes]:
    """Yield what an uplink sends: decisions as most are, one chain without an end."""
    prev, seq = GENESIS, FIRST_SEQ
    while True:
        lines = []
        for _ in range(_LINES):
            person = seq % 1_000
            draft = Draft(
                _AT + timedelta(seconds=seq),
                EventType.DECISION,
                DoorId("agora"),
                ReaderId("agora-in"),
                SpaceId("agora"),
                effect=Effect.GRANT,
                reason=Reason.GRANTED,
                rules=(RuleId("residents-common-ways"),),
                policy_version="0123456789ab",
                person=PersonId(f"p-{person:04}"),
                badge=BadgeId(f"04a1b2c3d4{person:04}"),
            )
            sealed = seal(draft, _SOURCE, 1, seq, prev, "00112233445566778899aabbccddeeff")
            lines.append(sealed.line)
            prev, seq = sealed.digest, seq + 1
        yield b"\n".join(lines)


def _timed(work: Callable[[], object]) -> Result:
    """Return what a round took, an event."""
    begin = perf_counter_ns()
    work()
    each = (perf_counter_ns() - begin) / _PER_ROUND
    return Result(_PER_ROUND, each / 1_000, each / 1_000, each / 1_000, each / 1_000, _NS_PER_S / each)


def _paged(
    name: str, services: Services, raw: _RawSqlite | _RawPostgresql, pages: int, seconds: float
) -> dict[str, Result]:
    """Read the first page of the list and the last of so many, by turns."""
    pattern = raw.rows(FIRST_SEQ)[0]
    for start in range(0, pages * _PAGE, _PER_ROUND):
        raw.write([_older(pattern, number) for number in range(start, start + _PER_ROUND)])
    deep = Place(_AT - timedelta(seconds=(pages - 1) * _PAGE), SourceId("listed"), 1, 1)

    def first(chosen: Filter, limit: int) -> object:
        return services.events.newest(chosen, Place(_AT, SourceId("listed"), 1, 1), limit)

    def last(chosen: Filter, limit: int) -> object:
        return services.events.newest(chosen, deep, limit)

    calls = [(Filter(), _PAGE)] * 1_000
    return measure({f"page.first.{name}": first, f"page.last.{name}": last}, calls, seconds)


def _older(pattern: _Row, number: int) -> _Row:
    """Return a row like the pattern's, a second older for each number."""
    at = _AT - timedelta(seconds=number)
    is_text = isinstance(pattern[3], str)  # as SQLite keeps it
    written = at.replace(tzinfo=None).isoformat(" ", "microseconds") if is_text else at
    return ("listed", 1, number + 1, written, *pattern[4:])
