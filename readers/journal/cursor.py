"""How far the server has stored this source's events, kept in a file of one line: epoch, sequence, checksum.

The line has a fixed length and is overwritten in place, which costs one system call and needs no free space. It is
not synced: a lost or torn cursor only makes the journal send again what the server then recognises.
"""

import logging
import os
import zlib
from pathlib import Path

_log = logging.getLogger(__name__)

_LINE_BYTES = 20 + 1 + 20 + 1 + 8 + 1


class Cursor:
    """The highest acknowledged record: everything of `epoch` up to `seq`, and every earlier epoch."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._file = str(path)
        self.epoch, self.seq = self._read()

    def _read(self) -> tuple[int, int]:
        line = os.pread(self._fd, _LINE_BYTES + 1, 0)
        if not line:
            return 0, 0
        match line.split():
            case [epoch, seq, _checksum] if _line(epoch, seq) == line:
                return int(epoch), int(seq)
        _log.warning("journal-cursor-unreadable", extra={"file": self._file, "found": line})
        return 0, 0

    def advance(self, epoch: int, seq: int) -> None:
        """Note another place, a higher one unless the server lost some.

        A disk that refuses is logged and tried again with the next word.
        """
        self.epoch, self.seq = epoch, seq
        try:
            os.pwrite(self._fd, _line(b"%020d" % epoch, b"%020d" % seq), 0)
        except OSError as error:
            _log.warning("journal-cursor-not-written", extra={"file": self._file, "error": str(error)})

    def close(self) -> None:
        os.close(self._fd)


def _line(epoch: bytes, seq: bytes) -> bytes:
    place = epoch + b" " + seq
    return b"%b %08x\n" % (place, zlib.crc32(place))
