"""`totem bench`: measure one thing beside its yardsticks, in one run."""

import argparse
import importlib
import pkgutil
import sys

import msgspec

import access.bench
from access.bench.report import NotBuilt, Options, Report, Size, table
from access.cli import WRONG_USE

SUMMARY = "Measure one part beside its yardsticks, in one run."

_FRAME = {"report", "rounds", "cedar", "city_site", "fleet"}
"""Modules of access.bench that are no bench themselves."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the benches, one for each module of access.bench, and their options."""
    names = sorted(module.name for module in pkgutil.iter_modules(access.bench.__path__))
    parser.add_argument("bench", choices=[name for name in names if name not in _FRAME], metavar="NAME")
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
