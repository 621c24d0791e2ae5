"""`totem db upgrade|check|backup FILE|restore FILE|erased|purge`: the schema, its integrity, copies, and forgetting."""

import argparse
import os
import sys
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from access.services.erasure import Erasure, Erasures
    from access.store.database import Database
    from policies.building import Building

SUMMARY = "Upgrade, check, back up, restore or purge the database."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--config", type=Path, help="the settings file (default: $TOTEM_CONFIG, or none)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("upgrade", help="bring the schema up to date")
    checked = actions.add_parser("check", help="check schema, integrity and hash chains")
    checked.add_argument("--json", action="store_true", help="print the findings as a JSON array")
    backup = actions.add_parser("backup", help="copy a SQLite database while it is in use")
    backup.add_argument("file", type=Path, help="where to; must not exist")
    restore = actions.add_parser("restore", help="check a copy and put it in the database's place")
    restore.add_argument("file", type=Path, help="a file that `totem db backup` wrote; stop the server first")
    restore.add_argument(
        "--without-erasures",
        action="store_true",
        help="even where who was erased since the copy is not known any more, and they may be back",
    )
    actions.add_parser(
        "erased", help="print who was erased, as hashes: who comes back with an older copy is found by it"
    )
    purge = actions.add_parser(
        "purge", help="forget now what is older than it may be, as a server does every hour"
    )
    purge.add_argument(
        "--erased", type=Path, help="and whoever this file names, as `totem db erased` printed it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do it; return 1 if a check found anything."""
    from access.settings import load, load_site
    from access.store import backup, schema
    from access.store.database import open_database

    settings = load(arguments.config, os.environ)
    if arguments.action in {"upgrade", "restore"}:
        Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    _expect(database, may_be_new=arguments.action in {"upgrade", "restore"})
    try:
        if arguments.action == "upgrade":
            schema.upgrade(database.engine)
            print(f"schema {schema.current(database.engine)}")
        elif arguments.action == "backup":
            backup.back_up(database, arguments.file)
            print(f"{arguments.file}: written and checked")
        elif arguments.action == "restore":
            building = load_site(settings).building
            _restore(database, arguments.file, building, without_erasures=arguments.without_erasures)
        elif arguments.action == "erased":
            _tell_erased(database, load_site(settings).building)
        elif arguments.action == "purge":
            _purge(database, load_site(settings).building, arguments.erased)
        else:
            return _check(database, as_json=arguments.json)
    finally:
        database.close()
    return 0


def _expect(database: "Database", *, may_be_new: bool) -> None:
    """Raise `NotFound` where a look at a SQLite database would make one."""
    from access.errors import NotFound

    file = database.engine.url.database
    if database.is_sqlite and file and not may_be_new and not Path(file).is_file():
        raise NotFound(f"{file}: there is no such database; totem db upgrade makes one")


def _restore(database: "Database", file: Path, building: "Building", *, without_erasures: bool) -> None:
    """Put the copy in place; whoever was erased since, and whoever is known for too long, is forgotten again."""
    from access.errors import Invalid
    from access.services.retention import Retention
    from access.store import backup, schema

    now, erasures = datetime.now(UTC), _erasures(database, building)
    fault = backup.fault_of(database)
    if fault is not None and not without_erasures:
        raise Invalid(
            f"{fault}; so who was erased since the copy is not known, and they would be back: "
            "restore with --without-erasures if it must be"
        )
    ledger = _erased(database, erasures, is_whole=fault is None)
    aside = backup.restore(database, file, sets_aside=fault is not None)
    schema.upgrade(database.engine)
    again = erasures.reapply(ledger, now)
    purges = Retention(database, building, erasures).purge(now)
    gone = Counter[str]()
    for purge in purges:
        gone[purge.what] += purge.number
    print(f"{file}: restored; door computers send again what they still have")
    print(
        f"forgotten again: {again} people erased since; past their time {gone['events']} events, "
        f"{gone['people']} visitors, {gone['visits']} visits"
    )
    if aside is not None:
        print(f"{aside}: what was there before, and could not be relied on")


def _erased(database: "Database", erasures: "Erasures", *, is_whole: bool) -> "list[Erasure]":
    """Return who was erased, by the database in place; by one that is not whole, what can be read of it."""
    from sqlalchemy.exc import DatabaseError

    from access.store import schema

    if is_whole:
        if schema.current(database.engine) is None:
            return []
        schema.upgrade(database.engine)
        return erasures.ledger()
    with suppress(DatabaseError):
        return erasures.ledger()
    return []


def _tell_erased(database: "Database", building: "Building") -> None:
    import msgspec

    from access.store import schema

    schema.upgrade(database.engine)
    for erasure in _erasures(database, building).ledger():
        print(msgspec.json.encode(erasure).decode())


def _erasures(database: "Database", building: "Building") -> "Erasures":
    from access.services.erasure import Erasures
    from access.services.outbox import Outbox, RightsChanged

    return Erasures(database, building.site, Outbox[RightsChanged]())


def _read_erased(file: Path) -> "Iterator[Erasure]":
    """Yield who was erased; raise `Invalid` for a line that tells it of nobody."""
    import msgspec

    from access.errors import Invalid, NotFound
    from access.services.erasure import Erasure

    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield msgspec.json.decode(line, type=Erasure)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(f"{file}:{number}: expected a line of `totem db erased`: {error}") from error


def _purge(database: "Database", building: "Building", erased: Path | None) -> None:
    """Forget what is past its time, and tell the proof of each kind: how many, and the hash of which."""
    from access.services.retention import Retention
    from access.store import schema

    now, ledger = datetime.now(UTC), list(_read_erased(erased)) if erased is not None else []
    schema.upgrade(database.engine)
    erasures = _erasures(database, building)
    if ledger:
        print(f"forgotten again: {erasures.reapply(ledger, now)} people erased since")
    purges = Retention(database, building, erasures).purge(now)
    for purge in purges:
        print(purge.proof)
    if not purges:
        print("nothing is past its time")


def _check(database: "Database", *, as_json: bool) -> int:
    import msgspec

    from access.store.check import check

    findings = list(check(database))
    if as_json:
        print(msgspec.json.encode(findings).decode())
    else:
        print("\n".join(findings) or "whole")
    if findings:
        print(f"totem db: {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0
