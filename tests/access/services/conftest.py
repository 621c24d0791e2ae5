"""Operators and their sessions, as the small site has them."""

import pytest


@pytest.fixture
def operators(services):
    return services.operators


@pytest.fixture
def sessions(services):
    return services.sessions
