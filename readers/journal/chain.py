"""A journal file read back and checked: every record in its place, the chain unbroken.

A file holds the records of one epoch of one source, one a line, numbered from 1 without a gap; each carries the
hash of the one before it (`readers.wire.events`). Nothing here writes.
"""

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from policies.ids import SourceId
from readers.errors import JournalError, WireError
from readers.wire.events import FIRST_SEQ, GENESIS, Event, digest, parse


class Link(msgspec.Struct, frozen=True):
    """A record that is what it must be: the event, its line without the newline, and where the next one begins."""

    event: Event
    line: bytes
    end: int


class Fault(msgspec.Struct, frozen=True):
    """The first thing that is not what it must be; `offset` is where its line begins.

    `is_torn` tells an unfinished last line, as a death while writing leaves it, from damage.
    """

    file: str
    line: int
    offset: int
    expected: str
    found: str
    is_torn: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: expected {self.expected}, found {self.found}"


class Verification(msgspec.Struct, frozen=True):
    """What a file holds up to its first fault."""

    file: str
    records: int
    source: SourceId | None = None
    epoch: int | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    fault: Fault | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether the file has no fault."""
        return self.fault is None


def walk(path: Path, source: SourceId | None = None, epoch: int | None = None) -> Iterator[Link | Fault]:
    """Yield every record in order; a fault, if there is one, comes last. Raise `JournalError` if unreadable.

    `source` and `epoch` are what the records must be of; by default, what the first one is of.
    """
    try:
        with path.open("rb") as stream:
            yield from _follow(stream, str(path), source, epoch)
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error}") from error


def verify(path: Path) -> Verification:
    """Check a whole file."""
    first: Event | None = None
    last: Event | None = None
    records = 0
    fault: Fault | None = None
    for step in walk(path):
        if isinstance(step, Fault):
            fault = step
            break
        first = first or step.event
        last = step.event
        records += 1
    return Verification(
        str(path),
        records,
        first.source if first else None,
        first.epoch if first else None,
        first.at if first else None,
        last.at if last else None,
        fault,
    )


def _follow(
    stream: io.BufferedReader, file: str, source: SourceId | None, epoch: int | None
) -> Iterator[Link | Fault]:
    seq, prev, offset = FIRST_SEQ, GENESIS, 0
    for number, raw in enumerate(stream, start=1):
        found = _record(raw)
        if isinstance(found, str):
            expected = "a whole record" if raw.endswith(b"\n") else "a newline at its end"
            yield Fault(file, number, offset, expected, found, is_torn=not stream.peek(1))
            return
        source, epoch = source or found.source, epoch or found.epoch
        wanted, actual = (source, epoch, seq, prev), (found.source, found.epoch, found.seq, found.prev)
        if actual != wanted:
            yield Fault(file, number, offset, _place(*wanted), _place(*actual))
            return
        seq, prev, offset = seq + 1, digest(raw[:-1]), offset + len(raw)
        yield Link(found, raw[:-1], offset)


def _record(raw: bytes) -> Event | str:
    """Return the event of a line, or what was found instead."""
    if not raw.endswith(b"\n"):
        return f"the end of the file after {len(raw)} bytes"
    try:
        return parse(raw[:-1])
    except WireError as error:
        return str(error)


def _place(source: SourceId, epoch: int, seq: int, prev: str) -> str:
    return f"{source}:{epoch}:{seq} after {prev[:16]}"
