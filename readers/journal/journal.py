"""The journal on disk: a `readers.ports.Journal` that survives the death of its process at any instant.

Every opening begins a new epoch: whatever the last one may have lost, no event's id is ever given
to another. What earlier epochs hold unacknowledged is still sent first.
A record is one write, so that a death leaves at most one unfinished line, of an event that nobody was told is kept.
"""

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from enum import Enum
from pathlib import Path

from policies.ids import SourceId
from readers.errors import JournalError
from readers.journal.backlog import Backlog, EpochFile
from readers.journal.cursor import Cursor
from readers.journal.directory import Directory, milliseconds
from readers.wire.events import GENESIS, Draft, Sealed, seal

_log = logging.getLogger(__name__)

ROTATE_BYTES = 64 * 1024 * 1024
_SALT_BYTES = 16  # 128 bits: a commitment to a known badge cannot be found by trying salts


class Durability(Enum):
    """What a record survives once `append` has returned: the process's death, or the machine's as well."""

    BUFFERED = "buffered"
    SYNCED = "synced"


def fresh_salt() -> str:
    """Return random text for one commitment."""
    return secrets.token_hex(_SALT_BYTES)


class FileJournal:
    """The journal of one source in one directory. `position` is the last record written: epoch and sequence."""

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
        self._is_synced = durability is Durability.SYNCED
        with ExitStack() as on_failure:
            try:
                self._directory = Directory(directory, is_synced=self._is_synced)
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
        self._fd = os.open(file.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._file, self._digest, self._has_rest = file, GENESIS, False

    @property
    def position(self) -> tuple[int, int]:
        """Return the epoch and sequence of the last record; sequence 0 before the first."""
        return self._file.epoch, self._file.last_seq

    @property
    def acknowledged(self) -> tuple[int, int]:
        """Return the epoch and sequence up to which the server has everything."""
        return self._cursor.epoch, self._cursor.seq

    def append(self, draft: Draft) -> Sealed:
        """Keep an event; raise `JournalError` if it is not safe, and then it is not in the journal at all."""
        file = self._file
        sealed = seal(draft, self._source, file.epoch, file.last_seq + 1, self._digest, self._salt())
        self._write(sealed.line + b"\n")
        file.last_seq += 1
        file.size += len(sealed.line) + 1
        self._digest = sealed.digest
        self._backlog.note(sealed.line)
        return sealed

    def _write(self, record: bytes) -> None:
        try:
            if self._has_rest:
                os.ftruncate(self._fd, self._file.size)
                self._has_rest = False
            written = os.write(self._fd, record)
            if written != len(record):
                raise JournalError(
                    f"{self._file.path}: expected to write {len(record)} bytes, wrote {written}"
                )
            if self._is_synced:
                os.fdatasync(self._fd)
        except (OSError, JournalError) as error:
            self._take_back()
            raise JournalError(
                f"{self._file.path}: record {self._file.last_seq + 1} not kept: {error}"
            ) from error

    def _take_back(self) -> None:
        """Cut what a failed write left; if even that fails, the next append does it before anything else."""
        try:
            os.ftruncate(self._fd, self._file.size)
        except OSError:
            self._has_rest = True

    def pending(self, limit: int) -> list[bytes]:
        return self._backlog.oldest(limit)

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
        """Begin a new file; if the disk refuses, the old one goes on."""
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
