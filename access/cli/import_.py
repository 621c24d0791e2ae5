"""`totem import people FILE.csv [--apply]`: what a file of people changes; with --apply all of it or nothing."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.services.imports import Imports, Outcome

SUMMARY = "Import people from a file: the difference first."

_ACTOR = "command line"
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--config", type=Path, help="the settings file (default: $TOTEM_CONFIG, or none)")
    nouns = parser.add_subparsers(dest="noun", required=True, metavar="NOUN")
    people = nouns.add_parser("people", help="people, told apart by their external id")
    columns = "external_id, name, type, organisation, tiers, valid_from, valid_until"
    people.add_argument("file", type=Path, help=f"CSV (or .json) in UTF-8 with the columns {columns}")
    people.add_argument("--apply", action="store_true", help="apply it; without this nothing is changed")
    people.add_argument(
        "--end",
        type=int,
        metavar="N",
        help="end the rights of the N people missing from the file, all of them",
    )
    people.add_argument("--organisation", help="the file is about this organisation's people only")
    people.add_argument("--json", action="store_true", help="print the difference as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Compare, or apply; return 1 where the file has faults."""
    from access.services.imports import Imports
    from access.services.outbox import Outbox, RightsChanged
    from access.services.policies import Policies
    from access.services.rights import Reach
    from access.services.rulebook import Rulebook
    from access.settings import load, load_site
    from access.store import schema
    from access.store.database import open_database

    settings = load(arguments.config, os.environ)
    site = load_site(settings)
    rulebook, changed = Rulebook(site.policy), Outbox[RightsChanged]()
    database = open_database(settings.database_url)
    try:
        schema.upgrade(database.engine)
        reach = Reach(organisation=arguments.organisation)
        Policies(database, site.building, rulebook, changed).catch_up()
        imports = Imports(database, rulebook, changed, reach)
        outcome = _outcome(imports, arguments, rulebook.policy.calendar.timezone)
    finally:
        database.close()
    _tell(outcome, as_json=arguments.json)
    return 1 if outcome.faults else 0


def _outcome(imports: "Imports", arguments: argparse.Namespace, timezone: str) -> "Outcome":
    from tqdm import tqdm

    from access.cli import WrongUse
    from access.services.imports import from_csv, from_json

    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise WrongUse(f"{arguments.file}: cannot be read: {error.strerror}") from error
    read = from_json if arguments.file.suffix == ".json" else from_csv
    wanted, faults = read(content, timezone)
    now = datetime.now(UTC)
    if not arguments.apply:
        return imports.propose(wanted, faults, now)
    # The bar is for whoever watches: without a terminal there is none.
    shown = {"unit": " people", "file": sys.stderr, "disable": None, "leave": False, "mininterval": 0}
    with tqdm(total=len(wanted), **shown) as bar:
        return imports.apply(wanted, faults, content, _ACTOR, now, end=arguments.end, progress=bar.update)


def _tell(outcome: "Outcome", *, as_json: bool) -> None:
    import msgspec

    difference = outcome.difference
    if as_json:
        print(msgspec.json.encode(outcome).decode())
    else:
        for sign, people in (("+", difference.added), ("-", difference.ended)):
            for person in people[:_SHOWN]:
                print(f"{sign} {person.external_id} {person.name}")
            _more(len(people))
        for change in difference.changed[:_SHOWN]:
            print(f"~ {change.after.external_id} {change.after.name}: {', '.join(change.columns)}")
        _more(len(difference.changed))
        print(
            f"added {len(difference.added)}, changed {len(difference.changed)}, "
            f"ended {len(difference.ended)}, unchanged {difference.unchanged}"
        )
        if outcome.applied is not None:
            print(f"applied: import {outcome.applied.id}, rights ended for {outcome.applied.ended}")
    for fault in outcome.faults:
        column = f" {fault.column}:" if fault.column else ""
        print(f"line {fault.line}:{column} {fault.message}", file=sys.stderr)
    if outcome.faults:
        print(f"totem import: {len(outcome.faults)} faults; nothing was changed", file=sys.stderr)


def _more(number: int) -> None:
    if number > _SHOWN:
        print(f"  … and {number - _SHOWN} more")
