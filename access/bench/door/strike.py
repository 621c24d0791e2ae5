"""From a decision to the strike command inside one door computer: the journal's record, the door's table, the output.

Yardstick: what any durable controller must pay, one appended line and an fdatasync.
"""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, perf_counter_ns

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.bench.report import Result, result
from access.bench.rounds import ROUNDS, median_of
from emulators.cards.uid import UidCard
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.decision import Decision
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SiteId, SourceId, SpaceId
from policies.policy import Policy, Rule, RuleEffect
from policies.request import AccessRequest, Direction, LiveState
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from policies.schedule import Calendar
from readers.clock import SystemClock
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.wire.snapshot import Snapshot, sign

_SOURCE, _DOOR, _READER = SourceId("edge"), DoorId("lab"), ReaderId("lab-in")
_CARD = UidCard(bytes.fromhex("04a1b2c3d4e5f6"))
_LINE = b"x" * 600  # as long as a record of a decision
_SITE, _LAB, _STREET = SpaceId("site"), SpaceId("lab"), SpaceId("street")


class _TimedRights(Rights):
    """Rights that note when they have decided."""

    decided_ns = 0

    def decide(self, request: AccessRequest, state: LiveState) -> Decision:
        decision = super().decide(request, state)
        self.decided_ns = perf_counter_ns()
        return decision


class _TimedDoor(EmulatedDoor):
    """A door that notes when its strike is told to let go."""

    released: "asyncio.Queue[int]"

    def unlock(self) -> None:
        self.released.put_nowait(perf_counter_ns())
        super().unlock()


class _Line:
    """An uplink whose line is down: the bench is about the door."""

    def notify(self) -> None:
        """Carry nothing."""

    def tell_status(self) -> None:
        """Carry nothing."""

    def publish_door_state(self, door: DoorId, payload: bytes) -> None:
        """Carry nothing."""
        del door, payload


async def measure(directory: Path, seconds: float) -> dict[str, Result]:
    """Time all, rounds interleaved; return the medians of the rounds."""
    share_s = seconds / ROUNDS / 3
    rounds: dict[str, list[Result]] = {"strike": [], "buffered": [], "fdatasync": []}
    desks = {"strike": _Desk(directory / "synced", Durability.SYNCED)}
    desks["buffered"] = _Desk(directory / "buffered", Durability.BUFFERED)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(desk.daemon.run()) for desk in desks.values()]
        await asyncio.sleep(0)
        for desk in desks.values():
            await desk.times(0.1)
        for _ in range(ROUNDS):
            for name, desk in desks.items():
                rounds[name].append(result(await desk.times(share_s)))
            rounds["fdatasync"].append(result(_sync(directory / "line", share_s)))
        for task in tasks:
            task.cancel()
    for desk in desks.values():
        desk.journal.close()
    return {name: median_of(each) for name, each in rounds.items()}


class _Desk:
    """One door computer with a reader and a door."""

    def __init__(self, directory: Path, durability: Durability) -> None:
        directory.mkdir()
        clock, key = SystemClock(), Ed25519PrivateKey.generate()
        building = _building()
        self.rights = _TimedRights(_SOURCE, key.public_key(), directory / "snapshot")
        self.journal = FileJournal(directory / "journal", _SOURCE, clock.now, durability)
        self.antenna = Antenna(clock)
        self.door = _TimedDoor(building.doors[_DOOR], clock)
        self.door.released = asyncio.Queue()
        self.daemon = Daemon(
            self.rights, {_READER: self.antenna}, {_DOOR: self.door}, self.journal, _Line(), clock
        )
        self.daemon.take_snapshot(sign(_snapshot(building), key))

    async def times(self, seconds: float) -> list[int]:
        """Tap again and again; return the nanoseconds from each decision to its strike."""
        times: list[int] = []
        end = perf_counter() + seconds
        while perf_counter() < end or not times:
            self.antenna.present(_CARD)
            released = await self.door.released.get()
            times.append(released - self.rights.decided_ns)
            self.antenna.remove()
            await asyncio.sleep(0)
        return times


def _sync(path: Path, seconds: float) -> list[int]:
    times: list[int] = []
    end = perf_counter() + seconds
    with path.open("ab", buffering=0) as file:
        while perf_counter() < end or not times:
            begin = perf_counter_ns()
            file.write(_LINE)
            os.fdatasync(file.fileno())
            times.append(perf_counter_ns() - begin)
    return times


def _building() -> Building:
    name = Label("Labo", "Lab")
    return Building.of(
        SiteId("bench"),
        [
            Space(_STREET, name, SpaceKind.OUTSIDE),
            Space(_SITE, name, SpaceKind.SITE),
            Space(_LAB, name, parent=_SITE),
        ],
        [Door(_DOOR, name, _STREET, _LAB)],
        [Reader(_READER, _DOOR, Direction.ENTRY)],
    )


def _snapshot(building: Building) -> Snapshot:
    rule = Rule(RuleId("makers"), RuleEffect.PERMIT, (ResidentType.MAKER,), spaces=(_SITE,))
    policy = Policy("bench", {}, {}, Calendar("Europe/Paris", (0,), (7200,), ()), (rule,))
    ada = Person(PersonId("ada"), ResidentType.MAKER)
    badge = Badge(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, ada.id)
    return Snapshot(_SOURCE, 1, datetime.now(UTC), building, policy, Roster.of([ada], [badge]))
