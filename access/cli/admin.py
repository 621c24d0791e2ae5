"""`totem admin create NAME --role ROLE` and `totem admin key create NAME --scope SCOPE…`: who may do what."""

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

SUMMARY = "Create operators and API keys."

_ACTOR = "command line"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    from access.services.rights import READER, Role, Scope

    parser.add_argument("--config", type=Path, help="the settings file (default: $TOTEM_CONFIG, or none)")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="create an operator and print their one-time password")
    create.add_argument("name")
    create.add_argument("--role", required=True, choices=[role.value for role in Role])
    key = actions.add_parser("key", help="API keys").add_subparsers(
        dest="key_action", required=True, metavar="ACTION"
    )
    key_create = key.add_parser("create", help="create a key and print its secret, this once")
    key_create.add_argument("name")
    scopes = ", ".join([*(scope.value for scope in Scope), f"{READER}DOOR"])
    key_create.add_argument("--scope", required=True, nargs="+", metavar="SCOPE", help=scopes)


def run(arguments: argparse.Namespace) -> int:
    """Create it; the secret is all that goes to stdout."""
    from access.services.operators import Operators
    from access.services.passwords import Passwords
    from access.services.rights import Role
    from access.settings import load, load_site
    from access.store import schema
    from access.store.database import open_database

    settings = load(arguments.config, os.environ)
    Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings.database_url)
    try:
        schema.upgrade(database.engine)
        operators = Operators(database, load_site(settings).building, Passwords())
        now = datetime.now(UTC)
        if arguments.action == "create":
            print(operators.create(arguments.name, Role(arguments.role), _ACTOR, now))
        else:
            print(operators.create_key(arguments.name, tuple(arguments.scope), _ACTOR, now))
    finally:
        database.close()
    return 0
