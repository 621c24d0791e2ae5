"""`totem policy schema FILE`: the JSON Schema of one of the files, for editors."""

import argparse
import json

from policies.toml.schema import FILES, schema_of

SUMMARY = "Print the JSON Schema of building.toml, policy.toml or calendar.toml, for editors."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("file", choices=FILES, metavar="FILE", help=", ".join(FILES))


def run(arguments: argparse.Namespace) -> int:
    """Print the schema."""
    print(json.dumps(schema_of(arguments.file), indent=2, ensure_ascii=False))
    return 0
