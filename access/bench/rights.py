"""`totem bench rights`: an authorizer takes up everybody, and then what changes about them.

`start` is a new process that reads the store, compiles it and decides one tap; `raw` reads the same rows with sqlite3
and keeps none. `delta` takes up a signed change of one badge; `tap` decides beside nothing, `beside` while a
change of 10,000 people is taken up in another thread: its longest is the pause that a tap can meet. The store holds the
shipped building's people, or a city's million (`--size city`). `config` has the memory that the process holds.
"""

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from time import perf_counter_ns

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.authorize.authorizer import AUTHORIZER, Authorizer
from access.bench.everybody import everybody, fill, services_of, site_of
from access.bench.report import Options, Report, Result, Size, machine, result
from access.services import Services
from access.services.decisions import Answer, Question
from access.services.signing import load_key
from access.site.calm import calm
from policies.ids import BadgeId, ReaderId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind, BadgeStatus, Person
from readers.clock import SystemClock
from readers.journal import Durability, FileJournal
from readers.wire import delta as deltas
from readers.wire.delta import Delta

_LEAST = {Size.BUILDING: 5, Size.CITY: 1}
_DELTAS, _MANY = 300, 10_000
_NOON = datetime(2026, 9, 15, 10, tzinfo=UTC)
_SUBJECT = """
import sys, time
begin = time.perf_counter_ns()
from pathlib import Path
from access.bench.rights import first_decision
folder, size, reader, badge, kind, at = sys.argv[1:]
reason = first_decision(Path(folder), size, (reader, badge, kind, at))
took = time.perf_counter_ns() - begin
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(took, pages * 4096, reason)
"""


def run(options: Options) -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as name:
        folder = Path(name)
        number = fill(folder, options.size)
        times: dict[str, list[int]] = {"start": [], "raw": []}
        memory, reason, end = 0, "", perf_counter_ns() + int(options.seconds * 500_000_000)
        while len(times["start"]) < _LEAST[options.size] or perf_counter_ns() < end:
            took, held, reason = _started(folder, options.size)
            memory = int(held)
            times["start"].append(int(took))
            times["raw"].append(_raw(folder))
        times |= _changes(folder, options.size)
    results: dict[str, Result] = {name: result(each) for name, each in times.items()}
    config: dict[str, str | int | float] = {"size": options.size.value, "people": number, "reason": reason}
    config["memory_mb"] = round(memory / 1e6)
    return Report(
        "rights",
        machine(),
        config,
        results,
        {"start/raw.p50": results["start"].p50_us / results["raw"].p50_us},
    )


def first_decision(folder: Path, size: str, tap: tuple[str, str, str, str]) -> str:
    """Open the site in `folder` and decide one tap (reader, badge, its kind, when); return the reason."""
    reader, badge, kind, at = tap
    services, journal = _opened(folder, Size(size))
    authorizer = Authorizer(services, journal)
    question = Question(ReaderId(reader), BadgeKind(kind), BadgeId(badge), Assurance.AUTHENTICATED)
    reason = _tried(authorizer, question, datetime.fromisoformat(at))
    authorizer.close()
    return reason


def _tried(authorizer: Authorizer, question: Question, at: datetime) -> str:
    """Decide without a record, which waits for nothing."""
    deciding = authorizer.decide(question, at, record=False)
    try:
        deciding.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer.reason.value
    raise RuntimeError("a decision without a record waited")


def _opened(folder: Path, size: Size) -> tuple[Services, FileJournal]:
    journal = FileJournal(folder / "journal", AUTHORIZER, SystemClock().now, Durability.BUFFERED)
    return services_of(folder, size), journal


def _questions(size: Size, number: int) -> list[tuple[Question, datetime]]:
    readers, asked = list(site_of(size).building.readers), []
    for place, (_, badge) in enumerate(islice(everybody(size), number)):
        reader = readers[place % len(readers)]
        asked.append((Question(reader, badge.kind, badge.id, Assurance.AUTHENTICATED), _NOON))
    return asked


# ---- what is timed


def _started(folder: Path, size: Size) -> tuple[int, int, str]:
    """Return how long a new process took to its first decision, the bytes that it held, and the reason."""
    [(asked, at)] = _questions(size, 1)
    tap = (asked.reader, asked.badge, asked.kind.value, at.isoformat())
    command = [sys.executable, "-c", _SUBJECT, str(folder), size.value, *tap]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (our own program)
    took, held, reason = done.stdout.split()
    return int(took), int(held), reason


def _raw(folder: Path) -> int:
    begin = perf_counter_ns()
    with closing(sqlite3.connect(folder / "totem.db")) as store:
        for table in ("people", "tiers_held", "badges"):
            for _ in store.execute(f"SELECT * FROM {table}"):  # noqa: S608  (one of three words)
                pass
    return perf_counter_ns() - begin


def _changes(folder: Path, size: Size) -> dict[str, list[int]]:
    """Time taps, changes of one badge, and taps beside a change of many people."""
    services, journal = _opened(folder, size)
    authorizer = Authorizer(services, journal)
    calm()
    key, found = load_key(folder / "key"), list(islice(everybody(size), _MANY))
    asked = _questions(size, len(found))
    times: dict[str, list[int]] = {"tap": [_timed(authorizer, *each) for each in asked], "delta": []}
    version = services.publisher.version()
    for _, badge in found[:_DELTAS]:
        one = _signed(
            services, key, version, (), (msgspec.structs.replace(badge, status=BadgeStatus.SUSPENDED),)
        )
        version += 1
        begin = perf_counter_ns()
        authorizer.change(one)
        times["delta"].append(perf_counter_ns() - begin)
    whole = _signed(services, key, version, [person for person, _ in found], ())
    changing = Thread(target=authorizer.change, args=(whole,))
    changing.start()
    beside = times["beside"] = []
    for each in cycle(asked):
        beside.append(_timed(authorizer, *each))
        if not changing.is_alive():
            break
    authorizer.close()
    journal.close()
    services.close()
    return times


def _timed(authorizer: Authorizer, question: Question, at: datetime) -> int:
    begin = perf_counter_ns()
    _tried(authorizer, question, at)
    return perf_counter_ns() - begin


def _signed(
    services: Services,
    key: Ed25519PrivateKey,
    after: int,
    changed: Iterable[Person],
    cards: tuple[Badge, ...],
) -> bytes:
    now = SystemClock().now()
    delta = Delta(services.building.site, after, after + 1, now, tuple(changed), cards)
    return deltas.sign(delta, key)
