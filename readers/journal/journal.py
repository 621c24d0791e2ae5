"""The journal on disk: a `readers.ports.Journal` that survives the death of its process at any instant.

Every opening begins a new epoch: whatever the last one may have lost, no event's id is ever given
to another. What earlier epochs hold unacknowledged is still sent first.
A group of records is one write, so that a death leaves at most one unfinished line, and whole ones only of events
that nobody was told are kept: no permit follows from those.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from enum import Enum
from pathlib import Path

from policies.ids import SourceId
from readers.errors import JournalError
from readers.journal.backlog import Backlog, EpochFile
from readers.journal.cursor import Cursor
from readers.journal.directory import Directory, milliseconds
from readers.journal.group import Group
from readers.journal.salts import fresh_salt
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, Sealed, seal

_log = logging.getLogger(__name__)

ROTATE_BYTES = 64 * 1024 * 1024


class Durability(Enum):
    """What a record survives once `append` has returned: the process's death, or the machine's as well."""

    BUFFERED = "buffered"
    SYNCED = "synced"


class FileJournal:
    """The journal of one source in one directory. `position` is the last record kept: epoch and sequence."""

    def __init__(
        self,
        directory: Path,
        source: SourceId,
        clock_now: Callable[[], datetime],
        durability: Durability = Durability.SYNCED,
        salt: Callable[[], str] = fresh_salt,
        rotate_bytes: int = ROTATE_BYTES,
    ) -> None:
        self._source, self._now, self._salt, self._rotate_bytes = source, clock_now, salt, rotate_bytes
        self.is_synced = durability is Durability.SYNCED
        self._staged: list[Sealed] = []
        self._writing: deque[Group] = deque()
        with ExitStack() as on_failure:
            try:
                self._directory = Directory(directory, is_synced=self.is_synced)
                on_failure.callback(self._directory.close)
                self._cursor = Cursor(directory / "acknowledged")
                on_failure.callback(self._cursor.close)
                earlier = self._recover()
                self._begin_epoch()
            except OSError as error:
                raise JournalError(f"{directory}: cannot be opened as a journal: {error}") from error
            on_failure.callback(os.close, self._fd)
            self._directory.remove_empty(self._file.epoch)
            self._backlog = Backlog([*earlier, self._file], self._cursor.epoch, self._cursor.seq)
            on_failure.pop_all()

    def _recover(self) -> list[EpochFile]:
        """Check every file that may hold something the server has not, and the last one in any case."""
        epochs = self._directory.epochs()
        unsure = [epoch for epoch in epochs if epoch >= self._cursor.epoch or epoch == epochs[-1]]
        files = [self._directory.recover(epoch, self._source) for epoch in unsure]
        return [file for file in files if file.last_seq]

    def _begin_epoch(self) -> None:
        file = self._directory.begin(self._now(), self._cursor.epoch)
        # With O_DSYNC a write returns when it is on the disk: one call instead of two.
        synced = os.O_DSYNC if self.is_synced else 0
        self._fd = os.open(file.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | synced)
        self._file, self._next_seq, self._has_rest = file, FIRST_SEQ, False
        self._digest = self._kept_digest = GENESIS

    @property
    def source(self) -> SourceId:
        """Return whose events these are."""
        return self._source

    @property
    def position(self) -> tuple[int, int]:
        """Return the epoch and sequence of the last record; sequence 0 before the first."""
        return self._file.epoch, self._file.last_seq

    @property
    def acknowledged(self) -> tuple[int, int]:
        """Return the epoch and sequence up to which the server has everything."""
        return self._cursor.epoch, self._cursor.seq

    @property
    def has_staged(self) -> bool:
        """Return whether something waits to be committed."""
        return bool(self._staged)

    def append(self, draft: Draft) -> Sealed:
        """Keep an event; raise `JournalError` if it is not safe, and then it is not in the journal at all."""
        self._refuse_beside_a_writer()
        sealed = self.stage(draft)
        self.commit()
        return sealed

    def stage(self, draft: Draft) -> Sealed:
        """Give an event its place without keeping it: `commit` keeps all that are staged, or none of them."""
        sealed = seal(draft, self._source, self._file.epoch, self._next_seq, self._digest, self._salt())
        self._next_seq += 1
        self._digest = sealed.digest
        self._staged.append(sealed)
        return sealed

    def commit(self) -> None:
        """Keep what is staged; raise `JournalError` if it is not safe, and then none of it is in the journal."""
        self._refuse_beside_a_writer()
        group = self.begin()
        if group is None:
            return
        group.write()
        if group.fault is not None:
            raise self.abandon(group.fault) from group.fault
        self.finish(group)

    def _refuse_beside_a_writer(self) -> None:
        if self._writing:
            raise JournalError(f"{self._file.path}: another thread is writing; expected all groups finished")

    def begin(self) -> Group | None:
        """Return what is staged, to be written after what is on its way; None if there is nothing."""
        if not self._staged:
            return None
        records, self._staged = self._staged, []
        after = self._writing[-1] if self._writing else None
        cut_to = self._file.size if self._has_rest and after is None else None
        group = Group(self._fd, records, cut_to, after)
        self._writing.append(group)
        return group

    def finish(self, group: Group) -> None:
        """Count the oldest group on its way, which was written: it is pending from now on."""
        self._writing.popleft()
        self._has_rest = False
        file = self._file
        for record in group.records:
            file.last_seq += 1
            file.size += len(record.line) + 1
            self._backlog.note(record.line)
        self._kept_digest = group.records[-1].digest

    def abandon(self, fault: BaseException) -> JournalError:
        """Take back the oldest group on its way, which was not written, and all that follows; return what to raise.

        What it left in the file is cut; if even that fails, the next group does it before anything else.
        """
        file, lost = self._file, sum(len(group.records) for group in self._writing) + len(self._staged)
        self._writing.clear()
        self._staged.clear()
        first, self._next_seq, self._digest = file.last_seq + 1, file.last_seq + 1, self._kept_digest
        try:
            os.ftruncate(self._fd, file.size)
            self._has_rest = False
        except OSError:
            self._has_rest = True
        what = f"record {first}" if lost == 1 else f"records {first} to {first + lost - 1}"
        return JournalError(f"{file.path}: {what} not kept: {fault}")

    def pending(self, limit: int) -> list[bytes]:
        return self._backlog.oldest(limit)

    def unacknowledged(self) -> Iterator[bytes]:
        """Yield every line that the server may not have, of all epochs in their order; raise `JournalError`."""
        return self._backlog.every()

    def acknowledge(self, epoch: int, seq: int) -> None:
        if self._backlog.acknowledge(epoch, seq):
            self._cursor.advance(epoch, seq)
            if self._file.size > self._rotate_bytes and self._backlog.is_empty:
                self._rotate()

    def rewind(self, epoch: int, seq: int) -> bool:
        is_back = self._backlog.rewind(epoch, seq)
        if is_back:
            self._cursor.advance(epoch, seq)
            _log.warning("journal-rewound", extra={"epoch": epoch, "seq": seq})
        return is_back

    def _rotate(self) -> None:
        """Begin a new file; if the disk refuses, or events are on their way into the old one, that goes on."""
        if self._staged or self._writing:
            return
        finished = self._fd
        try:
            self._begin_epoch()
        except OSError as error:
            _log.warning("journal-not-rotated", extra={"file": str(self._file.path), "error": str(error)})
            return
        os.close(finished)
        self._backlog.extend(self._file)

    def prune(self, keep_after: datetime) -> list[int]:
        """Delete acknowledged files that hold nothing since `keep_after`; return their epochs.

        A current file that began before then is left for a new one, so that the next call can delete it.
        """
        is_done = self._file.last_seq and self._backlog.is_empty
        if is_done and self._file.epoch < milliseconds(keep_after):
            self._rotate()
        old = self._directory.ended_before(keep_after, self._backlog.oldest_epoch)
        for epoch in old:
            self._directory.remove(epoch)
        return old

    def close(self) -> None:
        """Release the directory."""
        os.close(self._fd)
        self._cursor.close()
        self._directory.close()
