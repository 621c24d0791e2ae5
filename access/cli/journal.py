"""`totem journal verify FILE`: tells whether a journal is what was written, from its first record to its last."""

import argparse
from pathlib import Path

import msgspec

from access.errors import NotFound
from readers.errors import JournalError
from readers.journal import Verification, verify

SUMMARY = "Check the hash chain of a journal."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    checked = actions.add_parser("verify", help="check every record of a file and the chain between them")
    checked.add_argument("file", type=Path, help="an EPOCH.journal file")
    checked.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Verify the file; return 1 if anything in it is not what was written."""
    try:
        found = verify(arguments.file)
    except JournalError as error:
        raise NotFound(str(error)) from error
    if arguments.json:
        print(msgspec.json.encode(found).decode())
    else:
        print(_told(found))
    return 0 if found.is_whole else 1


def _told(found: Verification) -> str:
    if found.fault is not None:
        kind = "torn" if found.fault.is_torn else "damaged"
        return f"{found.fault} ({kind}, after {found.records} whole records)"
    if found.first_at is None or found.last_at is None:
        return f"{found.file}: whole, no records"
    span = f"{found.first_at.isoformat()} to {found.last_at.isoformat()}"
    return f"{found.file}: whole, {found.records} records of {found.source} epoch {found.epoch}, {span}"
