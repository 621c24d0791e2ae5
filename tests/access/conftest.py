"""What tests of the server share: the small site's services over a database of their own."""

import pytest

from access.services import open_services
from tests.small_site import BUILDING, POLICY, SCOPES


@pytest.fixture
def services(tmp_path):
    opened = open_services(f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    yield opened
    opened.close()
