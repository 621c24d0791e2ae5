"""The attack on privacy: all that companies and everybody are shown, side by side, tells of no group under eleven."""

import asyncio
import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import pytest

from access.bus.memory import MemoryBus
from access.dashboard.front import SESSION_COOKIE
from access.occupancy.history import Page
from access.occupancy.privacy import THRESHOLD
from access.occupancy.visits import BINS
from access.services import Services, open_services
from access.services.announcer import Announcer
from access.services.organisations import OrganisationRecord
from access.services.rights import EVERYWHERE, Reach, Role
from access.site.web import Web
from access.store import occupancy as stored
from emulators.clock import LoopClock, run_virtually
from policies.ids import OrganisationId, SpaceId
from readers.wire.topics import Topics
from tests.access.occupancy.test_privacy import solved, tree
from tests.asgi_client import Client, scope_of
from tests.small_site import NOON, POLICY

SHAPE = [2, 4, 1]
DAY = NOON.date()
"""Noon of the tests is twelve on the wall: 48 quarter-hours of this day have begun, and the one that begins now."""

KNOWN_MINUTES = 12 * 60 + 1
HISTORY = f"from={DAY}&to={DAY}"
QUARTERS_NOW = 3
QUARTER = timedelta(minutes=15)

Shown = dict[tuple[str, SpaceId], set[int | None]]
"""What views said of a space at a quarter-hour of the wall, as "HH:MM"."""


class Site:
    """A site that lived half a day, its web, and whoever is signed in."""

    def __init__(self, services: Services, truth: dict[SpaceId, list[int]]) -> None:
        self.services, self.truth, self.now = services, truth, NOON
        self.app = asyncio.run(self.opened()).app

    async def opened(self) -> Web:
        """Return a web on the running loop: its streams hold on to one."""
        return Web(self.services, lambda: self.now, None, lambda: True, is_public=True)

    def sign_in(self, name: str, reach: Reach) -> Client:
        self.services.operators.create(name, Role.MANAGER, "test", NOON, reach)
        once = self.services.sessions.admit(name, NOON)
        opened = self.services.sessions.set_password(once.token, f"a good word of {name}", NOON)
        client = Client(self.app)
        client.cookies.set(SESSION_COOKIE, opened.token)
        return client


@pytest.fixture(params=[1, 2], ids=lambda seed: f"seed-{seed}")
def site(request, sqlite_url, tmp_path) -> Iterator[Site]:
    building = tree(SHAPE)
    services = open_services(sqlite_url, building, POLICY, {}, tmp_path / "site.key")
    services.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    truth = walked(building, Random(request.param))
    pages = [page(space, counts) for space, counts in truth.items()]
    services.counting.write(pages)
    services.chronicle.recorder.put(pages)
    yield Site(services, truth)
    services.close()


def walked(building, draw: Random) -> dict[SpaceId, list[int]]:
    """Return every space's count at every minute until an hour after noon; rooms go up and down, totals are sums."""
    leaves = {leaf.id: draw.randrange(25) for leaf in building.leaves() if leaf.id != "outside"}
    truth: dict[SpaceId, list[int]] = {space: [] for space in building.spaces if space != "outside"}
    for minute in range(KNOWN_MINUTES + 60):
        if minute % 5 == 0:
            leaves = {
                leaf: max(number + draw.choice((-2, -1, 0, 0, 1, 2)), 0) for leaf, number in leaves.items()
            }
        for space, counts in truth.items():
            inside = [leaf for leaf in leaves if space in building.path_up(leaf)]
            counts.append(sum(leaves[leaf] for leaf in inside))
    return truth


def page(space: SpaceId, counts: list[int]) -> Page:
    written = Page(space, DAY)
    written.counts[: len(counts)] = type(written.counts)("i", counts)
    return written


# ---- what there is to see


def add(shown: Shown, at: str, space: str, number: float | None) -> None:
    assert number is None or number == int(number)
    shown.setdefault((at, SpaceId(space)), set()).add(None if number is None else int(number))


def wall(at: str) -> str:
    """Return an instant of an answer as the wall shows it: two hours ahead in summer."""
    return f"{datetime.fromisoformat(at) + timedelta(hours=2):%H:%M}"


def history(site: Site, client: Client, shown: Shown) -> None:
    """Read the past by quarter-hours and as CSV, and hold what sums it up against what is shown of it."""
    hours: dict[SpaceId, dict[int, float | None]] = {}
    for space in site.truth:
        for day in client.get(f"/v1/occupancy/{space}/history?{HISTORY}").json():
            for quarter in day["quarters"]:
                add(shown, quarter["start"], space, quarter["mean"])
                assert quarter["low"] is quarter["high"] is None
        for row in csv.DictReader(
            io.StringIO(client.get(f"/v1/occupancy/{space}/history.csv?{HISTORY}").text)
        ):
            add(shown, row["time"], space, float(row["mean"]))
        for day in client.get(f"/v1/occupancy/{space}/history?{HISTORY}&step=1h").json():
            hours[space] = {hour["hour"]: hour["mean"] for hour in day["hours"]}
            assert all(hour["entries"] is hour["exits"] is None for hour in day["hours"])
    for space, means in hours.items():
        for hour, mean in means.items():
            quarters = [number(shown, f"{hour:02}:{minute:02}", space) for minute in (0, 15, 30, 45)]
            whole = [count for count in quarters if count is not None]
            assert mean == (sum(whole) / 4 if len(whole) == 4 else None), (space, hour)
    for row in client.get(f"/v1/occupancy/kpis?{HISTORY}").json():
        told = {at: number(shown, at, row["space"]) for at, space in shown if space == row["space"]}
        known = [count for count in told.values() if count is not None]
        by_day = [count for at, count in told.items() if count is not None and "08:00" <= at < "20:00"]
        assert row["peak"] == max(known, default=None)
        assert row["daytime"] == (round(sum(by_day) / len(by_day), 2) if by_day else None)
        assert row["mean"] is row["entries"] is row["exits"] is None


def now(site: Site, client: Client, shown: Shown) -> None:
    """Read the present: the API, the stream, the bus, and the pages."""
    for one in client.get("/v1/occupancy").json():
        add(shown, wall(one["as_of"]), one["space"], one["count"])
        alone = client.get(f"/v1/occupancy/{one['space']}").json()
        assert (alone["count"], alone["as_of"]) == (one["count"], one["as_of"])
        assert (one["limit"], one["low"], one["high"]) == (0, None, None)
    for one in asyncio.run(streamed(site, client)) + retained(site):
        add(shown, wall(one["as_of"]), one["space"], one["count"])
        assert one.keys() == {"space", "count", "capacity", "utilisation", "as_of"}
    for path in ("/spaces", "/public"):
        text = client.get(f"{path}?lang=en").text
        at = re.search(r"at (\d\d:\d\d)<", text)
        assert at is not None
        rows = re.findall(r'<tr><th.*?</th><td class="number">(.*?)</td>', text)
        spaces = [space for space in site.truth if path == "/spaces" or not space.startswith("room")]
        assert len(rows) == len(spaces)
        for space, cell in zip(in_order(site, spaces), rows, strict=True):
            add(shown, at[1], space, None if "not shown" in cell else int(cell))


def in_order(site: Site, spaces: list[SpaceId]) -> list[SpaceId]:
    """Return spaces as pages list them: each before those inside it."""
    building = site.services.building
    listed: list[SpaceId] = []

    def walk(parent: SpaceId | None) -> None:
        for space in building.children(parent):
            if space.id in spaces:
                listed.append(space.id)
                walk(space.id)

    walk(None)
    return listed


async def streamed(site: Site, client: Client) -> list[dict]:
    """Return the first event of every space on the stream for programs."""
    pieces, gone = bytearray(), asyncio.Event()

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        pieces.extend(message.get("body", b""))
        if pieces.count(b"event: occupancy") >= len(site.truth):
            gone.set()

    cookie = f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}".encode()
    scope = scope_of("GET", "/v1/stream/occupancy", [(b"cookie", cookie)])
    async with asyncio.timeout(20):
        await (await site.opened()).app(scope, receive, send)
    return [json.loads(line[6:]) for line in pieces.decode().splitlines() if line.startswith("data: {")]


def retained(site: Site) -> list[dict]:
    """Return what the bus keeps for whoever subscribes."""

    async def scene() -> list[dict]:
        bus, services = MemoryBus(), site.services
        clock = LoopClock(asyncio.get_running_loop(), site.now)
        announcer = Announcer(bus, services.live, services.news, clock, None, services.disclosure)
        task = asyncio.create_task(announcer.run())
        await asyncio.sleep(1)
        async with bus.connect("late", (Topics(services.building.site).occupancy("+"),)) as line:
            kept = [json.loads((await line.receive()).payload) for _ in site.truth]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return kept

    return run_virtually(scene())


def number(shown: Shown, at: str, space: str) -> int | None:
    """Return the one number that all views show, if any shows one."""
    told = shown.get((at, SpaceId(space)), set()) - {None}
    assert len(told) <= 1, f"{at}: {space}: views differ: {told}"
    return next(iter(told), None)


def found_out(site: Site, shown: Shown) -> dict[tuple[str, SpaceId], int]:
    """Return every count that is shown or follows: each total is the sum of its parts, at every quarter-hour."""
    building, found = site.services.building, {}
    for at in sorted({at for at, _space in shown}):
        told = {space: number(shown, at, space) for space in site.truth}
        for space, count in {
            **{s: n for s, n in told.items() if n is not None},
            **solved(building, told),
        }.items():
            minute = int(at[:2]) * 60 + int(at[3:])
            assert count == site.truth[space][minute], "the attack itself must be right"
            found[at, space] = int(count)
    return found


# ---- the attack


def test_all_that_companies_and_everybody_see_together_tells_of_no_group_under_eleven(site: Site):
    client = site.sign_in("grace", Reach(OrganisationId("acme")))
    shown: Shown = {}
    for step in range(QUARTERS_NOW):
        site.now = NOON + step * QUARTER + timedelta(minutes=4)
        now(site, client, shown)
    history(site, client, shown)
    found = found_out(site, shown)
    assert len({at for at, _space in found}) > 40
    assert min(found.values()) >= THRESHOLD
    assert client.get(f"/v1/occupancy/site/history?{HISTORY}&step=1m").status_code == 403
    text = client.get("/history?space=house-1&lang=en").text
    peaks = re.findall(r'<td class="number">(\d+) <small>', text)
    assert peaks
    assert all(int(peak) >= THRESHOLD for peak in peaks)


def test_the_attack_would_find_small_groups_in_what_operators_of_the_building_see(site: Site):
    client = site.sign_in("olga", EVERYWHERE)
    shown: Shown = {}
    for space in site.truth:
        for day in client.get(f"/v1/occupancy/{space}/history?{HISTORY}&step=1m").json():
            for minute, count in enumerate(day["minutes"][:KNOWN_MINUTES:15]):
                add(shown, f"{minute // 4:02}:{minute % 4 * 15:02}", space, count)
    assert min(found_out(site, shown).values()) < THRESHOLD


def test_no_two_spans_of_visits_differ_by_a_few_people(site: Site):
    with site.services.database.writing() as session:
        for days, visits in ((0, 12), (1, 3), (2, 20)):
            stored.write_visits(
                session, DAY - timedelta(days=days), {"student": [0, visits] + [0] * (BINS - 2)}
            )
    client = site.sign_in("grace", Reach(OrganisationId("acme")))
    told = {}
    for days in range(3):
        since = DAY - timedelta(days=days)
        rows = client.get(f"/v1/occupancy/visits?from={since}&to={DAY}").json()
        told[days] = rows[0]["visits"]
    assert told == {0: 12, 1: 12, 2: 32}
