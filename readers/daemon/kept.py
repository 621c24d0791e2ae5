"""Rights on the disk of a door computer: the last snapshot, and in a file beside it the deltas taken since.

Both as they came, signed. A power cut leaves the old snapshot or the new one, and of the deltas those that were
written whole: each is preceded by its length (4 bytes, big-endian), and what follows the last whole one is dropped.
"""

import os
from pathlib import Path

from readers import durable
from readers.errors import WireError

_LENGTH_BYTES = 4


class Kept:
    """The files at `snapshot` and beside it."""

    def __init__(self, snapshot: Path) -> None:
        self._snapshot, self._deltas = snapshot, snapshot.with_suffix(".deltas")
        self._end = 0

    def beside(self, name: str) -> Path:
        """Return where something else is kept that must come through a restart."""
        return self._snapshot.with_name(name)

    def read(self) -> tuple[bytes | None, list[bytes]]:
        """Return the snapshot, if there is one, and the deltas after it; raise `WireError` if they cannot be read."""
        try:
            payload = self._snapshot.read_bytes() if self._snapshot.exists() else None
            written = self._deltas.read_bytes() if self._deltas.exists() else b""
        except OSError as error:
            raise WireError(f"{self._snapshot}: cannot be read: {error.strerror}") from error
        deltas, self._end = _split(written)
        return payload, deltas

    def replace(self, snapshot: bytes) -> None:
        """Keep a snapshot instead of everything before it; raise OSError if it is not safe on the disk."""
        durable.replace(self._snapshot, snapshot)
        # Were the power cut here, the old deltas would be found again, and passed over: they are not newer.
        self._deltas.unlink(missing_ok=True)
        self._end = 0

    def append(self, delta: bytes) -> None:
        """Keep a delta after the others; raise OSError if it is not safe on the disk."""
        self._deltas.touch()
        with self._deltas.open("r+b") as file:
            file.seek(self._end)
            file.write(len(delta).to_bytes(_LENGTH_BYTES, "big") + delta)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
            self._end = file.tell()


def _split(written: bytes) -> tuple[list[bytes], int]:
    """Return the whole deltas of the file, and where the last of them ends."""
    found: list[bytes] = []
    end = 0
    while (start := end + _LENGTH_BYTES) <= len(written):
        after = start + int.from_bytes(written[end:start], "big")
        if after > len(written):
            break
        found.append(written[start:after])
        end = after
    return found, end
