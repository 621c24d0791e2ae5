"""The response that follows a hub, over bare ASGI: it ends with its client and with its hub."""

import asyncio

import pytest

from access.dashboard.hub import StateHub
from access.dashboard.stream import EventStream
from access.dashboard.watchers import Watchers


class Line:
    """The server's side of one connection."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[dict] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.may_send = asyncio.Event()
        self.may_send.set()

    async def receive(self) -> dict:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message) -> None:
        await self.may_send.wait()
        await self.sent.put(message)

    def follow(self, hub: StateHub) -> asyncio.Task:
        return asyncio.create_task(EventStream(hub)({"type": "http"}, self.receive, self.send))


async def test_it_begins_as_an_event_stream_without_a_length():
    line, hub = Line(), StateHub()
    task = line.follow(hub)
    start = await line.sent.get()
    headers = dict(start["headers"])
    assert start["status"] == 200
    assert headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert headers[b"cache-control"] == b"no-store"
    assert b"content-length" not in headers
    hub.close()
    await task


async def test_it_sends_what_is_published_and_ends_when_the_client_goes():
    line, hub = Line(), StateHub()
    task = line.follow(hub)
    hub.publish("a", "1")
    bodies = b"".join([(await line.sent.get()).get("body", b"") for _ in range(3)])
    assert b"event: a\ndata: 1\n\n" in bodies
    line.gone.set()
    await task
    assert hub.viewers == 0


async def test_it_ends_with_a_last_piece_when_the_hub_closes():
    line, hub = Line(), StateHub()
    task = line.follow(hub)
    await line.sent.get()
    hub.close()
    await task
    messages = [line.sent.get_nowait() for _ in range(line.sent.qsize())]
    assert messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_it_ends_after_its_time_so_that_the_client_proves_itself_again():
    line, hub = Line(), StateHub()
    hub.publish("a", "1")
    await EventStream(hub, lasts_s=0)({"type": "http"}, line.receive, line.send)
    messages = [line.sent.get_nowait() for _ in range(line.sent.qsize())]
    assert messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert hub.viewers == 0


async def test_a_client_that_does_not_read_holds_up_nobody_and_can_still_go():
    stuck, quick, hub = Line(), Line(), StateHub()
    first, second = stuck.follow(hub), quick.follow(hub)
    await stuck.sent.get()
    stuck.may_send.clear()
    await quick.sent.get()
    await quick.sent.get()
    hub.publish("a", "1")
    assert b"data: 1" in (await quick.sent.get())["body"]
    stuck.gone.set()
    quick.gone.set()
    await asyncio.gather(first, second)
    assert hub.viewers == 0


async def test_a_fault_while_sending_is_not_swallowed():
    hub = StateHub()

    async def send(message) -> None:
        if message["type"] == "http.response.body":
            raise RuntimeError("the line broke in a new way")

    with pytest.raises(RuntimeError, match="new way"):
        await EventStream(hub)({"type": "http"}, Line().receive, send)
    assert hub.viewers == 0


async def test_a_stream_ends_when_its_viewer_loses_their_rights_and_no_other_does():
    hub, watchers = StateHub(), Watchers()
    lines = {name: Line() for name in ("grace", "ada")}
    tasks = {
        name: asyncio.create_task(
            EventStream(hub, watched=(watchers, name))({"type": "http"}, line.receive, line.send)
        )
        for name, line in lines.items()
    }
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.to_thread(watchers.send_away, "grace")
    await tasks["grace"]
    assert not tasks["ada"].done()
    hub.close()
    await tasks["ada"]
    watchers.send_away("grace")
