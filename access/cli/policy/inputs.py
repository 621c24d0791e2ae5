"""What the verbs of `totem policy` read: a site's directory, the people. A path that is not there is wrong use."""

import argparse
import sys
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from access.cli import WrongUse
from access.cli.policy.strays import strays
from access.cli.taps import read_people
from access.errors import Invalid
from policies.decision import Message
from policies.errors import LoadError
from policies.loader import Site, load
from policies.roster import Badge, BadgeKind, Roster, is_random_uid
from policies.schedule import beyond_reach


def add_directory(parser: argparse.ArgumentParser, name: str = "directory", metavar: str = "DIR") -> None:
    """Declare the directory of a site."""
    parser.add_argument(name, type=Path, metavar=metavar, help="where building.toml and policy.toml are")


def add_people(parser: argparse.ArgumentParser) -> None:
    """Declare the file of the people."""
    parser.add_argument("--people", type=Path, required=True, metavar="FILE", help="JSON array of people")


def add_language(parser: argparse.ArgumentParser) -> None:
    """Declare in which language sentences are printed."""
    parser.add_argument("--lang", choices=("en", "fr"), default="en", help="language of sentences (en)")


def in_language(text: Message, arguments: argparse.Namespace) -> str:
    """Return the text in the language that was asked for."""
    return text.fr if arguments.lang == "fr" else text.en


def site_of(directory: Path) -> Site:
    """Load the site of a directory; raise `Invalid` with every finding, `WrongUse` if there is no directory."""
    try:
        return load(existing_directory(directory))
    except LoadError as error:
        raise Invalid(str(error)) from error


def people_of(path: Path, site: Site) -> Roster:
    """Read the people file, telling on stderr of names that the site does not have and of badges that are none.

    Raise `Invalid` at its first error, `WrongUse` if there is no file.
    """
    roster = read_people(existing_file(path))
    for stray in strays(path, roster, site):
        print(stray, file=sys.stderr)
    return _without_random(path, roster)


def _without_random(path: Path, roster: Roster) -> Roster:
    """Return the roster without serial numbers that cards make up at each activation: they identify nobody."""
    kept: list[Badge] = []
    random: list[Badge] = []
    for badge in roster.badges.values():
        (random if badge.kind is BadgeKind.UID and is_random_uid(badge.id) else kept).append(badge)
    for badge in random:
        print(f"{path}: badge {badge.id}: a random serial number, which identifies nobody", file=sys.stderr)
    return Roster.of(roster.people.values(), kept) if random else roster


def add_instant(parser: argparse.ArgumentParser) -> None:
    """Declare the instant that is asked about."""
    parser.add_argument(
        "--at",
        metavar="TIME",
        help="a time such as 2026-09-15T22:30, the building's own or with an offset (now)",
    )


def instant(written: str | None, site: Site) -> datetime:
    """Return the instant in the building's zone; raise `WrongUse` for what is no time."""
    zone = ZoneInfo(site.policy.calendar.timezone)
    if written is None:
        return datetime.now(zone)
    try:
        at = datetime.fromisoformat(written)
    except ValueError as error:
        raise WrongUse(f"--at {written}: expected a time such as 2026-09-15T22:30") from error
    if _is_a_date(written):
        raise WrongUse(f"--at {written}: a day without an hour; expected a time such as {written}T22:30")
    if beyond := beyond_reach(at):
        raise WrongUse(f"--at {written}: {beyond}")
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)


def _is_a_date(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True


def existing_directory(path: Path) -> Path:
    """Return `path`; raise `WrongUse` if it is no directory."""
    if not path.is_dir():
        raise WrongUse(f"{path}: expected a directory with building.toml and policy.toml")
    return path


def existing_file(path: Path) -> Path:
    """Return `path`; raise `WrongUse` if it is no file."""
    if not path.is_file():
        raise WrongUse(f"{path}: expected a file")
    return path


def json(struct: msgspec.Struct) -> str:
    """Return what `--json` prints."""
    return msgspec.json.encode(struct).decode()
