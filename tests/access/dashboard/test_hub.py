"""Hubs: encoded once, bounded for the slow, resumed by the last event's id."""

import asyncio
import tracemalloc
from contextlib import aclosing

import pytest

from access.dashboard.hub import COMMENT, Hub, LogHub, StateHub


class Viewer:
    """Follows a hub, piece by piece."""

    def __init__(self, hub: Hub, last_event_id: str | None = None) -> None:
        self._pieces = hub.follow(last_event_id)

    async def start(self) -> "Viewer":
        assert await anext(self._pieces) == b"retry: 1000\n\n"
        return self

    async def piece(self) -> str:
        return (await anext(self._pieces)).decode()

    async def close(self) -> None:
        await self._pieces.aclose()


def ids(piece: str) -> list[str]:
    return [line.removeprefix("id: ") for line in piece.splitlines() if line.startswith("id: ")]


def datas(piece: str) -> list[str]:
    return [line.removeprefix("data: ") for line in piece.splitlines() if line.startswith("data: ")]


async def test_a_new_viewer_of_a_state_gets_the_newest_of_everything_at_once():
    hub = StateHub()
    for number in range(5):
        hub.publish("count", f"{number}", key="hall")
    hub.publish("count", "7", key="lab")
    viewer = await Viewer(hub).start()
    assert datas(await viewer.piece()) == ["4", "7"]
    await viewer.close()


async def test_a_slow_viewer_gets_only_the_newest_state_and_a_fast_one_every_state():
    hub = StateHub()
    fast, slow = await Viewer(hub).start(), await Viewer(hub).start()
    seen = []
    for number in range(100):
        hub.publish("summary", str(number))
        seen += datas(await fast.piece())
    assert seen == [str(number) for number in range(100)]
    assert datas(await slow.piece()) == ["99"]
    await fast.close()
    await slow.close()


async def test_an_update_is_encoded_once_and_viewers_of_one_speed_share_its_bytes():
    hub = StateHub()
    hub.publish("summary", "x")
    viewers = [hub.follow() for _ in range(3)]
    for viewer in viewers:
        await anext(viewer)
    pieces = [await anext(viewer) for viewer in viewers]
    assert all(piece is pieces[0] for piece in pieces)
    for viewer in viewers:
        await viewer.aclose()


async def test_a_viewer_that_returns_gets_what_changed_since_its_last_event():
    hub = StateHub()
    hub.publish("a", "1")
    hub.publish("b", "1")
    viewer = await Viewer(hub).start()
    last = ids(await viewer.piece())[-1]
    await viewer.close()
    hub.publish("a", "2")
    again = await Viewer(hub, last).start()
    assert datas(await again.piece()) == ["2"]
    await again.close()


@pytest.mark.parametrize("last", ["", "nonsense", "ffffffff-1", "-1", "{epoch}-99", "{epoch}-x"])
async def test_an_id_that_the_hub_never_gave_gets_the_whole_state(last: str):
    hub = StateHub()
    hub.publish("a", "1")
    viewer = await Viewer(hub).start()
    epoch = ids(await viewer.piece())[0].partition("-")[0]
    await viewer.close()
    again = await Viewer(hub, last.format(epoch=epoch)).start()
    assert datas(await again.piece()) == ["1"]
    await again.close()


async def test_several_lines_are_one_event_and_text_cannot_begin_another():
    hub = StateHub()
    hub.publish("a", "one\ntwo\r\n\r\nevent: evil\rfour")
    viewer = await Viewer(hub).start()
    lines = (await viewer.piece()).rstrip("\n").split("\n")
    assert lines[1:] == ["event: a", "data: one", "data: two", "data: ", "data: event: evil", "data: four"]
    await viewer.close()


async def test_a_log_tells_everything_from_now_on_in_order():
    hub = LogHub()
    hub.publish("decision", "before")
    viewer = await Viewer(hub).start()
    for number in range(3):
        hub.publish("decision", str(number))
    assert datas(await viewer.piece()) == ["0", "1", "2"]
    await viewer.close()


async def test_a_viewer_of_a_log_that_returns_misses_nothing_that_is_kept():
    hub = LogHub(kept=10)
    viewer = await Viewer(hub).start()
    hub.publish("decision", "0")
    last = ids(await viewer.piece())[0]
    await viewer.close()
    for number in range(1, 8):
        hub.publish("decision", str(number))
    again = await Viewer(hub, last).start()
    assert datas(await again.piece()) == [str(number) for number in range(1, 8)]
    await again.close()


async def test_a_viewer_of_a_log_is_told_how_much_it_missed():
    hub = LogHub(kept=4)
    viewer = await Viewer(hub).start()
    for number in range(10):
        hub.publish("decision", str(number))
    piece = await viewer.piece()
    assert piece.startswith('event: gap\ndata: {"missed":6}\n\n')
    assert datas(piece)[1:] == ["6", "7", "8", "9"]
    await viewer.close()


async def test_a_viewer_of_a_log_from_before_a_restart_is_told_of_a_gap():
    hub = LogHub()
    hub.publish("decision", "0")
    viewer = await Viewer(hub, "deadbeef-41").start()
    assert datas(await viewer.piece()) == ['{"missed":null}', "0"]
    await viewer.close()


async def test_a_quiet_hub_sends_heartbeats():
    hub = StateHub(heartbeat_s=0.001)
    viewer = await Viewer(hub).start()
    assert await viewer.piece() == COMMENT.decode()
    assert await viewer.piece() == COMMENT.decode()
    await viewer.close()


@pytest.mark.parametrize("hub", [StateHub(), LogHub()], ids=["state", "log"])
async def test_closing_the_hub_ends_every_stream(hub: StateHub | LogHub):
    async def read() -> int:
        async with aclosing(hub.follow()) as pieces:
            return len([piece async for piece in pieces])

    readers = [asyncio.create_task(read()) for _ in range(5)]
    await asyncio.sleep(0)
    assert hub.viewers == 5
    hub.close()
    assert await asyncio.gather(*readers) == [1] * 5
    assert hub.viewers == 0
    assert await read() == 1


async def test_a_thousand_viewers_that_never_read_cost_no_memory_for_what_they_miss():
    state, log = StateHub(), LogHub(kept=64)
    viewers = [await Viewer(hub).start() for hub in (state, log) for _ in range(1000)]
    for number in range(64):
        state.publish("a", f"{number:05}" * 200, key=str(number % 8))
        log.publish("a", f"{number:05}" * 200)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(2000):
        state.publish("a", f"{number:05}" * 200, key=str(number % 8))
        log.publish("a", f"{number:05}" * 200)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 300_000
    for viewer in viewers:
        await viewer.close()
