"""The authorizer's journal on its way into the store: the same ingest as every source, without a bus between."""

import asyncio
import logging
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from access.authorize.authorizer import Authorizer
from access.log import Lasting
from access.services import Services
from access.services.clock import Clock
from access.services.ingest import Batch
from access.services.offload import Offload
from policies.ids import SourceId
from readers.errors import JournalError

_log = logging.getLogger(__name__)

_LINES_AT_ONCE = 500
_AFTER_A_FAULT_S = 1.0

GATHER_S = 0.1
"""What a busy server waits for more decisions: screens are later by that, and commits fewer."""


class Drain:
    """Takes what the authorizer of `source` has kept. `run` it as a task.

    Decisions wait `gather_s` seconds for others to share their transaction: the store's work is not a tap's to share.
    """

    def __init__(
        self,
        authorizer: Authorizer,
        source: SourceId,
        services: Services,
        clock: Clock,
        offload: Offload,
        gather_s: float = 0.0,
    ) -> None:
        self._authorizer, self._source, self._services = authorizer, source, services
        self._clock, self._offload, self._gather_s = clock, offload, gather_s
        self._unstored = Lasting(_log, "events-not-stored", "events-stored-again", logging.ERROR)

    async def run(self) -> None:
        """Drain until cancelled: what was left by the last run first, then whatever is kept."""
        grown = asyncio.Event()
        self._authorizer.on_kept = grown.set
        grown.set()
        while True:
            await grown.wait()
            if self._gather_s > 0:
                await self._clock.sleep(self._gather_s)
            grown.clear()
            try:
                while await self.once():
                    pass
                self._unstored.note(None)
            except (SQLAlchemyError, OSError, JournalError) as fault:
                self._unstored.note(type(fault).__name__)
                await self._clock.sleep(_AFTER_A_FAULT_S)
                grown.set()

    async def once(self) -> bool:
        """Store the oldest lines; return whether that moved anything."""
        lines = self._authorizer.oldest(_LINES_AT_ONCE)
        if not lines:
            return False
        batch = Batch(self._source, b"\n".join(lines))
        taken = await self._offload(partial(self._services.ingest.take, [batch], self._clock.now()))
        for finding in taken.findings:
            _log.error("event-refused", extra={"source": finding.source, "kind": finding.kind})
        if taken.events:
            self._services.news.tell(taken.events)
        for (_source, epoch), seq in taken.reached.items():
            self._authorizer.stored(epoch, seq)
        return self._authorizer.oldest(1) != lines[:1]
