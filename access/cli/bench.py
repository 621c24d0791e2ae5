"""`totem bench`: measure one thing beside its yardsticks, in one run."""

import argparse
import importlib
import sys

import msgspec

from access.bench.report import NotBuilt, Options, Report, Size, table
from access.cli import WRONG_USE

SUMMARY = "Measure one part beside its yardsticks, in one run."

BENCHES = {
    "analysis": "lint of the shipped policy, and its comparison with an edited one, beside loading it",
    "authorize": "what a controller waits for over HTTP, beside a bare application",
    "city": "a million people and ten thousand doors beside the shipped building",
    "decide": "a decision, beside an empty call, a dict, the interpreter and Cedar",
    "door": "how soon a door's strike moves, and how soon its events are stored",
    "fanout": "a change of occupancy to a thousand viewers, beside a bare broadcast",
    "hostile": "honest taps in peace, and while strangers do their worst",
    "ingest": "events stored once, beside the same rows written raw, on both databases",
    "journal": "events kept on the disk, beside one fdatasync each",
    "load": "taps as they come, while the office works",
    "occupancy": "a log replayed, two years of counts read, a million people inside",
    "outage": "a tap while the broker is down, beside one while it is up",
    "propagate": "a badge revoked until each of 200 readers refuses it",
    "replay": "half a million past taps decided again by two policies",
    "rights": "an authorizer takes up everybody, and then what changes about them",
    "start": "from nothing to the first decision",
    "tap": "from the card in the field to the strike, beside the same commands raw",
}
"""The modules of `access.bench` that are benches, each with what it measures."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the benches and their options."""
    width = max(map(len, BENCHES))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(["benches:", *(f"  {name:{width}}  {what}" for name, what in BENCHES.items())])
    parser.add_argument("bench", choices=BENCHES, metavar="NAME", help="one of those below")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--size", choices=[size.value for size in Size], default=Size.BUILDING.value)
    parser.add_argument(
        "--seconds", type=_seconds, default=10.0, help="about how long to measure (default 10)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run one bench and print its report."""
    bench = importlib.import_module(f"access.bench.{arguments.bench}")
    try:
        report: Report = bench.run(Options(arguments.seconds, Size(arguments.size)))
    except NotBuilt as error:
        print(f"totem bench: {error}", file=sys.stderr)
        return WRONG_USE
    print(msgspec.json.encode(report).decode() if arguments.json else table(report))
    return 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} seconds; expected more than 0")
    return seconds
