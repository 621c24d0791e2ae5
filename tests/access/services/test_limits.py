"""Alerts at limits as events: once up, once down, stored, in the feed, on the bus; a restart repeats none."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta

from access.api import create_app
from access.bus.memory import MemoryBus
from access.services import open_services
from access.services.announcer import Announcer
from access.services.rights import Scope
from access.store import events
from emulators.clock import LoopClock, run_virtually
from policies.ids import SpaceId
from readers.wire.events import EventType
from readers.wire.topics import Topics
from tests.asgi_client import Client
from tests.live_events import passage
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

HALL = SpaceId("hall")
"""Ten may be in it: nearly full at 8 (7.5), full at 10, far over at 15."""


class Crowd:
    """People who come into the hall and go, a second apart, each step looked at by the alerts."""

    def __init__(self, services, clock):
        self.services, self._clock, self._seq, self._inside = services, clock, 0, 0

    async def be(self, number: int) -> None:
        """Let people come or go until so many are in the hall, and give the alerts time to look after each."""
        while self._inside != number:
            comes = self._inside < number
            who = f"p{self._inside if comes else self._inside - 1}"
            way = ("outside", "hall") if comes else ("hall", "outside")
            self._seq += 1
            self._inside += 1 if comes else -1
            self.services.news.tell([passage(self._seq, who, "front", *way, at=self._clock.now())])
            await asyncio.sleep(3)


async def inline(work):
    return work()


@asynccontextmanager
async def running(services):
    clock = LoopClock(asyncio.get_running_loop(), NOON)
    task = asyncio.create_task(services.limits.run(clock, inline))
    try:
        yield Crowd(services, clock)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def told(services) -> list[tuple[str, str | None, str | None, int | None]]:
    """Return the stored alerts, the oldest first."""
    types = (EventType.LIMIT_REACHED, EventType.LIMIT_CLEARED)
    with services.database.reading() as session:
        found = events.newest(session, events.Filter(types=types), None, 100)
    return [(one.type.value, one.space, one.cause, one.number) for one in reversed(found)]


def up(percent: int, number: int):
    return ("limit-reached", "hall", f"{percent}-percent", number)


def down(percent: int, number: int):
    return ("limit-cleared", "hall", f"{percent}-percent", number)


def test_each_step_is_told_once_when_it_is_reached_and_once_when_it_is_over(services):
    async def scene():
        async with running(services) as hall:
            await hall.be(16)
            await hall.be(0)

    run_virtually(scene())
    assert told(services) == [up(75, 8), up(100, 10), up(150, 15), down(150, 14), down(100, 9), down(75, 6)]


def test_one_person_to_and_fro_at_a_limit_raises_no_second_alert(services):
    async def scene():
        async with running(services) as hall:
            await hall.be(8)
            for _ in range(5):
                await hall.be(7)
                await hall.be(8)

    run_virtually(scene())
    assert told(services) == [up(75, 8)]


def test_a_crowd_that_comes_at_once_is_told_of_every_step_it_passed(services):
    async def scene():
        async with running(services) as hall:
            crowd = [passage(seq, f"p{seq}", "front", "outside", "hall", at=NOON) for seq in range(1, 13)]
            services.news.tell(crowd)
            await asyncio.sleep(3)
            assert hall.services.limits.standing == {75: 1, 100: 1}

    run_virtually(scene())
    assert told(services) == [up(75, 12), up(100, 12)]


def test_a_restart_goes_on_with_what_stood_and_tells_it_not_again(services, tmp_path):
    async def scene():
        async with running(services) as hall:
            await hall.be(10)

    async def later(again):
        async with running(again) as hall:
            again.news.tell([passage(50, "q", "front", "hall", "outside", at=NOON + timedelta(minutes=1))])
            await asyncio.sleep(3)
            assert hall.services.limits.standing == {75: 1, 100: 1}

    run_virtually(scene())
    before = told(services)
    again = open_services(services.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    came = [
        passage(seq, f"q{seq}", "front", "outside", "hall", source="edge-9", at=NOON) for seq in range(1, 11)
    ]
    again.live.take(came)
    run_virtually(later(again))
    assert told(again) == before == [up(75, 8), up(100, 10)]


def test_alerts_are_in_the_feed_on_the_bus_and_in_the_metrics_of_whoever_may_read_counts(services):
    app = create_app(services, lambda: NOON)
    heard: list[dict] = []
    topics = Topics(BUILDING.site)

    async def scene():
        bus = MemoryBus()
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        announcer = asyncio.create_task(Announcer(bus, services.live, services.news, clock).run())
        async with running(services) as hall, bus.connect("guard", (topics.alert("+"),)) as line:
            await hall.be(8)
            await hall.be(6)
            for _ in range(2):
                message = await line.receive()
                heard.append({"topic": message.topic, "retain": message.retain} | json.loads(message.payload))
        announcer.cancel()
        await asyncio.gather(announcer, return_exceptions=True)

    run_virtually(scene())
    assert [(one["topic"], one["retain"], one["type"], one["number"]) for one in heard] == [
        (topics.alert("hall"), False, "limit-reached", 8),
        (topics.alert("hall"), False, "limit-cleared", 6),
    ]
    feed = [(one.type, one.space, one.number, one.cause, one.door) for one in services.live.feed()]
    assert feed == [
        (EventType.LIMIT_CLEARED, "hall", 6, "75-percent", None),
        (EventType.LIMIT_REACHED, "hall", 8, "75-percent", None),
    ]
    assert 'totem_limits_reached_total{percent="75"} 1' in metrics(services, app, "occupancy:read")
    assert "totem_limits" not in metrics(services, app)


def metrics(services, app, *scopes: str) -> str:
    secret = services.keys.create("prometheus", (Scope.BUILDING_READ.value, *scopes), "test", NOON)
    answer = Client(app, {"Authorization": f"Bearer {secret}"}).get("/metrics")
    assert answer.status_code == 200
    return answer.text
