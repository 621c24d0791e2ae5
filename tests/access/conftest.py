"""What tests of the server share: the small site's services over a database of their own."""

import itertools

import pytest
from sqlalchemy import create_engine

from access.services import open_services
from tests import postgres
from tests.small_site import BUILDING, POLICY, SCOPES

_NUMBERS = itertools.count()


@pytest.fixture
def services(tmp_path):
    opened = open_services(f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgres_server():
    """Return the address of a real PostgreSQL, with room for a database's name."""
    with postgres.running() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """Return the URL of an empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/totem.db"
    address = request.getfixturevalue("postgres_server")
    name = f"totem_{next(_NUMBERS)}"
    engine = create_engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return address.format(name=name)
