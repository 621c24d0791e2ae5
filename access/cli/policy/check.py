"""`totem policy check DIR`: every error of the files as FILE:LINE: key: message."""

import argparse
import sys
from pathlib import Path

import msgspec

from access.cli import FOUND_OR_REFUSED
from access.cli.policy.inputs import add_directory, existing_directory, json
from policies.errors import Finding, LoadError
from policies.loader import POLICY, Site, load

SUMMARY = "Print every error as FILE:LINE: key: message."


class _Report(msgspec.Struct, frozen=True):
    """What `--json` prints: the version of what is right, or everything that is wrong."""

    version: str | None
    findings: tuple[Finding, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check the files; findings go to stdout, as they are the result."""
    directory = existing_directory(arguments.directory)
    try:
        site = load(directory)
    except LoadError as error:
        print(json(_Report(None, error.findings)) if arguments.json else error)
        return FOUND_OR_REFUSED
    if not site.policy.rules:
        print(f"{directory / POLICY}: warning: there is no rule, so that nobody may enter", file=sys.stderr)
    print(json(_Report(site.policy.version, ())) if arguments.json else _summary(directory, site))
    return 0


def _summary(directory: Path, site: Site) -> str:
    building, policy = site
    parts = f"{len(building.spaces)} spaces, {len(building.doors)} doors, {len(policy.rules)} rules"
    return f"{directory}: {parts}, version {policy.version}: no errors"
