"""The office at work: a server apart, 200 viewers, an import of 10,000 people and two exports, again and again.

Each part is a process of lower priority than whoever answers taps, as the units in deploy/systemd have it.
"""

import asyncio
import os
from collections.abc import MutableSequence
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

VIEWERS = 200
PEOPLE = 10_000
NICE = 10

_EXPORTS = ("/v1/audit.csv", "/v1/occupancy/agora/history.csv")
_HOUR_S, _AGAIN_S = 3600.0, 0.5

Done = MutableSequence[int]
"""How many imports and exports were answered."""


def serve_office(told: Connection, folder: Path, broker: int) -> None:
    """Serve what `totem serve` serves beside an authorizer apart, over the bench's store; tell the port and a key."""
    import uvloop

    os.nice(NICE)
    uvloop.run(_serve(told, folder, broker))


async def _serve(told: Connection, folder: Path, broker: int) -> None:
    from access.authorize.authorizer import AUTHORIZER
    from access.bench.decide import site_and_taps
    from access.services import open_services
    from access.services.intake import Intake
    from access.services.offload import WorkThread
    from access.services.rights import Scope
    from access.site.calm import calm
    from access.site.http import listen
    from access.site.web import Web
    from readers.clock import SystemClock
    from readers.uplink.mqtt import MqttBus
    from readers.wire.bus import Broker

    day = site_and_taps()
    began, first = monotonic(), day.taps[len(day.taps) // 4].at
    clock = SystemClock(lambda: first + timedelta(seconds=monotonic() - began))
    services = open_services(
        f"sqlite:///{folder}/totem.db", day.site.building, day.site.policy, {AUTHORIZER: ()}, folder / "key"
    )
    scopes = tuple(scope.value for scope in Scope)
    secret = services.keys.create("office", scopes, "bench", first)
    intake = Intake(MqttBus(Broker(port=broker)), services, clock, WorkThread("writes"))
    web = Web(services, clock.now, None, lambda: intake.is_connected)
    calm()
    with listen("127.0.0.1", 0) as listener:
        listener.listen()
        told.send((listener.getsockname()[1], secret))
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(intake.run())
            await web.serve(listener)
            taking.cancel()


def work(told: Connection, port: int, secret: str, done: Done) -> None:
    """Watch, import and export until terminated; tell once all of it goes on, and count it in `done`."""
    os.nice(NICE)
    asyncio.run(_work(told, port, secret, done))


async def _work(told: Connection, port: int, secret: str, done: Done) -> None:
    import httpx

    headers = {"Authorization": f"Bearer {secret}"}
    at = f"http://127.0.0.1:{port}"
    async with (
        httpx.AsyncClient(base_url=at, headers=headers, timeout=_HOUR_S) as client,
        asyncio.TaskGroup() as group,
    ):
        goes_on = [asyncio.Event() for _ in range(len(_EXPORTS) + 1)]
        for _ in range(VIEWERS):
            group.create_task(_watch(port, secret))
        group.create_task(_import(client, goes_on[0], done))
        for path, begun in zip(_EXPORTS, goes_on[1:], strict=True):
            group.create_task(_export(client, path, begun, done))
        for each in goes_on:
            await each.wait()
        told.send(None)


async def _watch(port: int, secret: str) -> None:
    """Read what the page of one viewer is sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /v1/stream/occupancy HTTP/1.1\r\nHost: totem\r\nAuthorization: Bearer {secret}\r\n\r\n"
    writer.write(head.encode())
    while await reader.read(65536):
        pass
    writer.close()


async def _import(client: "httpx.AsyncClient", begun: asyncio.Event, done: Done) -> None:
    """Send a file of all people again and again, each time with other names."""
    number = 0
    while True:
        begun.set()
        rows = (f"x-{person},Person {person} {number},coworker" for person in range(PEOPLE))
        file = "\n".join(("external_id,name,type", *rows))
        headers = {"Content-Type": "text/csv"}
        answer = await client.post("/v1/imports", params={"apply": True}, content=file, headers=headers)
        if answer.is_server_error:
            await asyncio.sleep(_AGAIN_S)
            continue
        answer.raise_for_status()
        done[0] += 1
        number += 1


async def _export(client: "httpx.AsyncClient", path: str, begun: asyncio.Event, done: Done) -> None:
    """Download a report again and again."""
    days = {"from": "2026-09-01", "to": "2026-09-15"}
    while True:
        answer = await client.get(path, params=days if "history" in path else {})
        if answer.is_server_error:  # an import holds the store: the office tries again
            await asyncio.sleep(_AGAIN_S)
            continue
        answer.raise_for_status()
        done[1] += 1
        begun.set()
