"""Lines of events as entries of the fold, at the speed of a file. Their chain is for `totem journal verify`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import msgspec

from access.errors import Invalid
from access.occupancy.entries import ACTS, is_of_presence
from policies.building import Building
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.presence import Correction, Entry, Passage


class _Line(msgspec.Struct, frozen=True, gc=False):
    """The fields of an event that presence is made of; the rest of a line is passed over."""

    at: datetime
    type: str
    source: SourceId
    epoch: int
    seq: int
    door: DoorId | None = None
    space: SpaceId | None = None
    origin: SpaceId | None = None
    person: PersonId | None = None
    number: int | None = None
    cause: str | None = None


class OutOfOrder(Exception):
    """An entry came that stands before the one before it: the file is to be sorted first."""


class Lines:
    """Reads the lines of files for one building.

    `read` counts the entries, `ignored` what did not fit the building; `as_of` is the newest time.
    """

    def __init__(self, building: Building) -> None:
        self._building = building
        self.read = self.ignored = 0
        self.as_of: datetime | None = None

    def entries(self, lines: Iterable[bytes], where: Callable[[int], str]) -> Iterator[Entry]:
        """Yield what the lines say of presence; raise `Invalid` at the first that is no event."""
        decode, spaces, doors = _DECODER.decode, self._building.spaces, self._building.doors
        newest = self.as_of
        for number, text in enumerate(lines, start=1):
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Invalid(f"{where(number)}: not an event: {error}") from error
            if line.at.tzinfo is None:
                raise Invalid(f"{where(number)}: not an event: its time has no UTC offset")
            if line.door is not None and line.door not in doors:
                self.ignored += 1
                continue
            kind = line.type
            if kind in _PASSAGES:
                door, origin, target = line.door, line.origin, line.space
                if door is None or origin not in spaces or target not in spaces:
                    self.ignored += kind == _TAKEN
                    continue
                self.read += 1
                yield Passage(
                    line.at,
                    line.source,
                    line.epoch,
                    line.seq,
                    door,
                    origin,
                    target,
                    line.person,
                    kind == _TAKEN,
                )
            elif kind in _ACTS and is_of_presence(kind, line.cause):
                self.read += 1
                place = (line.at, line.source, line.epoch, line.seq)
                said = (line.space, line.number or 0, line.person, line.door)
                yield Correction(*place, _ACTS[kind], *said)
            if newest is None or line.at > newest:
                newest = self.as_of = line.at


def in_order(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries without doubles; raise `OutOfOrder` at one that goes back."""
    last: Entry | None = None
    for entry in entries:
        if last is not None and entry.at <= last.at and entry.place <= last.place:
            if entry.place == last.place:
                continue
            raise OutOfOrder
        last = entry
        yield entry


_TAKEN = "passage"
_PASSAGES = frozenset({_TAKEN, "no-entry"})
_ACTS = {kind.value: act for kind, act in ACTS.items()}
_DECODER = msgspec.json.Decoder(_Line)
