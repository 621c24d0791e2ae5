"""What one computer puts on record: kept before anything opens, or owed while the journal cannot keep it."""

import logging
from collections import deque
from datetime import datetime
from itertools import islice

from policies.ids import DoorId
from readers.daemon.rights import Rights
from readers.daemon.whereabouts import Whereabouts
from readers.errors import JournalError
from readers.ports import Journal, Uplink
from readers.wire.events import Draft, EventType, Sealed

_log = logging.getLogger(__name__)

MOST_OWED = 10_000
"""Events that wait in memory for room on the disk: a full day of a busy computer whose doors admit nobody."""

_AT_ONCE = 1_000
"""Owed events that are one write: with a write and a sync each, a door would wait for a minute for ten thousand."""

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

    def note(self, draft: Draft) -> Sealed | None:
        """Journal what has happened already; what the journal cannot keep (None) is owed, and goes first later."""
        snapshot = self._rights.snapshot
        self.whereabouts.note(draft, snapshot.building if snapshot else None)
        try:
            return self.keep(draft)
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
        return None

    def _owe(self, draft: Draft) -> None:
        """Hold an event back, and drop the oldest where there is no room for it: counted at its door, if it has one."""
        self._owed.append(draft)
        if len(self._owed) <= self._most_owed:
            return
        dropped = self._owed.popleft()
        if dropped.door is not None:
            self._dropped[dropped.door] = self._dropped.get(dropped.door, 0) + 1
        else:
            _log.error("event-dropped", extra={"event": dropped.type.value})

    def _make_up(self, at: datetime) -> None:
        """Journal what is owed, the oldest first: before all, how many events of which door were dropped.

        The first goes alone: while the disk takes none, no event that comes is to seal a thousand others for nothing.
        """
        at_once = 1
        while self._dropped or self._owed:
            for door, number in self._dropped.items():
                self._journal.stage(Draft(at, EventType.DOOR_FAULT, door, number=number, cause=UNRECORDED))
            batch = tuple(islice(self._owed, at_once))
            for draft in batch:
                self._journal.stage(draft)
            self._journal.commit()
            self._dropped.clear()
            for _ in batch:
                self._owed.popleft()
            at_once = _AT_ONCE
