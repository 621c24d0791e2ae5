"""`totem authorizer`: answer taps of controllers from memory, in a process of its own."""

import argparse
import os
from pathlib import Path

from access.errors import SettingsError

SUMMARY = "Answer taps of controllers, apart from the server."

_EPILOG = """\
The settings are those of `totem serve`, which is told `authorizer = "apart"`. Give it a port of its own; where it
shares the server's machine it can share its file: TOTEM_PORT=8001 totem authorizer. `data` holds its journal.

Over PostgreSQL a second one stands by on another machine, with `data` and a name of its own:
  authorizers = ["authorizer", "authorizer-2"]   in the settings of the server and of both
  totem authorizer --name authorizer-2
One of them answers, for terms of `term_s` seconds (3) that it renews in the database; the other answers 503 until it
takes over, within 5 s. Over SQLite a second one is refused.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("--config", type=Path, help="the settings file (default: $TOTEM_CONFIG)")
    parser.add_argument("--name", help="which of `authorizers` this one is (default: the first)")


def run(arguments: argparse.Namespace) -> int:
    """Answer until stopped."""
    from access.log import configure
    from access.settings import CONFIG, load
    from access.site.authorizer import authorize

    if arguments.config is None and CONFIG not in os.environ:
        raise SettingsError(
            f"authorizer: no settings; expected --config FILE, or ${CONFIG}, with its server's database and bus"
        )
    settings = load(arguments.config, os.environ)
    configure(settings.log, settings.log_level)
    authorize(settings, arguments.name)
    return 0
