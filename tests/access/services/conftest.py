"""Operators whose passwords are hashed as cheaply as argon2 goes: these tests hash often."""

import pytest
from argon2 import PasswordHasher

from access.services.operators import Operators
from access.services.passwords import Passwords
from access.services.sessions import Sessions
from tests.small_site import BUILDING

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def operators(services):
    return Operators(services.database, BUILDING, Passwords(_CHEAP), services.departures)


@pytest.fixture
def sessions(services):
    return Sessions(services.database, Passwords(_CHEAP), BUILDING.site)
