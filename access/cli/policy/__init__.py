"""`totem policy VERB`: what can be asked of a building and its policy. One file a verb, like the commands beside it."""

import argparse
import importlib

SUMMARY = "Check a building and its policy, and decide taps from files."

VERBS = (
    "check",
    "decide",
    "explain",
    "who-can",
    "what-can",
    "diff",
    "replay",
    "lint",
    "schema",
    "test",
    "export-cedar",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs, each with the directory that it is about."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name in VERBS:
        verb = importlib.import_module(_module(name))
        verb.add_arguments(verbs.add_parser(name, help=verb.SUMMARY, description=verb.SUMMARY))


def run(arguments: argparse.Namespace) -> int:
    """Do one verb."""
    code: int = importlib.import_module(_module(arguments.verb)).run(arguments)
    return code


def _module(verb: str) -> str:
    return f"{__name__}.{verb.replace('-', '_')}"
