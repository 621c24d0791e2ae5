"""The journal of an authorizer."""

import pytest

from tests.access.authorize.two_doors import open_journal


@pytest.fixture
def journal(tmp_path):
    with open_journal(tmp_path) as opened:
        yield opened
