"""`totem bench tap`: from a card in the field to the strike command, through the whole daemon, beside the raw exchange.

Subject: the emulated card is presented; antenna, protocol, decision over KM0 and a thousand people, journal record,
strike. Yardstick: the same card in a like field, the same APDUs exchanged by nobody but this loop. The field takes no
air time on either side. Today's protocol is the UID; cryptographic ones join as they come.
"""

import asyncio
import gc
import random
import tempfile
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter_ns

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.bench.decide import site_and_taps
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS, median_of
from access.bus.memory import MemoryBus
from emulators.cards.uid import UidCard
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Door
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SourceId, TierId
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.clock import SystemClock
from readers.credentials.uid import GET_UID
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.uplink import Uplink
from readers.wire.signals import Line, Status
from readers.wire.snapshot import Snapshot, sign
from readers.wire.topics import Topics

_READER, _DOOR, _SOURCE = ReaderId("agora-in"), DoorId("agora"), SourceId("edge")
_UID = bytes.fromhex("04a1b2c3d4e5f6")
_WARM_UP = 50
_NS_PER_S = 1_000_000_000


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"tap: size {options.size.value} is not built; expected building")
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as directory:
        results = asyncio.run(_measure(Path(directory), options.seconds))
    return Report(
        bench="tap",
        machine=machine(),
        config={
            "protocol": "uid",
            "transport": "emulated field",
            "rounds": ROUNDS,
            "seconds": options.seconds,
        },
        results=results,
        ratios={
            f"tap/raw.{figure}": getattr(results["tap"], f"{figure}_us")
            / getattr(results["raw"], f"{figure}_us")
            for figure in ("p50", "p99")
        }
        | {"synced/raw.p99": results["synced"].p99_us / results["raw"].p99_us},
    )


async def _measure(directory: Path, seconds: float) -> dict[str, Result]:
    """Return the medians of the rounds: the daemon with each durability, and the raw exchange."""
    contestants: dict[str, _Desk | _Raw] = {
        "tap": _Desk(directory / "buffered", Durability.BUFFERED),
        "synced": _Desk(directory / "synced", Durability.SYNCED),
        "raw": _Raw(),
    }
    share_ns = int(seconds / ROUNDS / len(contestants) * _NS_PER_S)
    rounds: dict[str, list[Result]] = {name: [] for name in contestants}
    for contestant in contestants.values():
        await contestant.start()
    for _ in range(_WARM_UP):
        for contestant in contestants.values():
            await contestant.tap()
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        for name, contestant in contestants.items():
            rounds[name].append(await _round(contestant, share_ns))
    gc.unfreeze()
    for contestant in contestants.values():
        await contestant.stop()
    return {name: median_of(each) for name, each in rounds.items()}


async def _round(contestant: "_Desk | _Raw", share_ns: int) -> Result:
    times: list[int] = []
    end = perf_counter_ns() + share_ns
    while perf_counter_ns() < end:
        times.append(await contestant.tap())
    return result(times)


class _Raw:
    """A field, and nobody but this loop to talk to the card."""

    def __init__(self) -> None:
        self._field = Antenna(SystemClock())

    async def start(self) -> None:
        self._answered: asyncio.Queue[int] = asyncio.Queue()
        self._loop = asyncio.create_task(self._exchange())

    async def _exchange(self) -> None:
        while True:
            card = await self._field.next_card()
            await card.transmit(GET_UID)
            self._answered.put_nowait(perf_counter_ns())
            await card.removed()

    async def tap(self) -> int:
        return await _tap(self._field, self._answered)

    async def stop(self) -> None:
        await _end(self._loop)


class _Desk:
    """A door computer over KM0, with one reader and one door attached."""

    def __init__(self, directory: Path, durability: Durability) -> None:
        directory.mkdir()
        clock, day, key = SystemClock(), site_and_taps(), Ed25519PrivateKey.generate()
        site, topics = day.site, Topics(day.site.building.site)
        self._field = Antenna(clock)
        self._journal = FileJournal(directory / "journal", _SOURCE, clock.now, durability)
        self._door = _TimedDoor(site.building.doors[_DOOR], clock)
        uplink = Uplink(
            _SOURCE,
            topics,
            MemoryBus(),
            self._journal,
            clock,
            random.Random(0),  # noqa: S311  (when to connect again; no secret)
            partial(Status, Line.ONLINE),
        )
        rights = Rights(_SOURCE, key.public_key(), directory / "snapshot")
        self._daemon = Daemon(
            rights, {_READER: self._field}, {_DOOR: self._door}, self._journal, uplink, clock
        )
        holder = Person(PersonId("bench"), ResidentType.SECURITY, tiers=(TierId("security"),))
        badge = Badge(BadgeId(_UID.hex()), BadgeKind.UID, holder.id)
        roster = Roster.of([*day.roster.people.values(), holder], [*day.roster.badges.values(), badge])
        snapshot = Snapshot(_SOURCE, 1, datetime.now(UTC), site.building, site.policy, roster)
        self._daemon.take_snapshot(sign(snapshot, key))

    async def start(self) -> None:
        self._door.released = asyncio.Queue()
        self._loop = asyncio.create_task(self._daemon.run())
        await asyncio.sleep(0)

    async def tap(self) -> int:
        return await _tap(self._field, self._door.released)

    async def stop(self) -> None:
        await _end(self._loop)
        self._journal.close()


class _TimedDoor(EmulatedDoor):
    """A door that notes when its strike is told to let go."""

    def __init__(self, door: Door, clock: SystemClock) -> None:
        super().__init__(door, clock)
        self.released: asyncio.Queue[int] = asyncio.Queue()

    def unlock(self) -> None:
        self.released.put_nowait(perf_counter_ns())
        super().unlock()


async def _tap(field: Antenna, done: "asyncio.Queue[int]") -> int:
    """Present the card, wait for the mark, take the card away; return the nanoseconds from card to mark."""
    card = UidCard(_UID)
    began = perf_counter_ns()
    field.present(card)
    ended = await done.get()
    field.remove()
    await asyncio.sleep(0)
    return ended - began


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
