"""A client of the small site's API: with keys of each right, and one that nobody gave anything."""

import pytest

from access.api import create_app
from access.api.desk import SESSION_COOKIE, csrf_token
from access.api.taps import Taps
from access.authorize.authorizer import Authorizer
from access.services.keyring import KeyRing
from access.services.rights import EVERYWHERE, SCOPES, Role
from policies.ids import SourceId
from readers.journal import Durability, FileJournal
from tests.asgi_client import Client
from tests.small_site import NOON


@pytest.fixture
def authorizer(services, tmp_path):
    journal = FileJournal(tmp_path / "journal", SourceId("authorizer-1"), lambda: NOON, Durability.BUFFERED)
    yield Authorizer(services, journal)
    journal.close()


@pytest.fixture
def app(services, authorizer):
    return create_app(services, lambda: NOON, authorizer)


@pytest.fixture
def front(app, services, authorizer):
    """Return the application as it is served: with taps answered before it."""
    return Taps(app, services.building, authorizer, KeyRing(services.database), lambda: NOON)


@pytest.fixture
def keyed(front, services):
    """Return a function that makes a client with a key of the given scopes."""

    def with_scopes(*scopes):
        secret = services.keys.create("test", scopes, "test", NOON)
        return Client(front, {"Authorization": f"Bearer {secret}"})

    return with_scopes


@pytest.fixture
def signed_in(app, services):
    """Return a function that makes the browser of an operator who has chosen their password."""

    def browser(name, role, reach=EVERYWHERE):
        services.operators.create(name, role, "test", NOON, reach)
        once = services.sessions.admit(name, NOON)
        opened = services.sessions.set_password(once.token, f"a good word of {name[::-1]}", NOON)
        client = Client(app, {"X-CSRF-Token": csrf_token(opened.token)})
        client.cookies.set(SESSION_COOKIE, opened.token)
        return client

    return browser


@pytest.fixture
def manager(keyed):
    return keyed(*(scope.value for scope in SCOPES[Role.MANAGER]))


@pytest.fixture
def nobody(front):
    return Client(front)
