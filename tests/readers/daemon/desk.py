"""One door computer on a desk: a real journal, real signatures, an emulated field and door, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emulators.cards.card import VirtualCard
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.ids import (
    BadgeId,
    DoorId,
    PersonId,
    ReaderId,
    RuleId,
    SiteId,
    SourceId,
    SpaceId,
)
from policies.policy import Policy, Rule, RuleEffect
from policies.request import Direction
from policies.roster import Badge, BadgeKind, BadgeStatus, Person, ResidentType, Roster
from policies.schedule import Calendar
from readers.daemon import Credentials, Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.ports import DoorHardware
from readers.wire.events import Event, parse
from readers.wire.snapshot import Snapshot, sign

START = datetime(2026, 9, 15, 8, tzinfo=UTC)
SITE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SCOPE = SourceId("edge-1")
LAB_IN, LAB_OUT, LAB = ReaderId("lab-in"), ReaderId("lab-out"), DoorId("lab")
UID_ALONE = Credentials()
ADA_CARD, STRANGER_CARD = UidCard(bytes.fromhex("04a1b2c3d4e5f6")), UidCard(bytes.fromhex("04000000000001"))


def label(text: str) -> Label:
    return Label(text, text)


def building(**door: object) -> Building:
    spaces = [
        Space(SpaceId("street"), label("Street"), SpaceKind.OUTSIDE),
        Space(SpaceId("site"), label("Site"), SpaceKind.SITE),
        Space(SpaceId("lab"), label("Lab"), parent=SpaceId("site")),
    ]
    joined = Door(LAB, label("Lab"), SpaceId("street"), SpaceId("lab"), **door)  # type: ignore[arg-type]  # any property
    readers = [Reader(LAB_IN, LAB, Direction.ENTRY), Reader(LAB_OUT, LAB, Direction.EXIT)]
    return Building.of(SiteId("desk"), spaces, [joined], readers)


def snapshot(
    version: int = 1,
    *,
    status: BadgeStatus = BadgeStatus.ACTIVE,
    scope: SourceId = SCOPE,
    issued_at: datetime = START,
    built: Building | None = None,
    badge: Badge | None = None,
) -> Snapshot:
    """Return a snapshot in which Ada's badge opens the lab."""
    permit = Rule(RuleId("makers"), RuleEffect.PERMIT, (ResidentType.MAKER,), spaces=(SpaceId("site"),))
    calendar = Calendar("Europe/Paris", (0,), (7200,), (date(2026, 12, 25),))
    policy = Policy("p1", {}, {}, calendar, (permit,))
    ada = Person(PersonId("ada"), ResidentType.MAKER)
    badge = badge or Badge(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, ada.id, status)
    return Snapshot(scope, version, issued_at, built or building(), policy, Roster.of([ada], [badge]))


class QuietUplink:
    """An uplink whose line is down: it keeps the last state of each door, as the port asks."""

    def __init__(self) -> None:
        self.door_states: dict[DoorId, bytes] = {}
        self.notified = 0
        self.told = 0

    def notify(self) -> None:
        self.notified += 1

    def tell_status(self) -> None:
        self.told += 1

    def publish_door_state(self, door: DoorId, payload: bytes) -> None:
        self.door_states[door] = payload


class Desk:
    """The door computer with its devices and the people around it."""

    door_type = EmulatedDoor

    def __init__(self, directory: Path, built: Building, credentials: Credentials = UID_ALONE) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), START)
        self.rights = Rights(SCOPE, SITE_KEY.public_key(), directory / "snapshot")
        self.journal = FileJournal(directory / "journal", SCOPE, self.clock.now, Durability.BUFFERED)
        self.antennas = {reader: Antenna(self.clock) for reader in built.readers}
        self.door = self.door_type(built.doors[LAB], self.clock)
        self.uplink = QuietUplink()
        self.hardware = self.wired(self.door)
        self.daemon = Daemon(
            self.rights,
            self.antennas,
            {LAB: self.hardware},
            self.journal,
            self.uplink,
            self.clock,
            credentials,
        )

    def wired(self, door: EmulatedDoor) -> DoorHardware:
        """Return what drives the door: on a plain desk it is its own driver."""
        return door

    async def tap(
        self, card: VirtualCard = ADA_CARD, reader: ReaderId = LAB_IN, *, push: bool = True
    ) -> bool:
        """Hold a card to the reader, push, and return whether the leaf gave way; then let the door close."""
        self.antennas[reader].present(card)
        await self.clock.sleep(0.5)
        self.antennas[reader].remove()
        opened = push and self.door.push()
        await self.clock.sleep(10)
        return opened

    def events(self) -> list[Event]:
        return [parse(line) for line in self.journal.pending(1000)]

    def said(self) -> list[tuple[str, str | None]]:
        """Return type and reason of every event after the start."""
        return [
            (event.type.value, event.reason.value if event.reason else None) for event in self.events()[1:]
        ]


DeskT = TypeVar("DeskT", bound=Desk)


@asynccontextmanager
async def at_work(running: DeskT, payloads: Iterable[bytes]) -> AsyncIterator[DeskT]:
    """Run a door computer; it has taken the given snapshots."""
    task = asyncio.create_task(running.daemon.run())
    await asyncio.sleep(0)
    for payload in payloads:
        running.daemon.take_snapshot(payload)
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        running.journal.close()


@asynccontextmanager
async def desk(
    directory: Path,
    payloads: Iterable[bytes] = (),
    built: Building | None = None,
    credentials: Credentials = UID_ALONE,
) -> AsyncIterator[Desk]:
    """Run a door computer with a door that is its own driver; it has taken the given snapshots."""
    async with at_work(Desk(directory, built or building(), credentials), payloads) as running:
        yield running


def signed(made: Snapshot, key: Ed25519PrivateKey = SITE_KEY) -> bytes:
    return sign(made, key)
