"""Records on their way to the disk, several in one write. Here is the only waiting that a journal does."""

import os
from collections.abc import Sequence
from typing import Self

from readers.wire.events import Sealed

_NOT_WRITTEN = OSError("expected them to be written, but nobody has yet")


class Group:
    """Records that are kept together. `write` touches nothing but the file, so any one thread may do it.

    `cut_to` is the size to cut the file to first, where an earlier group left a rest. `after` is the group whose
    records these follow, if that is on its way too: without it, these are not written either. `fault` says why they
    are not kept; it is None once they are, and not before.
    """

    __slots__ = ("_after", "_cut_to", "_fd", "fault", "records")

    def __init__(self, fd: int, records: Sequence[Sealed], cut_to: int | None, after: Self | None) -> None:
        self._fd, self._cut_to, self._after, self.records = fd, cut_to, after, records
        self.fault: OSError | MemoryError | None = _NOT_WRITTEN

    def write(self) -> None:
        """Write them all, and sync them where the journal is to outlive the machine; `fault` says if not all are."""
        try:
            if self._after is not None and self._after.fault is not None:
                raise OSError(f"the records before were not kept: {self._after.fault}")
            self._write()
            self.fault = None
        except (OSError, MemoryError) as fault:
            self.fault = fault
        self._after = None  # which held the one before it, and so on: all that was ever written

    def _write(self) -> None:
        if self._cut_to is not None:
            os.ftruncate(self._fd, self._cut_to)
        data = b"\n".join([record.line for record in self.records]) + b"\n"
        written = os.write(self._fd, data)
        if written != len(data):
            raise OSError(f"expected to write {len(data)} bytes, wrote {written}")
