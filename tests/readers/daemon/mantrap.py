"""A mantrap on one door computer: two doors with a lock between them, of which no two are ever open."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Passback, Reader, Space, SpaceKind
from policies.ids import DoorId, InterlockId, ReaderId, SiteId, SpaceId
from policies.request import Direction
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.ports import Feedback
from readers.wire.events import Event, parse
from tests.readers.daemon.asking import made
from tests.readers.daemon.desk import SCOPE, SITE_KEY, START, QuietUplink, label, signed


class Mantrap:
    """A lock between the street and the vault: two doors on one computer, of which no two are ever open."""

    def __init__(
        self, directory: Path, *, two_person: bool = False, passback: Passback = Passback.OFF
    ) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), START)
        names = (("outer", "street", "lock"), ("inner", "lock", "vault"))
        group = InterlockId("trap")
        self.building = Building.of(
            SiteId("desk"),
            [
                Space(SpaceId("street"), label("Street"), SpaceKind.OUTSIDE),
                Space(SpaceId("site"), label("Site"), SpaceKind.SITE),
                Space(SpaceId("lock"), label("Lock"), parent=SpaceId("site")),
                Space(SpaceId("vault"), label("Vault"), parent=SpaceId("site")),
            ],
            [
                Door(
                    DoorId(name),
                    label(name),
                    SpaceId(outer),
                    SpaceId(inner),
                    interlock=group,
                    two_person=two_person,
                    passback=passback if name == "outer" else Passback.OFF,
                )
                for name, outer, inner in names
            ],
            [Reader(ReaderId(f"{name}-in"), DoorId(name), Direction.ENTRY) for name, _, _ in names],
        )
        self.doors = {
            door: EmulatedDoor(self.building.doors[door], self.clock) for door in self.building.doors
        }
        self.antennas = {reader: Antenna(self.clock) for reader in self.building.readers}
        self.rights = Rights(SCOPE, SITE_KEY.public_key(), directory / "snapshot")
        self.journal = FileJournal(directory / "journal", SCOPE, self.clock.now, Durability.BUFFERED)
        self.daemon = Daemon(self.rights, self.antennas, self.doors, self.journal, QuietUplink(), self.clock)

    async def tap(self, door: str, card: UidCard) -> Feedback | None:
        antenna = self.antennas[ReaderId(f"{door}-in")]
        antenna.present(card)
        await self.clock.sleep(0.3)
        antenna.remove()
        return self.doors[DoorId(door)].lamp

    def push(self, door: str) -> bool:
        return self.doors[DoorId(door)].push()

    def events(self) -> list[Event]:
        return [parse(line) for line in self.journal.pending(1000)]


def trapped(
    directory: Path,
    act: Callable[[Mantrap], Awaitable[None]],
    *,
    two_person: bool = False,
    passback: Passback = Passback.OFF,
) -> None:
    async def scene() -> None:
        trap = Mantrap(directory, two_person=two_person, passback=passback)
        task = asyncio.create_task(trap.daemon.run())
        await asyncio.sleep(0)
        trap.daemon.take_snapshot(signed(msgspec.structs.replace(made(), building=trap.building)))
        try:
            await act(trap)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            trap.journal.close()

    run_virtually(scene())
