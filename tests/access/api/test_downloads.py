"""A table that is read while it is sent ends with the rights of whoever asked for it."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from access.api import create_app
from access.api.desk import SESSION_COOKIE
from access.services.people import PersonRecord
from access.services.rights import Role
from policies.ids import PersonId
from policies.roster import ResidentType
from tests.asgi_client import scope_of
from tests.small_site import NOON

PEOPLE = 1_600
PIECE = 500


@pytest.fixture
def site(services):
    people = [
        PersonRecord(PersonId(f"p-{number:04}"), ResidentType.STAFF, name="Ada") for number in range(PEOPLE)
    ]
    services.people.add(people, "test", NOON)
    services.operators.create("root", Role.ADMINISTRATOR, "test", NOON)
    return services


def browser(services, name, role=Role.RECEPTIONIST):
    services.operators.create(name, role, "test", NOON)
    once = services.sessions.admit(name, NOON)
    opened = services.sessions.set_password(once.token, f"a good word of {name[::-1]}", NOON)
    return [(b"cookie", f"{SESSION_COOKIE}={opened.token}".encode())]


async def downloaded(app, headers, meanwhile=lambda: None):
    """Return how many people a download told, doing something after its first piece, and whether it came to its end."""
    told: list[int] = []
    is_whole = False

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        nonlocal is_whole
        if message["type"] != "http.response.body":
            return
        if not told:
            meanwhile()
        told.append(message["body"].count(b"p-"))
        is_whole = not message.get("more_body")

    scope = scope_of("GET", "/v1/people.csv", headers)
    await app(scope, receive, send)
    return sum(told), is_whole


async def test_a_table_is_told_to_its_end_to_whoever_may_have_it(app, site):
    assert await downloaded(app, browser(site, "rita")) == (PEOPLE, True)


@pytest.mark.parametrize(
    "lost",
    [
        lambda site: site.operators.remove("rita", "root", NOON),
        lambda site: site.operators.reset("rita", "root", NOON),
        lambda site: site.operators.change("rita", _viewing, "root", NOON),
    ],
    ids=["removed", "given a one-time password", "a viewer"],
)
async def test_a_table_is_cut_off_when_whoever_asked_for_it_may_no_longer(app, site, lost):
    assert await downloaded(app, browser(site, "rita"), lambda: lost(site)) == (PIECE, False)


async def test_a_table_is_cut_off_when_the_session_has_run_out(services, site):
    times = [NOON]
    app = create_app(services, lambda: times[-1])
    headers, later = browser(site, "rita"), NOON + timedelta(hours=13)
    assert await downloaded(app, headers, lambda: times.append(later)) == (PIECE, False)


async def test_a_table_asked_for_with_a_key_is_cut_off_when_that_is_revoked(app, site):
    record, secret = site.keys.issue("sheet", ("people:read",), "root", NOON)
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    assert await downloaded(app, headers, lambda: site.keys.revoke(record.id, "root", NOON)) == (PIECE, False)


def _viewing(before):
    return msgspec.structs.replace(before, role=Role.VIEWER.value)
