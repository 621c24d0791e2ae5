"""`totem serve`: the API and the intake of a site, over the broker that its door computers speak to."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.settings import Settings

SUMMARY = "Serve the API and take in what door computers report."

_EPILOG = """\
The settings file is TOML; every key has a default. The environment goes over the file:
TOTEM_PORT=8080 over `port`, and with two underscores TOTEM_BUS__HOST=… over `host` of [bus].
  policy = "DIR"               building.toml, policy.toml, calendar.toml
  hosts = "FILE"               [hosts.NAME] doors = ["…"]: which door computer serves which doors
  data = "DIR"                 what is kept here: SQLite, the signing key, the authorizer's journal
  database = "URL"             postgresql://user@host/name, without a password; default SQLite in data
  database_password_file = "FILE"
  signing_key = "FILE"         Ed25519, PEM; made in data at the first start if not named
  host, port                   where to listen; 127.0.0.1, 8000
  durability = "synced"        a tap is answered when its decision is on the disk; "buffered": when this
                               program may die
  authorizer = "inside"        who answers taps; "apart": `totem authorizer`, with this file or one like it
  authorizers = ["authorizer"] the names that they report under; one answers, for terms of term_s = 3 seconds
  public = true                the page without small groups is open to everybody; default false
  home_assistant = "homeassistant"   counts are announced to Home Assistant under this prefix
  log = "text" or "json", log_level = "INFO"
  [bus] host, port, username, password_file, ca_file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("--config", type=Path, help="the settings file (default: $TOTEM_CONFIG, or none)")


def run(arguments: argparse.Namespace) -> int:
    """Serve until stopped."""
    from access.log import configure
    from access.settings import CONFIG, load
    from access.site.server import serve

    settings = load(arguments.config, os.environ)
    if arguments.config is None and CONFIG not in os.environ:
        _tell_defaults(settings, CONFIG)
    configure(settings.log, settings.log_level)
    serve(settings, _announce)
    return 0


def _tell_defaults(settings: "Settings", config: str) -> None:
    folder = Path(settings.data).resolve()
    database = "TOTEM_DATABASE's" if settings.database else folder / "totem.db"
    print(
        f"No settings file (--config FILE, or ${config}): the database is {database}, the rest is kept in {folder}",
        file=sys.stderr,
        flush=True,
    )


def _announce(password: str) -> None:
    print(f"First administrator: admin, one-time password: {password}", flush=True)
