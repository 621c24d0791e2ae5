"""`totem policy export-cedar DIR`: the rules as Cedar policies, with their schema and entities."""

import argparse
import sys
from pathlib import Path

import msgspec

from access.cli import WrongUse
from access.cli.policy.inputs import add_directory, json, site_of
from policies.cedar.entities import Entity, site_entities
from policies.cedar.schema import schema_text
from policies.cedar.text import policies_text

SUMMARY = "Print the rules as Cedar policies, or write them with their schema and entities."

POLICIES, SCHEMA, ENTITIES = "policies.cedar", "policies.cedarschema", "entities.json"


class _Export(msgspec.Struct, frozen=True):
    """What `--json` prints: the three files' contents."""

    version: str
    policies: str
    schema: str
    entities: list[Entity]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"write {POLICIES}, {SCHEMA} and {ENTITIES} here; without it the policies are printed",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object with all three")
    add_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Export; nothing is written of a site that has errors."""
    site = site_of(arguments.directory)
    export = _Export(
        site.policy.version,
        policies_text(site.policy),
        schema_text(),
        site_entities(site.policy, site.building),
    )
    if arguments.out is not None:
        _write(export, arguments.out)
    if arguments.json:
        print(json(export))
    elif arguments.out is None:
        print(export.policies, end="")
    return 0


def _write(export: _Export, out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise WrongUse(f"{out}: expected a directory to write into")
    out.mkdir(parents=True, exist_ok=True)
    (out / POLICIES).write_text(export.policies, encoding="utf-8")
    (out / SCHEMA).write_text(export.schema, encoding="utf-8")
    entities = msgspec.json.format(msgspec.json.encode(export.entities))
    (out / ENTITIES).write_bytes(entities + b"\n")
    print(f"{out}: {POLICIES}, {SCHEMA}, {ENTITIES}, version {export.version}", file=sys.stderr)
