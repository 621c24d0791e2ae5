"""What tests of the server share: the small site's services over a database of their own."""

import itertools
import shutil
from contextlib import closing

import pytest
from sqlalchemy import create_engine

from access.services import open_services
from access.store import schema
from access.store.database import open_database
from tests import postgres
from tests.access.cheap_passwords import cheap
from tests.small_site import BUILDING, POLICY, SCOPES

_NUMBERS = itertools.count()
_TEMPLATE = "totem_template"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """Return a SQLite file with the schema and nothing else, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("schema") / "totem.db"
    database = open_database(f"sqlite:///{path}")
    schema.upgrade(database.engine)
    database.close()
    return path


@pytest.fixture
def sqlite_url(migrated, tmp_path):
    """Return the URL of a SQLite database with the schema and nothing else."""
    shutil.copy(migrated, tmp_path / "totem.db")
    return f"sqlite:///{tmp_path}/totem.db"


@pytest.fixture
def services(sqlite_url, tmp_path):
    """Return the site's services, with cheap passwords."""
    with closing(open_services(sqlite_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as opened:
        yield cheap(opened)


@pytest.fixture(scope="session")
def postgres_server():
    """Return the address of a real PostgreSQL, with room for a database's name, and one that others are made from."""
    with postgres.running() as address:
        _in_postgres(address, f"CREATE DATABASE {_TEMPLATE}")
        database = open_database(address.format(name=_TEMPLATE))
        schema.upgrade(database.engine)
        database.close()
        yield address


@pytest.fixture
def postgresql_url(postgres_server):
    """Return the URL of a PostgreSQL database with the schema and nothing else."""
    return _made(postgres_server, f"TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")


@pytest.fixture
def bare_postgresql_url(postgres_server):
    """Return the URL of a PostgreSQL database with nothing in it."""
    return _made(postgres_server)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    """Return the URL of a database with the schema and nothing else, once of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


def _made(address, how=""):
    name = f"totem_{next(_NUMBERS)}"
    _in_postgres(address, f"CREATE DATABASE {name} {how}")
    return address.format(name=name)


def _in_postgres(address, statement):
    engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
