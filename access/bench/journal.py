"""`totem bench journal`: events kept on the disk by group commit, beside one fdatasync an event.

The subject is the journal as the authorizer uses it, `synced`: an event is sealed into the chain, and its producer
waits until it is on the disk; one, 32 and 256 of them at once. The yardstick writes a record of the same length and
syncs it, one event after the other.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter_ns

import msgspec

from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS, median_of
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SourceId, SpaceId
from policies.request import Assurance
from readers.errors import JournalError
from readers.journal import Durability, FileJournal, GroupCommit
from readers.wire.events import Draft, EventType, Inputs

_PRODUCERS = (1, 32, 256)
_NS_PER_S = 1_000_000_000
_AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
_BATCH = 500


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"journal: size {options.size.value} is not built; expected building")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        contests = _contests(stack, folder)
        share = options.seconds / ROUNDS / len(contests)
        rounds: dict[str, list[Result]] = {name: [] for name in contests}
        for _ in range(ROUNDS):
            for name, contest in contests.items():
                rounds[name].append(contest(share))
    results = {name: median_of(each) for name, each in rounds.items()}
    disk = results["fdatasync"]
    ratios = {f"journal/fdatasync.p{n}.rate": results[f"journal.p{n}"].per_s / disk.per_s for n in _PRODUCERS}
    config: dict[str, str | int | float] = {
        "record_bytes": len(_record(folder)),
        "rounds": ROUNDS,
        "seconds": options.seconds,
    }
    return Report("journal", machine(), config, results, ratios)


def _contests(stack: ExitStack, folder: Path) -> dict[str, Callable[[float], Result]]:
    journal = FileJournal(folder / "grouped", SourceId("bench"), lambda: _AT, Durability.SYNCED)
    stack.callback(journal.close)
    bare = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stack.callback(os.close, bare)
    record = _record(folder)
    contests: dict[str, Callable[[float], Result]] = {
        f"journal.p{number}": partial(_grouped, journal, number) for number in _PRODUCERS
    }
    return contests | {"fdatasync": partial(_synced, bare, record)}


def _grouped(journal: FileJournal, producers: int, seconds: float) -> Result:
    """Let so many producers keep one event after the other."""
    import uvloop

    times: list[int] = []
    took = uvloop.run(_all_of_them(journal, producers, seconds, times))
    while lines := journal.pending(_BATCH):  # a server stores them: nothing piles up from round to round
        epoch, seq = journal.acknowledged
        journal.acknowledge(
            journal.position[0], seq + len(lines) if epoch == journal.position[0] else len(lines)
        )
    return msgspec.structs.replace(result(times), per_s=len(times) * _NS_PER_S / took)


async def _all_of_them(journal: FileJournal, producers: int, seconds: float, times: list[int]) -> int:
    commit = GroupCommit(journal)
    began = perf_counter_ns()
    at_work = [_Producer(commit, times, began + int(seconds * _NS_PER_S)) for _ in range(producers)]
    await asyncio.gather(*(producer.done for producer in at_work))
    took = perf_counter_ns() - began
    commit.close()
    return took


class _Producer:
    """Whoever keeps one event after the other, the next when the last is kept."""

    def __init__(self, commit: GroupCommit, times: list[int], end: int) -> None:
        self._commit, self._times, self._end = commit, times, end
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._produce(perf_counter_ns())

    def _produce(self, begin: int) -> None:
        self._begin = begin
        self._commit.stage(_decision())
        self._commit.when_kept(self._kept)

    def _kept(self, _fault: JournalError | None) -> None:
        now = perf_counter_ns()
        self._times.append(now - self._begin)
        if now < self._end:
            self._produce(now)
        else:
            self.done.set_result(None)


def _synced(file: int, record: bytes, seconds: float) -> Result:
    times: list[int] = []
    began = perf_counter_ns()
    end = began + int(seconds * _NS_PER_S)
    while (begin := perf_counter_ns()) < end:
        os.write(file, record)
        os.fdatasync(file)
        times.append(perf_counter_ns() - begin)
    took = perf_counter_ns() - began
    return msgspec.structs.replace(result(times), per_s=len(times) * _NS_PER_S / took)


_NUMBERS = count()


def _decision() -> Draft:
    """Return what a tap has to say."""
    number = next(_NUMBERS)
    return Draft(
        _AT,
        EventType.DECISION,
        DoorId("agora"),
        ReaderId("agora-in"),
        SpaceId("agora"),
        None,
        None,
        Effect.GRANT,
        Reason.GRANTED,
        None,
        (RuleId("coworkers-by-day"),),
        (),
        "km0-2026-09",
        Inputs(Assurance.AUTHENTICATED),
        person=PersonId(f"p-{number}"),
        badge=BadgeId(f"04{number:012x}"),
    )


def _record(folder: Path) -> bytes:
    """Return a record as it stands in a file."""
    journal = FileJournal(folder / "one", SourceId("bench"), lambda: _AT, Durability.BUFFERED)
    line = journal.append(_decision()).line
    journal.close()
    return line + b"\n"
