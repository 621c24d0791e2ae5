"""From news to viewers: only what changed, together, and only where somebody watches."""

import asyncio
import json
from contextlib import aclosing
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from access.dashboard.broadcast import Broadcast
from access.dashboard.feeds import feeds
from access.dashboard.words import Language
from access.occupancy.live import LiveBuilding
from emulators.clock import LoopClock, run_virtually
from policies.ids import DoorId
from readers.wire.events import EventType
from tests.access.dashboard.conftest import PARIS, Somebody
from tests.live_events import NINE, event, passage

ANYBODY = Somebody("ada", must_set_password=False, scopes=frozenset())


def entry(seq: int):
    at = NINE + timedelta(milliseconds=seq)
    return passage(seq, f"p{seq}", "main-b23", "outside", "b23-0-hall", at=at)


def told(frame: str) -> tuple[str, str]:
    """Return what a frame is about, and its data: an event's kind, or the id of the one element it carries."""
    kind, data = frame[frame.index("event: ") + 7 :].split("\n", 1)
    return (data.split('id="', 1)[1].split('"', 1)[0] if kind == "piece" else kind), data


class Watcher:
    """Follows a page's stream and keeps what each piece was about, with the loop's time of its coming."""

    def __init__(self, broadcast: Broadcast, language: Language = Language.FR) -> None:
        self.pieces: list[tuple[float, dict[str, str]]] = []
        hub = broadcast.watch(broadcast.pages[language])
        self.task = asyncio.create_task(self._read(hub))

    async def _read(self, hub) -> None:
        async with aclosing(hub.follow()) as pieces:
            async for piece in pieces:
                frames = [frame for frame in piece.decode().split("\n\n") if "event: " in frame]
                named = dict(map(told, frames))
                named.pop("beat", None)
                if named:
                    self.pieces.append((asyncio.get_running_loop().time(), named))


def test_a_burst_of_news_is_drawn_together_at_most_ten_times_a_second(building):
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        live = LiveBuilding(building)
        broadcast = Broadcast(live, LoopClock(loop, NINE).now, PARIS)
        watcher = Watcher(broadcast)
        await asyncio.sleep(0.5)
        assert set(watcher.pieces[0][1]) == set(broadcast.page(Language.FR)[0])
        watcher.pieces.clear()
        for seq in range(200):
            live.take([entry(seq)])
            broadcast.notify()
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)
        times = [time for time, _ in watcher.pieces]
        assert 18 <= len(times) <= 22
        assert all(later - earlier > 0.099 for earlier, later in pairwise(times))
        assert "<dd>200</dd>" in watcher.pieces[-1][1]["summary"]
        moved = {"summary", "levels", "total:b23-0", "space:b23-0-hall", "space-row:b23-0-hall", "alarms"}
        assert all(set(named) <= moved for _, named in watcher.pieces)
        broadcast.close()
        await watcher.task

    run_virtually(scene())


def test_a_change_is_handed_to_the_viewers_within_a_tenth_of_a_second_of_its_news(building):
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        live = LiveBuilding(building)
        broadcast = Broadcast(live, LoopClock(loop, NINE).now, PARIS)
        watcher = Watcher(broadcast)
        await asyncio.sleep(0.5)
        for seq in range(50):
            live.take([entry(seq)])
            broadcast.notify()
            happened = loop.time()
            await asyncio.sleep(0.137)
            seen = [at for at, named in watcher.pieces if f"<b>{seq + 1}</b>" in named.get("total:b23-0", "")]
            assert seen
            assert seen[0] - happened < 0.101
        broadcast.close()
        await watcher.task

    run_virtually(scene())


async def test_who_opened_the_page_is_told_only_what_came_after_it_was_drawn(broadcast, live):
    live.take([entry(1)])
    pieces, mark = broadcast.page(Language.EN)
    assert ">1<" in pieces["space-row:b23-0-hall"]
    live.take([entry(2)])
    async with aclosing(broadcast.watch(broadcast.pages[Language.EN]).follow(mark)) as following:
        await anext(following)
        frames = [frame for frame in (await anext(following)).decode().split("\n\n") if frame]
    hall = {"total:b23-0", "space:b23-0-hall", "space-row:b23-0-hall"}
    assert {told(frame)[0] for frame in frames} == {"summary", "levels", *hall}


def test_the_page_s_clock_goes_on_while_nothing_happens(building):
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        broadcast = Broadcast(LiveBuilding(building), LoopClock(loop, NINE).now, PARIS)
        watcher = Watcher(broadcast)
        await asyncio.sleep(125)
        assert [set(named) for _, named in watcher.pieces[1:]] == [{"summary"}, {"summary"}]
        assert "<dd>09:02</dd>" in watcher.pieces[-1][1]["summary"]
        broadcast.close()
        await watcher.task

    run_virtually(scene())


def test_nothing_is_drawn_and_no_timer_runs_when_nobody_watches(building):
    async def scene() -> None:
        asked: list[datetime] = []

        def now() -> datetime:
            asked.append(NINE)
            return NINE

        live = LiveBuilding(building)
        broadcast = Broadcast(live, now, PARIS)
        live.take([entry(1)])
        broadcast.notify([entry(1)])
        assert not asked
        watcher = Watcher(broadcast)
        await asyncio.sleep(3)
        watcher.task.cancel()
        await asyncio.gather(watcher.task, return_exceptions=True)
        await asyncio.sleep(30)
        asked.clear()
        await asyncio.sleep(100)
        assert not asked

    run_virtually(scene())


def test_a_viewer_of_another_language_gets_that_one(building):
    async def scene() -> None:
        broadcast = Broadcast(LiveBuilding(building), lambda: NINE, PARIS)
        watchers = [Watcher(broadcast, language) for language in Language]
        await asyncio.sleep(0.1)
        assert "à l’intérieur" in watchers[0].pieces[0][1]["summary"]
        assert "inside" in watchers[1].pieces[0][1]["summary"]
        broadcast.close()
        await asyncio.gather(*(watcher.task for watcher in watchers))

    run_virtually(scene())


async def first_piece(hub) -> bytes:
    async with aclosing(hub.follow()) as pieces:
        await anext(pieces)
        return await anext(pieces)


async def test_programs_get_all_counts_first_and_then_those_that_change(broadcast, live, building):
    async with aclosing(broadcast.watch(broadcast.occupancy).follow()) as pieces:
        await anext(pieces)
        whole = (await anext(pieces)).decode()
        spaces = [json.loads(line[6:])["space"] for line in whole.splitlines() if line.startswith("data: ")]
        assert spaces == [space for space in building.spaces if space != "outside"]
        live.take([entry(1)])
        broadcast.notify([entry(1)])
        changed = (await asyncio.wait_for(anext(pieces), 5)).decode()
    counts = [json.loads(line[6:]) for line in changed.splitlines() if line.startswith("data: ")]
    assert {count["space"]: count["count"] for count in counts} == {
        "fonderie": 1,
        "b23": 1,
        "b23-0": 1,
        "b23-0-hall": 1,
    }
    hall = next(count for count in counts if count["space"] == "b23-0-hall")
    assert hall == {
        "space": "b23-0-hall",
        "count": 1,
        "capacity": 80,
        "utilisation": 1 / 80,
        "as_of": "2026-09-15T07:00:00.001000Z",
        "changed_at": "2026-09-15T07:00:00.001000Z",
        "low": 1,
        "high": 1,
        "inferred": 0.0,
        "why": "nothing",
        "limit": 0,
    }


async def test_programs_get_events_as_they_come_without_their_person(broadcast):
    async with aclosing(broadcast.events.follow()) as pieces:
        await anext(pieces)
        named = event(
            1, EventType.DECISION, "agora", person="ada", badge="04aabbcc", salt="s", commitment="c"
        )
        broadcast.notify([named, event(2, EventType.DOOR_OPENED, "agora")])
        piece = (await anext(pieces)).decode()
    assert piece.count("\nevent: ") == 2
    assert "event: decision\n" in piece
    first = json.loads(next(line[6:] for line in piece.splitlines() if line.startswith("data: ")))
    assert first["id"] == "edge-1:1:1"
    assert first["door"] == "agora"
    assert not {"person", "badge", "salt", "commitment"} & set(first)


async def test_a_door_state_reaches_the_page_without_any_event(broadcast, live):
    live.door_state(DoorId("agora"), b'{"state":"unlocked","at":"2026-09-15T07:00:00.001000Z"}')
    piece = (await first_piece(broadcast.watch(broadcast.pages[Language.EN]))).decode()
    assert "Agora entrance: unlocked" in piece


@pytest.mark.parametrize(("path", "status"), [("/v1/stream/occupancy", 401), ("/v1/stream/events", 403)])
async def test_the_streams_for_programs_ask_who_reads_them(broadcast, path, status):
    def nobody() -> Somebody:
        raise HTTPException(401)

    def not_you() -> Somebody:
        raise HTTPException(403)

    app = FastAPI()
    app.include_router(feeds(broadcast, nobody, not_you))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        assert (await client.get(path)).status_code == status


async def test_the_streams_are_in_the_api_s_description(broadcast):
    app = FastAPI()
    app.include_router(feeds(broadcast, lambda: ANYBODY, lambda: ANYBODY))
    paths = app.openapi()["paths"]
    for path in ("/v1/stream/occupancy", "/v1/stream/events"):
        assert "text/event-stream" in paths[path]["get"]["responses"]["200"]["content"]


def test_waiting_costs_a_viewer_nothing_but_heartbeats(building):
    async def scene() -> None:
        broadcast = Broadcast(LiveBuilding(building), lambda: NINE, PARIS)
        watcher = Watcher(broadcast)
        await asyncio.sleep(timedelta(minutes=10).total_seconds())
        assert len(watcher.pieces) == 1
        broadcast.close()
        await watcher.task

    run_virtually(scene())
