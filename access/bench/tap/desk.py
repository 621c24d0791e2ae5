"""The subject: a door computer over KM0 and a thousand people, with one reader and one door that notes its release."""

import asyncio
import random
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter_ns

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access.bench.decide import site_and_taps
from access.bench.tap.badge import BADGE, KEYS, SCHEME
from access.bus.memory import MemoryBus
from emulators.strike import EmulatedDoor
from policies.building import Door
from policies.ids import DoorId, PersonId, ReaderId, SourceId, TierId
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.clock import SystemClock
from readers.daemon import Credentials, Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.ports import CardTransport
from readers.uplink import Uplink
from readers.wire.signals import Line, Status
from readers.wire.snapshot import Snapshot, sign
from readers.wire.topics import Topics

READER, DOOR, _SOURCE = ReaderId("agora-in"), DoorId("agora"), SourceId("edge")


class TimedDoor(EmulatedDoor):
    """A door that notes when its strike is told to let go, in nanoseconds of the performance counter."""

    def __init__(self, door: Door, clock: SystemClock) -> None:
        super().__init__(door, clock)
        self.released: asyncio.Queue[int] = asyncio.Queue()

    def unlock(self) -> None:
        self.released.put_nowait(perf_counter_ns())
        super().unlock()


class Desk:
    """The whole daemon over `transport`: keys, protocol, decision, journal, strike; `released` has the marks."""

    def __init__(self, directory: Path, durability: Durability, transport: CardTransport) -> None:
        directory.mkdir()
        clock, day, key = SystemClock(), site_and_taps(), Ed25519PrivateKey.generate()
        site, topics = day.site, Topics(day.site.building.site)
        self._journal = FileJournal(directory / "journal", _SOURCE, clock.now, durability)
        door = TimedDoor(site.building.doors[DOOR], clock)
        self.released = door.released
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
            rights,
            {READER: transport},
            {DOOR: door},
            self._journal,
            uplink,
            clock,
            Credentials(SCHEME, KEYS),
        )
        holder = Person(PersonId("bench"), ResidentType.SECURITY, tiers=(TierId("security"),))
        badge = Badge(BADGE, BadgeKind.DESFIRE, holder.id)
        roster = Roster.of([*day.roster.people.values(), holder], [*day.roster.badges.values(), badge])
        snapshot = Snapshot(_SOURCE, 1, datetime.now(UTC), site.building, site.policy, roster)
        self._daemon.take_snapshot(sign(snapshot, key))

    async def start(self) -> None:
        """Begin to serve."""
        self._task = asyncio.create_task(self._daemon.run())
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """End, and let the journal go."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._journal.close()
