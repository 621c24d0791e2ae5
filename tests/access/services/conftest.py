"""The site of a desk; and operators whose passwords are hashed as cheaply as argon2 goes: these tests hash often."""

import pytest
from argon2 import PasswordHasher

from access.services import open_services
from access.services.operators import Operators
from access.services.passwords import Passwords
from access.services.sessions import Sessions
from tests.access.services.desk import ADA, BADGE, BOB, DESK, TRAINED
from tests.small_site import BUILDING, NOON, SCOPES

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def operators(services):
    return Operators(services.database, BUILDING, Passwords(_CHEAP), services.departures)


@pytest.fixture
def sessions(services):
    return Sessions(services.database, Passwords(_CHEAP), BUILDING.site)


@pytest.fixture
def site(database_url, tmp_path):
    """Open a site at whose desk badges, trainings, visits and departures are seen to."""
    opened = open_services(database_url, BUILDING, TRAINED, SCOPES, tmp_path / "site.key")
    opened.people.add([ADA, BOB], "test", NOON)
    opened.badges.add([BADGE, DESK], "test", NOON)
    yield opened
    opened.close()
