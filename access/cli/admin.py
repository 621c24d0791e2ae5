"""`totem admin create|reset NAME` and `totem admin key create NAME --scope SCOPE…`: who may do what."""

import argparse
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.store.database import Database
    from policies.building import Building

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
    create.add_argument("--organisation", help="the rights hold for its people only")
    create.add_argument("--space", help="the rights hold there and inside it only")
    reset = actions.add_parser("reset", help="give an operator a new one-time password and print it")
    reset.add_argument("name")
    key = actions.add_parser("key", help="API keys").add_subparsers(
        dest="key_action", required=True, metavar="ACTION"
    )
    key_create = key.add_parser("create", help="create a key and print its secret, this once")
    key_create.add_argument("name")
    scopes = ", ".join([*(scope.value for scope in Scope), f"{READER}DOOR"])
    key_create.add_argument(
        "--scope", required=True, nargs="+", action="extend", metavar="SCOPE", help=scopes
    )
    key_create.add_argument("--days", type=int, help="how long it lives (default: until it is revoked)")
    key_create.add_argument("--organisation", help="the scopes hold for its people only")


def run(arguments: argparse.Namespace) -> int:
    """Create it; the secret is all that goes to stdout."""
    from access.settings import load, load_site
    from access.store import schema
    from access.store.database import open_database

    settings = load(arguments.config, os.environ)
    database = open_database(settings.database_url)
    _expect_the_server_s(database)
    try:
        schema.upgrade(database.engine)
        print(_secret(arguments, database, load_site(settings).building))
    finally:
        database.close()
    return 0


def _expect_the_server_s(database: "Database") -> None:
    """Raise `NotFound` where there is no SQLite database yet: a key of one made just now would open nothing."""
    from access.errors import NotFound

    file = database.engine.url.database
    if database.is_sqlite and file and not Path(file).is_file():
        raise NotFound(
            f"{file}: there is no such database; name the server's settings by --config, before the action, "
            "or start the server once"
        )


def _secret(arguments: argparse.Namespace, database: "Database", building: "Building") -> str:
    from access.services.keys import Keys
    from access.services.operators import Operators
    from access.services.outbox import Outbox
    from access.services.passwords import Passwords
    from access.services.rights import Reach, Role

    now, organisation = datetime.now(UTC), arguments.organisation
    if arguments.action == "key":
        until = now + timedelta(days=arguments.days) if arguments.days else None
        keys = Keys(database, building, Outbox[str]())
        return keys.create(arguments.name, tuple(arguments.scope), _ACTOR, now, until, organisation)
    operators = Operators(database, building, Passwords(), Outbox[str]())
    if arguments.action == "reset":
        return operators.reset(arguments.name, _ACTOR, now).password
    reach = Reach(organisation, arguments.space)
    return operators.create(arguments.name, Role(arguments.role), _ACTOR, now, reach).password
