"""The `totem` command: one file a command, imported only when it is called.

A command file has `SUMMARY`, `add_arguments(parser)` and `run(arguments) -> exit code`: 0 for success, 1 for a
finding or refusal, 2 for wrong use. Results go to stdout, everything else to stderr.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from access.errors import TotemError

COMMANDS = ("run", "serve", "reader", "emulate", "db", "admin", "policy", "journal", "events", "bench")

FOUND_OR_REFUSED = 1
WRONG_USE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((word for word in words if not word.startswith("-")), None)
    parser = argparse.ArgumentParser(
        prog="totem", description="Access control and occupancy for a shared building."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        if chosen in (None, name) or chosen not in COMMANDS:
            command = importlib.import_module(f"access.cli.{name}")
            command.add_arguments(
                commands.add_parser(name, help=command.SUMMARY, description=command.SUMMARY)
            )
    arguments = parser.parse_args(words)
    try:
        code: int = importlib.import_module(f"access.cli.{arguments.command}").run(arguments)
    except TotemError as error:
        print(f"totem {arguments.command}: {error}", file=sys.stderr)
        return FOUND_OR_REFUSED
    return code
