"""The authorizer's journal on its way into the store: the same ingest as every source, without a bus between."""

import asyncio
import logging
from contextlib import suppress
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from access.authorize.authorizer import Authorizer
from access.services import Services
from access.services.ingest import Batch
from access.services.intake import Clock, Offload
from policies.ids import SourceId

_log = logging.getLogger(__name__)

_LINES_AT_ONCE = 500
_AFTER_A_FAULT_S = 1.0


class Drain:
    """Takes what the authorizer of `source` has kept. `run` it as a task."""

    def __init__(
        self, authorizer: Authorizer, source: SourceId, services: Services, clock: Clock, offload: Offload
    ) -> None:
        self._authorizer, self._source, self._services = authorizer, source, services
        self._clock, self._offload = clock, offload

    async def run(self) -> None:
        """Drain until cancelled: what was left by the last run first, then whatever is kept."""
        loop, grown = asyncio.get_running_loop(), asyncio.Event()
        self._authorizer.on_kept = lambda: _wake(loop, grown)
        grown.set()
        while True:
            await grown.wait()
            grown.clear()
            try:
                while await self.once():
                    pass
            except SQLAlchemyError as error:
                _log.error("store-unavailable", extra={"source": self._source, "fault": type(error).__name__})
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


def _wake(loop: asyncio.AbstractEventLoop, grown: asyncio.Event) -> None:
    """Set the event from any thread; a decision may outlive the loop by a moment, and is drained at the next start."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(grown.set)
