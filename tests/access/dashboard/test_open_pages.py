"""The public page: the beginning of a quarter-hour, whenever in it somebody looks first."""

from datetime import datetime, timedelta

import httpx
from fastapi import FastAPI

from access.dashboard.broadcast import Broadcast
from access.dashboard.front import Front
from access.dashboard.open_pages import open_pages
from access.occupancy.history import Recorder
from access.occupancy.live import KEEP, LiveBuilding
from policies.presence import Expiry
from policies.schedule import Calendar
from tests.access.dashboard.conftest import PARIS
from tests.live_events import NINE, passage

CALENDAR = Calendar("Europe/Paris", (0,), (7200,), ())


def crowd(first: int, last: int, at: datetime):
    return [
        passage(seq, f"p{seq}", "main-b23", "outside", "b23-0-hall", at=at + timedelta(seconds=seq))
        for seq in range(first, last)
    ]


async def test_who_looks_in_the_middle_of_a_quarter_hour_is_shown_its_beginning(building, operators):
    live = LiveBuilding(building, Expiry(CALENDAR), Recorder(building, CALENDAR), KEEP)
    clock = [NINE + timedelta(minutes=9)]
    broadcast = Broadcast(live, lambda: clock[0], PARIS)
    front = Front(broadcast, operators, lambda: clock[0], "KM0", is_fictional=True, is_public=True)
    app = FastAPI()
    app.include_router(open_pages(front, building))
    live.take([*crowd(1, 31, NINE - timedelta(minutes=5)), *crowd(31, 51, NINE + timedelta(minutes=5))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://totem.test") as client:
        first = (await client.get("/public?lang=en")).text
        assert "<b>30</b> inside" in first
        assert "at 09:00" in first
        live.take(crowd(51, 91, NINE + timedelta(minutes=9)))
        clock[0] += timedelta(minutes=5)
        assert "<b>30</b> inside" in (await client.get("/public?lang=en")).text
        clock[0] += timedelta(minutes=2)
        assert "<b>90</b> inside" in (await client.get("/public?lang=en")).text
