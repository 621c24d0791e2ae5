"""What the server has not acknowledged yet: a window of lines in memory, and the rest in the files behind it.

The window holds the oldest lines of the oldest unacknowledged epoch. As long as the line is up it holds them all
and no file is ever read; after a long silence it is refilled from where it ended.
"""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from readers.errors import JournalError
from readers.wire.events import FIRST_SEQ

WINDOW_LINES = 1024


class EpochFile:
    """One file and how far its records are whole: the last sequence number and the size up to there."""

    __slots__ = ("epoch", "last_seq", "path", "size")

    def __init__(self, epoch: int, path: Path, last_seq: int = 0, size: int = 0) -> None:
        self.epoch, self.path, self.last_seq, self.size = epoch, path, last_seq, size


class Backlog:
    """The unacknowledged lines of `files`, the oldest epoch first; the last file is the one being written."""

    def __init__(self, files: list[EpochFile], epoch: int, seq: int) -> None:
        self._files = deque(file for file in files if file.epoch >= epoch)
        self._begin_file()
        self.acknowledge(epoch, min(seq, self._files[0].last_seq))
        self._skip_finished()

    def _begin_file(self) -> None:
        self._window: deque[bytes] = deque()
        self._first_seq = FIRST_SEQ  # of the window, acknowledged + 1
        self._next_seq = FIRST_SEQ  # the one after the window
        self._next_offset = 0

    @property
    def oldest_epoch(self) -> int:
        """Return the epoch that the next pending line belongs to."""
        return self._files[0].epoch

    @property
    def is_empty(self) -> bool:
        """Return whether the server has everything."""
        return len(self._files) == 1 and self._first_seq > self._files[0].last_seq

    def extend(self, file: EpochFile) -> None:
        """Go on in a new file."""
        self._files.append(file)
        self._skip_finished()

    def note(self, line: bytes) -> None:
        """Take in the record just written to the newest file, which counts it already."""
        front = self._files[0]
        if len(self._files) == 1 and self._next_seq == front.last_seq and len(self._window) < WINDOW_LINES:
            self._window.append(line)
            self._next_seq += 1
            self._next_offset = front.size

    def oldest(self, limit: int) -> list[bytes]:
        """Return up to `limit` lines of the oldest epoch."""
        if len(self._window) < limit and self._next_seq <= self._files[0].last_seq:
            self._window.extend(self._read(WINDOW_LINES - len(self._window)))
        return list(islice(self._window, limit))

    def every(self) -> Iterator[bytes]:
        """Yield the lines of all epochs in their order, from the files."""
        first_seq = self._first_seq
        for file in self._files:
            try:
                with file.path.open("rb") as stream:
                    for line in islice(stream, first_seq - FIRST_SEQ, file.last_seq):
                        yield line[:-1]
            except OSError as error:
                raise JournalError(f"{file.path}: cannot be read: {error}") from error
            first_seq = FIRST_SEQ

    def acknowledge(self, epoch: int, seq: int) -> bool:
        """Let go of what is stored; return whether that was news. Words about what never was change nothing."""
        front = self._files[0]
        if epoch != front.epoch or not self._first_seq <= seq <= front.last_seq:
            return False
        while self._window and self._first_seq <= seq:
            self._window.popleft()
            self._first_seq += 1
        while self._first_seq <= seq:
            self._first_seq += len(self._read(min(WINDOW_LINES, seq + 1 - self._first_seq)))
        self._skip_finished()
        return True

    def rewind(self, epoch: int, seq: int) -> bool:
        """Go back to after `seq` of the oldest epoch; return False if that is not back."""
        if epoch != self._files[0].epoch or not 0 <= seq < self._first_seq - 1:
            return False
        self._begin_file()
        self.acknowledge(epoch, seq)
        return True

    def _skip_finished(self) -> None:
        while len(self._files) > 1 and self._first_seq > self._files[0].last_seq:
            self._files.popleft()
            self._begin_file()

    def _read(self, count: int) -> list[bytes]:
        file = self._files[0]
        wanted = min(count, file.last_seq + 1 - self._next_seq)
        try:
            with file.path.open("rb") as stream:
                stream.seek(self._next_offset)
                lines = list(islice(stream, wanted))
        except OSError as error:
            raise JournalError(f"{file.path}: cannot be read: {error}") from error
        if len(lines) != wanted:
            held = self._next_seq + len(lines) - 1
            raise JournalError(f"{file.path}: expected {file.last_seq} records, found {held}")
        self._next_seq += wanted
        self._next_offset += sum(map(len, lines))
        return [line[:-1] for line in lines]
