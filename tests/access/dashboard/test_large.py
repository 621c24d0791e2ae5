"""A building of forty levels and ten thousand doors, with names of three hundred letters: the pages hold."""

import httpx
import pytest
from fastapi import FastAPI

from access.dashboard.broadcast import Broadcast
from access.dashboard.front import SESSION_COOKIE, Front
from access.dashboard.open_pages import open_pages
from access.dashboard.places import places
from access.dashboard.render import Renderer, look
from access.dashboard.routes import router
from access.dashboard.words import Language
from access.occupancy.live import LiveBuilding
from policies.building import Building, Door, Label, Plan, Reader, Space, SpaceKind, Spot
from policies.ids import DoorId, ReaderId, SiteId, SpaceId
from policies.request import Direction
from tests.access.dashboard.conftest import PARIS
from tests.live_events import NINE, passage

LEVELS, ROOMS = 40, 250
LONG = Label("Ł" * 300, "<b>W</b>" * 38)


@pytest.fixture(scope="module")
def tower() -> Building:
    spaces = [
        Space(SpaceId("outside"), LONG, SpaceKind.OUTSIDE),
        Space(SpaceId("tower"), LONG, SpaceKind.BUILDING),
    ]
    doors = []
    for level in range(LEVELS):
        name = SpaceId(f"level-{level}")
        spaces.append(Space(name, LONG, SpaceKind.LEVEL, SpaceId("tower"), plan=Plan(0, 0, 250, 20)))
        for room in range(ROOMS):
            space = SpaceId(f"room-{level}-{room}")
            spaces.append(Space(space, LONG, parent=name, capacity=10, plan=Plan(room, 0, 1, 20)))
            doors.append(Door(DoorId(space), LONG, SpaceId("outside"), space, spot=Spot(room, 20)))
    readers = [Reader(ReaderId(f"{door.id}-in"), door.id, Direction.ENTRY) for door in doors]
    return Building.of(SiteId("tower"), spaces, doors, readers)


def test_ten_thousand_doors_are_drawn_and_one_passage_redraws_one_level(tower):
    live, renderer = LiveBuilding(tower), Renderer(tower, Language.EN, PARIS)
    before = renderer.fragments(look(live, NINE))
    assert sum(name.startswith("total:") for name in before) == LEVELS
    assert sum(name.startswith("door:") for name in before) == LEVELS * ROOMS
    live.take([passage(1, "ada", "room-7-3", "outside", "room-7-3")])
    after = renderer.fragments(look(live, NINE))
    changed = {name for name in after if after[name] is not before[name]}
    room = {"space:room-7-3", "space-row:room-7-3"}
    assert changed == {"summary", "levels", "total:level-7", *room}
    assert "<b>W" not in "".join(after.values())
    assert live.counts()[SpaceId("tower")].count == 1


async def test_every_page_of_that_building_is_answered(tower, operators):
    broadcast = Broadcast(LiveBuilding(tower), lambda: NINE, PARIS)
    front = Front(broadcast, operators, lambda: NINE, "Tower", is_fictional=False, is_public=True)
    app = FastAPI()
    for pages in (router(front), places(front, tower), open_pages(front, tower)):
        app.include_router(pages)
    operators.one_time.clear()
    token = operators.sign_in("ada", "one-time-secret", NINE).token
    transport, cookies = httpx.ASGITransport(app), {SESSION_COOKIE: token}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://totem.test", cookies=cookies
    ) as client:
        for path in ("/", "/spaces", "/public", "/kiosk", "/spaces/tower", "/doors/room-7-3"):
            answer = await client.get(f"{path}?lang=en")
            assert answer.status_code == 200, path
            assert "<b>W" not in answer.text, path
