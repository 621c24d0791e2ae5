"""The journal's directory: one file an epoch, the cursor, the lock that keeps a second writer out.

An epoch is the Unix time in milliseconds at which its file was begun, and always higher than every epoch before.
"""

import fcntl
import logging
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from policies.ids import SourceId
from readers import durable
from readers.errors import JournalError
from readers.journal.backlog import EpochFile
from readers.journal.chain import Fault, walk

_log = logging.getLogger(__name__)

_MILLISECOND = timedelta(milliseconds=1)


class Directory:
    """The files of one source's journal, locked as long as this object is open."""

    def __init__(self, path: Path, *, is_synced: bool) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path, self._is_synced = path, is_synced
        self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise JournalError(f"{path}: expected no other writer, but one has this journal open") from error

    def close(self) -> None:
        os.close(self._lock)

    def file(self, epoch: int) -> Path:
        """Return where an epoch's records are."""
        return self.path / f"{epoch}.journal"

    def epochs(self) -> list[int]:
        """Return every epoch that has a file, in order."""
        return sorted(int(path.stem) for path in self.path.glob("*.journal") if path.stem.isdecimal())

    def begin(self, now: datetime, above: int) -> EpochFile:
        """Create the file of a new epoch, higher than `above` and all that are here."""
        epoch = max([milliseconds(now), above + 1, *(old + 1 for old in self.epochs())])
        path = self.file(epoch)
        path.touch(mode=0o640, exist_ok=False)
        if self._is_synced:
            durable.sync(self.path)
        return EpochFile(epoch, path)

    def recover(self, epoch: int, source: SourceId) -> EpochFile:
        """Check an epoch that was written before: its records count up to the first fault.

        An unfinished last line was never reported as kept: it moves to `EPOCH.torn`. Damage stays as it is.
        """
        path = self.file(epoch)
        recovered = EpochFile(epoch, path)
        for step in walk(path, source, epoch):
            if isinstance(step, Fault):
                _log.error("journal-torn" if step.is_torn else "journal-damaged", extra={"fault": str(step)})
                if step.is_torn:
                    self._cut(path, step.offset)
            else:
                recovered.last_seq, recovered.size = step.event.seq, step.end
        return recovered

    def _cut(self, path: Path, offset: int) -> None:
        with path.open("r+b") as stream, path.with_suffix(".torn").open("ab") as aside:
            stream.seek(offset)
            aside.write(stream.read())
            aside.flush()
            os.fsync(aside.fileno())
            stream.truncate(offset)
            os.fsync(stream.fileno())

    def remove(self, epoch: int) -> None:
        """Delete an epoch and what was cut from it."""
        path = self.file(epoch)
        path.unlink()
        path.with_suffix(".torn").unlink(missing_ok=True)

    def remove_empty(self, below: int) -> None:
        """Delete the epochs under `below` in which nothing was ever written."""
        for epoch in self.epochs():
            if epoch < below and self.file(epoch).stat().st_size == 0:
                self.remove(epoch)

    def ended_before(self, moment: datetime, below: int) -> list[int]:
        """Return the epochs under `below` whose records are all older than `moment`: the next had begun by then."""
        limit = milliseconds(moment)
        return [old for old, new in pairwise(self.epochs()) if old < below and new <= limit]


def milliseconds(moment: datetime) -> int:
    """Return a moment in Unix milliseconds, as epochs count."""
    return (moment - datetime.fromtimestamp(0, UTC)) // _MILLISECOND
