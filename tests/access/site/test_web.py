"""The whole of a site over HTTP: nothing of it shows anything to a stranger."""

import asyncio
import socket

from access.dashboard.front import SESSION_COOKIE
from access.services.badges import BadgeRecord
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import Reach, Role, Scope
from access.site.http import listen
from access.site.web import Web
from policies.ids import BadgeId, OrganisationId, PersonId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from tests.asgi_client import Client
from tests.small_site import NOON


def test_streams_and_pages_are_closed_to_strangers(services):
    async def opened():
        return Web(services, lambda: NOON, None, lambda: True)

    app = asyncio.run(opened()).app
    stranger = Client(app)
    for stream in ("/v1/stream/occupancy", "/v1/stream/events"):
        assert stranger.get(stream).status_code == 401
    assert stranger.get("/").headers["location"] == "/sign-in"
    assert stranger.get("/sign-in").status_code == 200
    secret = services.keys.create("viewer", (Scope.OCCUPANCY_READ.value,), "test", NOON)
    viewer = Client(app, {"Authorization": f"Bearer {secret}"})
    assert viewer.get("/v1/stream/events").status_code == 403


def test_a_browser_is_led_back_from_where_there_is_nothing_and_a_program_is_told_a_problem(services):
    async def opened():
        return Web(services, lambda: NOON, None, lambda: True)

    services.operators.create("grace", Role.VIEWER, "test", NOON)
    once = services.sessions.admit("grace", NOON)
    app = asyncio.run(opened()).app
    browser = Client(
        app, {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language": "fr"}
    )
    assert browser.get("/nothing").headers["location"] == "/sign-in"
    browser.cookies.set(
        SESSION_COOKIE, services.sessions.set_password(once.token, "several plain words", NOON).token
    )
    page = browser.get("/nothing")
    assert (page.status_code, "Il n’y a rien à cette adresse" in page.text) == (404, True)
    assert "content-security-policy" in page.headers
    assert "There is nothing at this address" in browser.get("/nothing?lang=en").text
    assert browser.get("/visits/").headers["location"].endswith("/visits")
    for client, path in ((browser, "/v1/nothing"), (Client(app), "/nothing"), (Client(app), "/v1/nothing")):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:totem:problem:not-found")
    assert browser.get("/v1/authorize").status_code == 405


def test_the_desk_of_a_company_shows_and_changes_its_own_people_only(services):
    async def opened():
        return Web(services, lambda: NOON, None, lambda: True)

    acme = OrganisationId("acme")
    services.organisations.add([OrganisationRecord(acme, "Acme")], "test", NOON)
    people = [
        PersonRecord(PersonId("ada"), ResidentType.CORPORATE, acme, name="Ada"),
        PersonRecord(PersonId("adam"), ResidentType.STAFF, name="Adam"),
    ]
    services.people.add(people, "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, PersonId("adam"))], "test", NOON)
    services.operators.create("grace", Role.RECEPTIONIST, "test", NOON, Reach(acme))
    once = services.sessions.admit("grace", NOON)
    token = services.sessions.set_password(once.token, "several plain words", NOON).token
    desk = Client(asyncio.run(opened()).app)
    desk.cookies.set(SESSION_COOKIE, token)
    page = desk.get("/desk", params={"q": "ada"})
    assert (page.status_code, "<h3>Ada</h3>" in page.text, "Adam" in page.text) == (200, True, False)
    form = {"badge": "04aabbcc", "verb": "suspend", "csrf": desk.cookies["totem_csrf"]}
    assert desk.post("/desk/badge", data=form).status_code == 422
    assert services.badges.get(BadgeId("04aabbcc")).status is BadgeStatus.ACTIVE
    for closed in ("/events", "/kiosk", "/spaces/hall", "/doors/front", "/history/quality"):
        assert desk.get(closed).status_code == 403, closed
    assert desk.get("/").headers["location"] == "/spaces"
    assert desk.get("/spaces").status_code == 200


def test_an_answer_in_two_parts_does_not_wait_for_an_acknowledgement():
    """The accepted connection has TCP_NODELAY: without it the second part waits 40 ms for the client's delayed ACK."""

    async def set_on_accepted():
        seen = asyncio.get_running_loop().create_future()

        def accept(_reader, writer):
            seen.set_result(
                writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            writer.close()

        with listen("127.0.0.1", 0) as listener:
            async with await asyncio.start_server(accept, sock=listener):
                _, writer = await asyncio.open_connection(*listener.getsockname())
                writer.close()
                return await seen

    assert asyncio.run(set_on_accepted()) == 1
