"""Services whose passwords are hashed as cheaply as argon2 goes: tests sign in often."""

from argon2 import PasswordHasher
from msgspec.structs import replace

from access.services import Services
from access.services.operators import Operators
from access.services.passwords import Passwords
from access.services.sessions import Sessions

_CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def cheap(opened: Services) -> Services:
    """Return the same services with cheap passwords."""
    return replace(
        opened,
        operators=Operators(opened.database, opened.building, _CHEAP, opened.departures),
        sessions=Sessions(opened.database, _CHEAP, opened.building.site),
    )
