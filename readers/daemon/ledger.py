"""What one computer puts on record: kept before anything opens, or owed while the journal cannot keep it."""

import logging
from collections import deque

from readers.daemon.rights import Rights
from readers.daemon.whereabouts import Whereabouts
from readers.errors import JournalError
from readers.ports import Journal, Uplink
from readers.wire.events import Draft, Sealed

_log = logging.getLogger(__name__)

_MOST_OWED = 10_000
"""Events that wait in memory for room on the disk: a full day of a busy computer whose doors admit nobody."""


class Ledger:
    """The way into the journal. `whereabouts` is who is behind these doors, as far as the record tells."""

    def __init__(self, journal: Journal, uplink: Uplink, rights: Rights) -> None:
        self._journal, self._uplink, self._rights = journal, uplink, rights
        self._owed: deque[Draft] = deque(maxlen=_MOST_OWED)
        self.whereabouts = Whereabouts()

    def keep(self, draft: Draft) -> Sealed:
        """Journal an event, after those still owed, then wake the uplink; raise `JournalError` if it is not safe."""
        while self._owed:
            self._journal.append(self._owed[0])
            self._owed.popleft()
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
                },
            )
            self._owed.append(draft)
