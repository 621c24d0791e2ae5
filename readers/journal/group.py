"""Records on their way to the disk, several in one write. Here is the only waiting that a journal does."""

import os
from collections.abc import Sequence

from readers.wire.events import Sealed


class Group:
    """Records that are kept together. `write` touches nothing but the file, so any one thread may do it.

    `cut_to` is the size to cut the file to first, where an earlier group left a rest.
    """

    __slots__ = ("_cut_to", "_fd", "_is_synced", "records")

    def __init__(self, fd: int, records: Sequence[Sealed], cut_to: int | None, *, is_synced: bool) -> None:
        self._fd, self._cut_to, self._is_synced, self.records = fd, cut_to, is_synced, records

    def write(self) -> None:
        """Write them all, and sync them where the journal is to outlive the machine; raise `OSError` if not all."""
        if self._cut_to is not None:
            os.ftruncate(self._fd, self._cut_to)
        data = b"\n".join([record.line for record in self.records]) + b"\n"
        written = os.write(self._fd, data)
        if written != len(data):
            raise OSError(f"expected to write {len(data)} bytes, wrote {written}")
        if self._is_synced:
            os.fdatasync(self._fd)
