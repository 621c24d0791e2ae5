"""From a passage to the page: the live building takes it, what changed is drawn, and a viewer's stream brings it.

Of `totem bench fanout`. One passage at a time, at moments that keep no step with the drawing; it ends where the browser
has the piece, which puts it in within one frame.
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from time import perf_counter_ns
from zoneinfo import ZoneInfo

from access.dashboard.broadcast import Broadcast
from access.dashboard.hub import StateHub
from access.languages import Language
from access.occupancy.live import LiveBuilding
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.loader import load
from readers.wire.events import GENESIS, Event, EventType

PASSAGES = 100
_APART_S = (0.013, 0.061, 0.137, 0.089)
"""Within the pause between two drawings and beyond it: some wait for the next drawing, some are drawn at once."""

_DOOR, _OUTSIDE, _HALL = DoorId("main-b23"), SpaceId("outside"), SpaceId("b23-0-hall")
_PIECE = f'id="space:{_HALL}"'.encode()


def passage_to_page(passages: int = PASSAGES) -> list[int]:
    """Return how long each passage took to be in a viewer's hands, in ns."""
    with as_file(files("policies") / "km0") as folder:
        return asyncio.run(_measure(Path(folder), passages))


async def _measure(folder: Path, passages: int) -> list[int]:
    live = LiveBuilding(load(folder).building)
    broadcast = Broadcast(live, lambda: datetime.now(UTC), ZoneInfo("Europe/Paris"))
    hub, times = broadcast.watch(broadcast.pages[Language.EN]), []
    arrived: asyncio.Queue[int] = asyncio.Queue()
    viewer = asyncio.create_task(_view(hub, arrived))
    try:
        await arrived.get()  # the page as it is drawn first
        for number in range(passages):
            await asyncio.sleep(_APART_S[number % len(_APART_S)])
            began = perf_counter_ns()
            events = (_passage(number + 1),)
            live.take(events)
            broadcast.notify(events)
            times.append(await arrived.get() - began)
    finally:
        broadcast.close()
        await asyncio.gather(viewer, return_exceptions=True)
    return times


async def _view(hub: StateHub, arrived: "asyncio.Queue[int]") -> None:
    """Say when the hall's piece comes."""
    async with aclosing(hub.follow(None)) as pieces:
        async for piece in pieces:
            if _PIECE in piece:
                arrived.put_nowait(perf_counter_ns())


def _passage(seq: int) -> Event:
    """Return somebody's first way in, a moment ago."""
    return Event(
        datetime.now(UTC) - timedelta(milliseconds=1),
        EventType.PASSAGE,
        _DOOR,
        space=_HALL,
        origin=_OUTSIDE,
        person=PersonId(f"p{seq}"),
        id=f"edge:1:{seq}",
        source=SourceId("edge"),
        epoch=1,
        seq=seq,
        prev=GENESIS,
        v=1,
    )
