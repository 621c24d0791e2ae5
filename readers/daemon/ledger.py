"""What one computer puts on record: kept before anything opens, or owed while the journal cannot keep it."""

import logging
from collections import deque
from datetime import datetime

from policies.ids import DoorId
from readers.daemon.rights import Rights
from readers.daemon.whereabouts import Whereabouts
from readers.errors import JournalError
from readers.ports import Journal, Uplink
from readers.wire.events import Draft, EventType, Sealed

_log = logging.getLogger(__name__)

MOST_OWED = 10_000
"""Events that wait in memory for room on the disk: a full day of a busy computer whose doors admit nobody."""

UNRECORDED = "unrecorded"
"""The cause of a door's fault whose `number` of events found no room, in memory either."""


class Ledger:
    """The way into the journal. `whereabouts` is who is behind these doors, as far as the record tells."""

    def __init__(self, journal: Journal, uplink: Uplink, rights: Rights, most_owed: int = MOST_OWED) -> None:
        self._journal, self._uplink, self._rights = journal, uplink, rights
        self._owed: deque[Draft] = deque()
        self._most_owed = most_owed
        self._dropped: dict[DoorId, int] = {}
        self.whereabouts = Whereabouts()

    def keep(self, draft: Draft) -> Sealed:
        """Journal an event, after those still owed, then wake the uplink; raise `JournalError` if it is not safe."""
        self._make_up(draft.at)
        kept = self._journal.append(draft)
        self._uplink.notify()
        return kept

    def note(self, draft: Draft) -> None:
        """Journal what has happened already; while the journal cannot keep it, it is owed and goes first later."""
        snapshot = self._rights.snapshot
        self.whereabouts.note(draft, snapshot.building if snapshot else None)
        try:
            self.keep(draft)
        except JournalError as fault:
            _log.error(
                "journal-fault",
                extra={
                    "door": draft.door,
                    "event": draft.type.value,
                    "fault": str(fault),
                    "owed": len(self._owed),
                    "dropped": sum(self._dropped.values()),
                },
            )
            self._owe(draft)

    def _owe(self, draft: Draft) -> None:
        """Hold an event back, and drop the oldest where there is no room for it; how many, is told at its door."""
        self._owed.append(draft)
        if len(self._owed) > self._most_owed and (door := self._owed.popleft().door) is not None:
            self._dropped[door] = self._dropped.get(door, 0) + 1

    def _make_up(self, at: datetime) -> None:
        """Journal what is owed, the oldest first: before all, how many events of which door were dropped."""
        while self._dropped:
            door, number = next(iter(self._dropped.items()))
            self._journal.append(Draft(at, EventType.DOOR_FAULT, door, number=number, cause=UNRECORDED))
            del self._dropped[door]
        while self._owed:
            self._journal.append(self._owed[0])
            self._owed.popleft()
