"""Past taps out of a file of events, such as a journal: what deciding them again needs, and nothing else."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from access.errors import Invalid
from policies.analysis.changes.replay import Past
from policies.ids import BadgeId, ReaderId
from policies.request import Assurance, DoorMode
from policies.schedule import beyond_reach
from readers.wire.events import EventType, Instant


class _Inputs(msgspec.Struct, frozen=True, gc=False):
    """What is read of a decision's inputs."""

    assurance: Assurance
    pin_ok: bool = False
    mode: DoorMode = DoorMode.NORMAL


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """What is read of an event: the rest of it does not matter here."""

    id: str
    at: Instant
    type: EventType
    reader: ReaderId | None = None
    badge: BadgeId | None = None
    inputs: _Inputs | None = None


def journals(path: Path) -> tuple[Path, ...]:
    """Return the file, or the journals of a directory, the oldest epoch first; raise `Invalid` where there is none."""
    if path.is_file():
        return (path,)
    found = [each for each in path.glob("*.journal") if each.stem.isdecimal()]
    if not found:
        raise Invalid(f"{path}: expected a file of events, or a directory with journals such as 1.journal")
    return tuple(sorted(found, key=lambda each: int(each.stem)))


class PastTaps:
    """The decisions in files of events, in their order; those that tell of no badge any more are `skipped`."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files, self.skipped = files, 0

    def taps(self) -> Iterator[Past]:
        """Yield the taps; raise `Invalid` at the first line that is no event."""
        for file in self._files:
            yield from self._of(file)

    def _of(self, file: Path) -> Iterator[Past]:
        decode = msgspec.json.Decoder(_Kept).decode
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    event = decode(line)
                except msgspec.DecodeError as error:
                    raise Invalid(f"{file}:{number}: no event: {error}") from error
                if event.type is not EventType.DECISION:
                    continue
                if event.reader is None or event.badge is None or event.inputs is None:
                    self.skipped += 1
                    continue
                if beyond := beyond_reach(event.at):
                    raise Invalid(f"{file}:{number}: at: {beyond}")
                kept = event.inputs
                yield Past(
                    event.id, event.at, event.reader, event.badge, kept.assurance, kept.pin_ok, kept.mode
                )
