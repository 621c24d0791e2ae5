"""Group commit on an event loop: what comes in one turn of the loop is one write, and where it is promised one sync.

What is staged while the disk works goes with the next group. A journal that is only `buffered` is written by the loop
itself: a write into the system's memory takes less than handing it to a thread.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread

from readers.errors import JournalError
from readers.journal.group import Group
from readers.journal.journal import FileJournal
from readers.wire.events import Draft, Sealed

_log = logging.getLogger(__name__)

Told = Callable[[JournalError | None], None]
"""Called once, with what went wrong or None."""


class GroupCommit:
    """The way into a journal for many at once. All calls come from one thread: the loop's."""

    def __init__(self, journal: FileJournal) -> None:
        self._journal = journal
        self._waiting: list[Told] = []
        self._is_writing = False
        self._disk = _Disk() if journal.is_synced else None

    @property
    def waiting(self) -> int:
        """Return how many wait for the next group."""
        return len(self._waiting)

    def stage(self, draft: Draft) -> Sealed:
        """Give an event its place; it is not kept before `kept` returns."""
        return self._journal.stage(draft)

    def when_kept(self, told: Told) -> None:
        """Have `told` called when everything staged so far is as durable as the journal promises, or is not kept."""
        self._waiting.append(told)
        self.soon()

    async def kept(self) -> None:
        """Return when everything staged so far is as durable as the journal promises; raise `JournalError` if not."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.when_kept(partial(_wake, waiter))
        await waiter

    def soon(self) -> None:
        """Let what is staged be kept without waiting for it; a fault is logged."""
        if not self._is_writing:
            self._is_writing = True
            loop = asyncio.get_running_loop()
            loop.call_soon(self._write, loop)  # those who come in this turn go along

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        group = self._journal.begin()
        waiting, self._waiting = self._waiting, []
        if group is None:  # an earlier fault took it back, and whoever staged it knows
            self._is_writing = False
            _tell(waiting, None)
        elif self._disk is None:
            self._written(loop, group, waiting, _fault_of(group))
        else:
            written = partial(self._written, loop, group, waiting)
            self._disk.write(group, lambda fault: loop.call_soon_threadsafe(written, fault))

    def _written(
        self, loop: asyncio.AbstractEventLoop, group: Group, waiting: list[Told], fault: OSError | None
    ) -> None:
        refused: JournalError | None = None
        if fault is None:
            self._journal.finish(group)
        else:
            refused = self._journal.abandon(group, fault)
            _log.error("journal-fault", extra={"fault": str(refused)})
            waiting += self._waiting  # what was staged on top is gone with it
            self._waiting = []
        if self._journal.has_staged:
            self._write(loop)  # the disk need not wait until everybody is told
        else:
            self._is_writing = False
        _tell(waiting, refused)

    def close(self) -> None:
        """Write what is left and end the thread; the journal is closed by its owner."""
        if self._disk is not None:
            self._disk.close()
        try:
            self._journal.commit()
        except JournalError as fault:
            _log.error("journal-fault", extra={"fault": str(fault)})


class _Disk:
    """The thread that waits for the disk: one group after the other, each told of when it is written."""

    def __init__(self) -> None:
        self._groups: SimpleQueue[tuple[Group, Callable[[OSError | None], object]] | None] = SimpleQueue()
        # A process that ends without `close` ends as by a kill: what was told is on the disk.
        self._thread = Thread(target=self._work, name="totem-journal", daemon=True)
        self._thread.start()

    def write(self, group: Group, written: Callable[[OSError | None], object]) -> None:
        """Write a group soon; `written` is called in this object's thread."""
        self._groups.put((group, written))

    def close(self) -> None:
        """End once everything is written."""
        self._groups.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._groups.get()) is not None:
            group, written = asked
            fault = _fault_of(group)
            with suppress(RuntimeError):  # the loop may have ended meanwhile: then nobody is to be told
                written(fault)


def _fault_of(group: Group) -> OSError | None:
    """Write a group; return what went wrong, if something did."""
    try:
        group.write()
    except OSError as fault:
        return fault
    return None


def _tell(waiting: Sequence[Told], fault: JournalError | None) -> None:
    for told in waiting:
        try:
            told(fault)
        except Exception:  # noqa: BLE001  (whoever fails to hear it keeps nobody else from it)
            _log.exception("journal-not-heard")


def _wake(waiter: asyncio.Future[None], fault: JournalError | None) -> None:
    if waiter.done():
        return  # its deadline came first
    if fault is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(JournalError(str(fault)))
