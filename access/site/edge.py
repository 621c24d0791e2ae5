"""One emulated door computer: the real daemon, journal and uplink over emulated devices."""

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emulators.building import EmulatedBuilding
from policies.ids import DoorId, SourceId
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.uplink import Uplink
from readers.wire.bus import Bus
from readers.wire.topics import Topics


class Edge:
    """The computer `source` with its `doors`; `run` it as a task."""

    def __init__(
        self,
        source: SourceId,
        doors: Sequence[DoorId],
        devices: EmulatedBuilding,
        bus: Bus,
        directory: Path,
        key: Ed25519PublicKey,
        gather_s: Callable[[], float],
    ) -> None:
        clock, building = devices.clock, devices.building
        directory.mkdir(parents=True, exist_ok=True)
        self.source = source
        self.journal = FileJournal(directory / "journal", source, clock.now, Durability.BUFFERED)
        self.rights = Rights(source, key, directory / "snapshot")
        self.uplink = Uplink(
            source,
            Topics(building.site),
            bus,
            self.journal,
            clock,
            random.Random(f"uplink {source}"),  # noqa: S311  (spreads reconnections, the same in every run)
            lambda: self.daemon.status(),  # noqa: PLW0108  (the daemon is made after its uplink)
        )
        self.uplink.gather_s = gather_s
        self.daemon = Daemon(
            self.rights,
            {
                reader.id: devices.antennas[reader.id]
                for reader in building.readers.values()
                if reader.door in doors
            },
            {door: devices.doors[door] for door in doors},
            self.journal,
            self.uplink,
            clock,
        )

        self.uplink.obey(doors, self.daemon.take_command)

    async def run(self) -> None:
        """Serve until cancelled, then let the journal go."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.daemon.run(), name=f"daemon {self.source}")
                group.create_task(self.uplink.run(self.daemon.take_snapshot), name=f"uplink {self.source}")
        finally:
            self.journal.close()

    @property
    def is_drained(self) -> bool:
        """Return whether the server has everything that happened here."""
        return not self.journal.pending(1)
