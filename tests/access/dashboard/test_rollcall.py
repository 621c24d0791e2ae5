"""The page of a roll-call: whoever is on a kept list stays on it, whatever became of the building since."""

import re

from fastapi import FastAPI

from access.dashboard.broadcast import Broadcast
from access.dashboard.front import SESSION_COOKIE, Front
from access.dashboard.rollcall import rollcall
from access.occupancy.live import LiveBuilding
from access.services.rollcall import Listed, Muster, Safe, Unnamed
from access.store import musters
from policies.ids import DoorId, PersonId, SpaceId
from tests.access.dashboard.conftest import PARIS
from tests.asgi_client import Client
from tests.small_site import NOON, without_the_room


def listed(person: str, space: str, door: str) -> Listed:
    return Listed(
        PersonId(person), person.title(), "staff", None, SpaceId(space), DoorId(door), NOON, confirmed=True
    )


def test_whoever_was_in_a_space_that_is_no_longer_there_is_still_to_be_found(services, operators):
    people = (listed("ada", "hall", "front"), listed("bob", "room", "room"), listed("eve", "room", "room"))
    safe = (Safe(PersonId("eve"), NOON, "warden"),)
    unnamed = (Unnamed(SpaceId("site"), 2, 1, 3), Unnamed(SpaceId("hall"), 2, 1, 3))
    with services.database.writing() as session:
        musters.add(session, Muster("m-1", NOON, "warden", False, None, people, (), unnamed))
        musters.mark(session, "m-1", safe)
    building = without_the_room()
    live = LiveBuilding(building)
    operators.one_time.clear()
    operators.scopes = frozenset({"rollcall:read", "rollcall:write"})
    front = Front(Broadcast(live, lambda: NOON, PARIS), operators, lambda: NOON, "mill", is_fictional=False)
    app = FastAPI()
    app.include_router(rollcall(front, building, services.rollcall, services.news))
    client = Client(app)
    client.cookies.set(SESSION_COOKIE, operators.sign_in("ada", "one-time-secret", NOON).token)

    page = client.get("/rollcall/m-1?lang=en").text
    total = re.sub(r"<[^>]+>", "", page[page.index("muster-total") :]).splitlines()[0]
    assert "2 to find of 3" in total
    groups = re.findall(r"<h2>(\w+) <small>([^<]+)</small>", page)
    assert groups == [("hall", "1 / 1"), ("room", "1 / 2")]
    for name in ("Ada", "Bob"):
        assert f'aria-label="{name}: safe"' in page
