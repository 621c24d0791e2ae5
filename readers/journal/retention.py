"""Forgetting: a journal holds persons, so what the server has stored is deleted here after a while.

What is not acknowledged stays, however old. The server's own retention is the server's.
"""

import logging
from datetime import datetime, timedelta
from typing import Protocol

from readers.ports import Clock

_log = logging.getLogger(__name__)

KEPT = timedelta(hours=11)
"""A file is left for a new one after this time and deleted as long after that: within a day everybody is unlinked
from what the server has stored, edge journals included (docs/domain.md, 6)."""

LOOK_EVERY_S = 3600.0


class Forgetful(Protocol):
    """A journal that can let go of what is stored elsewhere."""

    def prune(self, keep_after: datetime) -> list[int]:
        """Delete acknowledged files that hold nothing since then; return their epochs."""
        ...


async def forget(journal: Forgetful, clock: Clock, kept: timedelta = KEPT) -> None:
    """Delete what is acknowledged and older than `kept`, once an hour, until cancelled."""
    while True:
        try:
            gone = journal.prune(clock.now() - kept)
        except OSError as error:
            _log.error("journal-not-pruned", extra={"fault": str(error)})
        else:
            if gone:
                _log.info("journal-pruned", extra={"epochs": len(gone)})
        await clock.sleep(LOOK_EVERY_S)
