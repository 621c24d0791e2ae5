"""The site of a desk, and the small site's operators and sessions."""

import pytest

from access.services import open_services
from tests.access.services.desk import ADA, BADGE, BOB, DESK, TRAINED
from tests.small_site import BUILDING, NOON, SCOPES


@pytest.fixture
def operators(services):
    return services.operators


@pytest.fixture
def sessions(services):
    return services.sessions


@pytest.fixture
def site(database_url, tmp_path):
    """Open a site at whose desk badges, trainings, visits and departures are seen to."""
    opened = open_services(database_url, BUILDING, TRAINED, SCOPES, tmp_path / "site.key")
    opened.people.add([ADA, BOB], "test", NOON)
    opened.badges.add([BADGE, DESK], "test", NOON)
    yield opened
    opened.close()
