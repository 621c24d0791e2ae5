"""The daemon of one door computer: its doors and readers, put to work from the snapshot in force.

Losing the server or the bus changes nothing here; losing the journal closes the doors to those who enter, because
an opening that nobody can account for is worse than a wait. Who leaves does so in any case, also by badge.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version

import msgspec

from policies.building import Door
from policies.ids import DoorId, ReaderId
from readers.daemon.antenna import Antenna
from readers.daemon.attendant import Attendant
from readers.daemon.commands import Commands
from readers.daemon.company import Company
from readers.daemon.interlock import Interlock
from readers.daemon.ledger import Ledger
from readers.daemon.lobby import Lobby
from readers.daemon.pins import Lockouts, PinDesk
from readers.daemon.portal import Portal
from readers.daemon.release import ReleaseLines
from readers.daemon.rights import Rights
from readers.daemon.roll import Roll
from readers.daemon.standings import Standings
from readers.daemon.visit import Credentials
from readers.errors import WireError
from readers.ports import Authority, CardTransport, Clock, DoorHardware, Journal, Uplink
from readers.wire.commands import Refusal
from readers.wire.events import Draft, EventType
from readers.wire.signals import DoorStatus, Line, Status

_log = logging.getLogger(__name__)

UID_ALONE = Credentials()
"""Reads serial numbers and nothing else: what a computer without keys can do."""


class Daemon:
    """Everything one door computer does, over the ports it is given."""

    def __init__(
        self,
        rights: Rights,
        transports: Mapping[ReaderId, CardTransport],
        hardware: Mapping[DoorId, DoorHardware],
        journal: Journal,
        uplink: Uplink,
        clock: Clock,
        credentials: Credentials = UID_ALONE,
    ) -> None:
        self._standings = Standings(rights.beside("doors"))
        self._rights, self._transports, self._hardware = rights, transports, hardware
        self._uplink, self._clock = uplink, clock
        self._ledger = Ledger(journal, uplink, rights)
        self._authority: Authority | None = None
        self._portals: dict[DoorId, Portal] = {}
        self._interlock = Interlock(self._portals, clock)
        self._lines = ReleaseLines(self._portals)
        self._lobby = Lobby(
            rights,
            self._ledger,
            clock,
            self._portal_of,
            PinDesk(Lockouts(self._standings)),
            self._interlock,
            Company(clock),
        )
        self._attendants = [Attendant(reader, self._lobby) for reader in transports]
        self._antennas = [
            Antenna(transports[attendant.reader], attendant, clock, credentials)
            for attendant in self._attendants
        ]
        self._commands = Commands(
            rights.site_key,
            self._portals.get,
            self._standings,
            self._ledger.keep,
            self._ledger.note,
            clock,
            self._interlock.bars,
        )
        self._roll = Roll(transports, self._door_of, self._ledger.note, uplink.tell_status, clock)

    async def run(self) -> None:
        """Serve until cancelled: take up the kept snapshot, say that the source has started, and read cards."""
        try:
            self._rights.restore()
        except WireError as error:
            _log.error("kept-snapshot-damaged", extra={"fault": str(error)})
        self._ledger.note(Draft(self._clock.now(), EventType.SOURCE_STARTED))
        self._expect()
        self._fit_doors()
        self._roll.open()
        try:
            async with asyncio.TaskGroup() as group:
                for antenna in self._antennas:
                    group.create_task(antenna.run(), name=f"reader {antenna.reader}")
        finally:
            self._roll.close()
            self._lobby.close()
            for attendant in self._attendants:
                attendant.close()
            for portal in self._portals.values():
                portal.close()

    @property
    def is_reading(self) -> bool:
        """Return whether a card is at some reader that has not been answered yet."""
        return any(antenna.is_reading for antenna in self._antennas)

    def consult(self, authority: Authority) -> None:
        """Ask `authority`, from now on, about what only the site knows."""
        self._authority = authority
        for attendant in self._attendants:
            attendant.authority = authority
        self._expect()

    def take_snapshot(self, payload: bytes) -> bool:
        """Use a snapshot or delta from the bus; return False and change nothing if it is wrong or not newer."""
        try:
            taken = self._rights.accept(payload)
        except WireError as error:
            _log.warning("rights-refused", extra={"fault": str(error)})
            return False
        if taken:
            self._expect()
            self._fit_doors()
        return taken

    def take_command(self, payload: bytes) -> Refusal | None:
        """Obey a command from the bus; return why not, where it is refused."""
        return self._commands.take(payload)

    def status(self) -> Status:
        """Return what this computer says of itself: its program, the version of the rights in force, its readers."""
        snapshot = self._rights.snapshot
        return Status(
            Line.ONLINE,
            self._clock.now(),
            version("totem-access"),
            snapshot.version if snapshot else None,
            dict(self._roll.readers),
            self._rights.lacks,
        )

    def _expect(self) -> None:
        """Let no authorizer be believed that the rights in force say has been replaced."""
        if self._authority is not None and self._rights.snapshot is not None:
            self._authority.expect(self._rights.snapshot.authorizer_epoch)

    def _fit_doors(self) -> None:
        """Give every door of the snapshot that hangs on this computer its portal, made anew where the door changed."""
        snapshot = self._rights.snapshot
        doors = snapshot.building.doors if snapshot else {}
        for door in doors.values():
            portal = self._portals.get(door.id)
            if door.id not in self._hardware:
                continue
            if portal is not None and portal.door == door:
                portal.look_again()
                continue
            if portal is not None:
                portal.close()
                self._lines.leave(door.id)
            self._open(door)

    def _open(self, door: Door) -> None:
        portal = Portal(
            door,
            self._hardware[door.id],
            self._rights,
            self._standings,
            self._ledger.note,
            self._clock,
            self._tell_state,
        )
        portal.on_release = partial(self._lines.hear, door.id)
        self._portals[door.id] = portal
        portal.open()
        self._lines.join(door.id)

    def _portal_of(self, reader: ReaderId) -> Portal | None:
        door = self._door_of(reader)
        return self._portals.get(door) if door else None

    def _door_of(self, reader: ReaderId) -> DoorId | None:
        door = self._rights.door_of(reader)
        return door.id if door else None

    def _tell_state(self, door: Door, status: DoorStatus) -> None:
        self._uplink.publish_door_state(door.id, msgspec.json.encode(status))
        self._interlock.look()
