"""Group commit on an event loop: what comes in one turn of the loop is one write, and one sync where it is promised.

What is staged while the disk works goes with the next group. A journal that is only `buffered` is written by the loop
itself: a write into the system's memory takes less than handing it to a thread.
"""

import asyncio
import logging
from collections import deque
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

_ENOUGH = 128
"""So many go to the disk's thread at once, behind the group that it writes: it then writes while those are told whom
it has just kept. Fewer wait for one another, as a sync is dearer than they are."""

_MOST_UNDER_WAY = 2


class GroupCommit:
    """The way into a journal for many at once. All calls come from one thread: the loop's."""

    def __init__(self, journal: FileJournal) -> None:
        self._journal = journal
        self._waiting: list[Told] = []
        self._under_way: deque[tuple[Group, list[Told]]] = deque()
        self._is_due = self._is_closed = False
        self._told_of = ""
        self._disk = _Disk() if journal.is_synced else None

    def stage(self, draft: Draft) -> Sealed:
        """Give an event its place; `when_kept` or `kept`, called before the loop goes on, tells if it is kept."""
        return self._journal.stage(draft)

    def when_kept(self, told: Told) -> None:
        """Have `told` called when everything staged so far is as durable as the journal promises, or is not kept."""
        self._waiting.append(told)
        if len(self._waiting) == _ENOUGH and self._disk is not None:
            self._write()
        else:
            self._write_soon()

    async def kept(self) -> None:
        """Return when everything staged so far is as durable as the journal promises; raise `JournalError` if not."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.when_kept(partial(_wake, waiter))
        await waiter

    def _write_soon(self) -> None:
        if not (self._is_due or self._under_way or self._is_closed):
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._write_due)  # those who come in this turn go along

    def _write_due(self) -> None:
        self._is_due = False
        if not self._is_closed:
            self._write()

    def _write(self) -> None:
        """Write what is staged, unless it is better to wait for what is on its way."""
        is_enough = self._journal.has_staged and len(self._waiting) >= _ENOUGH
        if self._under_way and (not is_enough or len(self._under_way) == _MOST_UNDER_WAY):
            return
        group = self._journal.begin()
        waiting, self._waiting = self._waiting, []
        if group is None:  # what was staged before they came is kept, or whoever staged it was told
            _tell(waiting, None)
            return
        self._under_way.append((group, waiting))
        if self._disk is None:
            group.write()
            self._written(group)
        else:
            loop = asyncio.get_running_loop()
            self._disk.write(group, lambda: loop.call_soon_threadsafe(self._written, group))

    def _written(self, group: Group) -> None:
        if not self._under_way or self._under_way[0][0] is not group:
            return  # it was given up with one before it, or at the end
        waiting, refused = self._settle()
        if self._waiting or self._journal.has_staged:
            self._write()  # the disk need not wait until everybody is told
        _tell(waiting, refused)

    def _settle(self) -> tuple[list[Told], JournalError | None]:
        """Take note of what became of the oldest group; return whom to tell, and what went wrong if something did."""
        group, waiting = self._under_way.popleft()
        if group.fault is None:
            self._journal.finish(group)
            self._told_of = ""
            return waiting, None
        refused = self._journal.abandon(group.fault)
        if self._told_of != str(group.fault):  # a full disk is told once, not for each who taps meanwhile
            self._told_of = str(group.fault)
            _log.error("journal-fault", extra={"fault": str(refused)})
        for _, others in self._under_way:  # what was staged on top is gone with it
            waiting += others
        waiting += self._waiting
        self._waiting = []
        self._under_way.clear()
        return waiting, refused

    def close(self) -> None:
        """Write what is left, and what those stage who are told of it; end the thread.

        What is staged after this is not kept, and nobody is told. The journal is closed by its owner.
        """
        self._is_closed = True
        if self._disk is not None:
            self._disk.close()
            self._disk = None  # what is still to be written is written here
        while self._under_way:
            _tell(*self._settle())
        while self._waiting or self._journal.has_staged:
            self._write()


class _Disk:
    """The thread that waits for the disk: one group after the other, each told of when it is written."""

    def __init__(self) -> None:
        self._groups: SimpleQueue[tuple[Group, Callable[[], object]] | None] = SimpleQueue()
        # A process that ends without `close` ends as by a kill: what was told is on the disk.
        self._thread = Thread(target=self._work, name="totem-journal", daemon=True)
        self._thread.start()

    def write(self, group: Group, written: Callable[[], object]) -> None:
        """Write a group soon; `written` is called in this object's thread."""
        self._groups.put((group, written))

    def close(self) -> None:
        """End once everything is written."""
        self._groups.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (asked := self._groups.get()) is not None:
            group, written = asked
            group.write()
            with suppress(RuntimeError):  # the loop may have ended meanwhile: then nobody is to be told
                written()


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
