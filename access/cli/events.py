"""`totem events replay FILE…`: prints the occupancy again from events alone, by the same fold that runs live.

A file is lines of events, as a journal holds them, or with `--csv` another building's log. Files whose lines are in
order are streamed, however long; any order and doubles give the same answer, sorted in memory first.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import chain
from operator import attrgetter
from pathlib import Path

import msgspec

import policies
from access.errors import Invalid
from access.occupancy.foreign import Columns, ForeignLog
from access.occupancy.replay import Lines, OutOfOrder, in_order
from policies import loader
from policies.building import SpaceKind
from policies.errors import LoadError
from policies.loader import Site
from policies.presence import Expiry, State, Ways, counts, fold, stream

SUMMARY = "Print the occupancy again from events."

SHIPPED = Path(policies.__file__).parent / "km0"
_COLUMNS = (
    "a foreign log: its columns, as time=When,badge=Card,door=Reader,direction=Way "
    "or time=When,badge=Card,zone=Room"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    replayed = actions.add_parser("replay", help="fold the events of files into who is where")
    replayed.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="lines of events, such as a journal"
    )
    replayed.add_argument("--policy", type=Path, default=SHIPPED, metavar="DIR", help="the building's files")
    replayed.add_argument("--csv", metavar="COLUMNS", help=_COLUMNS)
    replayed.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Replay the files; raise `Invalid` at the first line that is no event."""
    try:
        site = loader.load(arguments.policy)
    except LoadError as error:
        raise Invalid(str(error)) from error
    told = _csv(site, arguments) if arguments.csv else _journals(site, arguments.files)
    print(msgspec.json.encode(told).decode() if arguments.json else _table(told))
    return 0


class Occupancy(msgspec.Struct, frozen=True):
    """People by space at the time of the newest event; `ignored` events did not fit this building."""

    as_of: str | None
    counts: dict[str, int]
    ignored: int
    entries: int


def _journals(site: Site, files: Sequence[Path]) -> Occupancy:
    try:
        return _fold(site, files, is_sorted=True)
    except OutOfOrder:
        return _fold(site, files, is_sorted=False)


def _fold(site: Site, files: Sequence[Path], *, is_sorted: bool) -> Occupancy:
    lines = Lines(site.building)
    entries = [lines.entries(_bytes(file), lambda number, file=file: f"{file}:{number}") for file in files]  # type: ignore[misc]  # a default has no type
    expiry = Expiry(site.policy.calendar)
    if is_sorted:
        together = entries[0] if len(entries) == 1 else merge(*entries, key=attrgetter("place"))
        state = stream(site.building, in_order(together), expiry)
    else:
        state = fold(site.building, chain.from_iterable(entries), expiry).state
    return _told(site, state, lines.as_of, lines.ignored, lines.read)


def _csv(site: Site, arguments: argparse.Namespace) -> Occupancy:
    log = ForeignLog(site.building, site.policy.calendar, Columns.of(arguments.csv))
    state = State(Ways(site.building), Expiry(site.policy.calendar))
    newest, read = None, 0
    for file in arguments.files:
        try:
            with file.open(encoding="utf-8-sig", newline="") as rows:
                ordered = sorted(log.passages(csv.DictReader(rows)), key=attrgetter("place"))
        except OSError as error:
            raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
        except (Invalid, UnicodeDecodeError, csv.Error) as error:
            raise Invalid(f"{file}: {error}") from error
        for entry in ordered:
            state.apply(entry)
            newest = entry.at
        read += len(ordered)
    return _told(site, state, newest, 0, read)


def _told(site: Site, state: State, as_of: datetime | None, ignored: int, read: int) -> Occupancy:
    spaces = [one.id for one in site.building.spaces.values() if one.kind is not SpaceKind.OUTSIDE]
    numbers = {str(space): number for space, number in counts(state, Ways(site.building), spaces).items()}
    return Occupancy(as_of.isoformat() if as_of else None, numbers, ignored, read)


def _table(told: Occupancy) -> str:
    rows = [f"{count:6} {space}" for space, count in told.counts.items()]
    return "\n".join([f"as of {told.as_of or 'no event'}, {told.ignored} events ignored", *rows])


def _bytes(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as lines:
            yield from lines
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
