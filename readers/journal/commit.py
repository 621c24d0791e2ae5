"""Group commit on an event loop: many wait for one write and one sync, and the loop waits for neither.

What is staged while the disk works goes with the next group. A journal that is only `buffered` writes where it stands:
a write into the system's memory takes less than handing it to a thread.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from readers.errors import JournalError
from readers.journal.group import Group
from readers.journal.journal import FileJournal
from readers.wire.events import Draft, Sealed

_log = logging.getLogger(__name__)


class GroupCommit:
    """The way into a journal for many at once. All calls come from one thread: the loop's."""

    def __init__(self, journal: FileJournal) -> None:
        self._journal = journal
        self._waiting: list[asyncio.Future[None]] = []
        self._is_writing = False
        self._thread = (
            ThreadPoolExecutor(1, thread_name_prefix="totem-journal") if journal.is_synced else None
        )

    @property
    def waiting(self) -> int:
        """Return how many wait for the next group."""
        return len(self._waiting)

    def stage(self, draft: Draft) -> Sealed:
        """Give an event its place; it is not kept before `kept` returns."""
        return self._journal.stage(draft)

    async def kept(self) -> None:
        """Return when everything staged so far is as durable as the journal promises; raise `JournalError` if not."""
        if self._thread is None:
            self._journal.commit()
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        self._begin(loop, self._thread)
        await waiter

    def soon(self) -> None:
        """Let what is staged be kept without waiting for it; a fault is logged."""
        if self._thread is not None:
            self._begin(asyncio.get_running_loop(), self._thread)
            return
        try:
            self._journal.commit()
        except JournalError as fault:
            _log.error("journal-fault", extra={"fault": str(fault)})

    def _begin(self, loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor) -> None:
        if not self._is_writing:
            self._is_writing = True
            loop.call_soon(self._write, loop, thread)  # those who come in this turn go along

    def _write(self, loop: asyncio.AbstractEventLoop, thread: ThreadPoolExecutor) -> None:
        group = self._journal.begin()
        waiters, self._waiting = self._waiting, []
        if group is None:  # an earlier fault took it back, and whoever staged it knows
            self._is_writing = False
            _tell(waiters, None)
            return
        done = loop.run_in_executor(thread, group.write)
        done.add_done_callback(partial(self._written, loop, thread, group, waiters))

    def _written(
        self,
        loop: asyncio.AbstractEventLoop,
        thread: ThreadPoolExecutor,
        group: Group,
        waiters: list[asyncio.Future[None]],
        done: asyncio.Future[None],
    ) -> None:
        fault = done.exception()
        if fault is None:
            self._journal.finish(group)
            _tell(waiters, None)
        else:
            refused = self._journal.abandon(group, fault)
            _log.error("journal-fault", extra={"fault": str(refused)})
            _tell([*waiters, *self._waiting], refused)
            self._waiting = []
        if self._journal.has_staged:
            self._write(loop, thread)
        else:
            self._is_writing = False

    def close(self) -> None:
        """Finish the write in hand and end the thread; the journal is closed by its owner."""
        if self._thread is not None:
            self._thread.shutdown()


def _tell(waiters: list[asyncio.Future[None]], fault: JournalError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # its deadline came first
        if fault is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(JournalError(str(fault)))
