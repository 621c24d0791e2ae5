"""The last counts of cards whose proof is a count that only ever grows (NTAG 424 DNA's SUN), kept in one small file.

Each new count is a line, on the disk before it is answered for; the file is written anew at the start, and whenever it
has grown to many times what it says. A line that was cut short counts for nothing: its tap was never let through.
"""

import errno
import os
import threading
from pathlib import Path

from readers import durable
from readers.errors import CounterFault

_LINES_A_CARD = 16
_FEWEST_LINES = 256


class FileCounters:
    """`Counters` of one door computer. It alone writes the file."""

    def __init__(self, path: Path) -> None:
        """Open the file or make it; raise `CounterFault` where it is damaged or cannot be written."""
        self._path = path
        self._turn = threading.Lock()  # readers' threads ask
        self._counts = _read(path)
        self._lines, self._is_torn = 0, False
        try:
            self._file = path.open("ab", buffering=0)
            self._write_anew()
        except OSError as error:
            raise CounterFault(f"counters {path}: {error.strerror}") from error

    def advance(self, card: str, count: int) -> bool:
        with self._turn:
            return self._advance(card, count)

    def _advance(self, card: str, count: int) -> bool:
        if count <= self._counts.get(card, -1):
            return False
        self._counts[card] = count  # spent even where the disk fails: it may have been kept
        try:
            if self._is_torn or self._lines >= max(_FEWEST_LINES, _LINES_A_CARD * len(self._counts)):
                self._write_anew()
            else:
                self._append(f"{card} {count}\n".encode())
        except OSError as error:
            self._is_torn = True
            raise CounterFault(f"counters {self._path}: {error.strerror}") from error
        return True

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _append(self, line: bytes) -> None:
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # a disk that fills up takes a part of it
        os.fsync(self._file.fileno())
        self._lines += 1

    def _write_anew(self) -> None:
        durable.replace(
            self._path, "".join(f"{card} {count}\n" for card, count in self._counts.items()).encode()
        )
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
        self._lines, self._is_torn = len(self._counts), False


def _read(path: Path) -> dict[str, int]:
    counts: dict[str, int] = {}
    try:
        whole, _, _ = path.read_bytes().rpartition(b"\n")
    except FileNotFoundError:
        return counts
    except OSError as error:
        raise CounterFault(f"counters {path}: {error.strerror}") from error
    for number, line in enumerate(whole.split(b"\n") if whole else (), start=1):
        card, _, count = line.decode("ascii", "replace").partition(" ")
        if not card or not count.isdecimal():
            raise CounterFault(f"counters {path}: line {number}: expected a card and its count")
        counts[card] = max(int(count), counts.get(card, -1))
    return counts
