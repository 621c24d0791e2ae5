"""`totem events replay FILE…`: prints the occupancy again from events alone, by the same fold that runs live.

A file is lines of events, as a journal holds them; several files, doubles and any order give the same answer.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import msgspec

import policies
from access.errors import Invalid
from access.occupancy.live import LiveBuilding
from policies import loader
from policies.errors import LoadError
from readers.errors import WireError
from readers.wire.events import Event, parse

SUMMARY = "Print the occupancy again from events."

SHIPPED = Path(policies.__file__).parent / "km0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    replayed = actions.add_parser("replay", help="fold the events of files into who is where")
    replayed.add_argument(
        "files", type=Path, nargs="+", metavar="FILE", help="lines of events, such as a journal"
    )
    replayed.add_argument("--policy", type=Path, default=SHIPPED, metavar="DIR", help="the building's files")
    replayed.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Replay the files; raise `Invalid` at the first line that is no event."""
    try:
        live = LiveBuilding(loader.load(arguments.policy).building)
    except LoadError as error:
        raise Invalid(str(error)) from error
    for file in arguments.files:
        live.take(_events(file))
    told = _told(live)
    print(msgspec.json.encode(told).decode() if arguments.json else _table(told))
    return 0


class Occupancy(msgspec.Struct, frozen=True):
    """People by space at the time of the newest event; `ignored` events did not fit this building."""

    as_of: str | None
    counts: dict[str, int]
    ignored: int


def _told(live: LiveBuilding) -> Occupancy:
    counts = {str(space): view.count for space, view in live.counts().items()}
    return Occupancy(live.as_of.isoformat() if live.as_of else None, counts, live.ignored)


def _table(told: Occupancy) -> str:
    rows = [f"{count:6} {space}" for space, count in told.counts.items()]
    return "\n".join([f"as of {told.as_of or 'no event'}, {told.ignored} events ignored", *rows])


def _events(file: Path) -> Iterator[Event]:
    try:
        with file.open("rb") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    yield parse(line.rstrip(b"\r\n"))
                except WireError as error:
                    raise Invalid(f"{file}:{number}: {error}") from error
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
