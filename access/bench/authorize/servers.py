"""The servers of the bench, each a process: the authorizer before its application, and a bare ASGI app."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic

from msgspec.json import encode
from starlette.types import ASGIApp, Receive, Scope, Send

from access.bench.decide import Day, site_and_taps
from access.bench.report import Size
from access.services import Services
from policies.roster import Badge, Person
from readers.journal import Durability
from readers.wire.bus import Broker, Bus, Message
from readers.wire.events import place
from readers.wire.signals import Ack
from readers.wire.topics import Topics


def serve_authorizer(
    told: Connection,
    folder: Path,
    durability: Durability,
    broker: int | None = None,
    size: Size = Size.BUILDING,
) -> None:
    """Serve what `totem authorizer` serves, for the shipped site or a city; tell the port and a key of all doors.

    Without the port of a `broker` it reports over a bus in memory to a server that acknowledges.
    """
    from access.authorize.authorizer import AUTHORIZER
    from access.bench.everybody import fill, services_of
    from access.bus.memory import MemoryBus
    from access.services.offload import WorkThread
    from access.site.authorizer import AuthorizerProcess
    from readers.clock import SystemClock
    from readers.journal import FileJournal
    from readers.uplink.mqtt import MqttBus

    day = site_and_taps()
    began, first = monotonic(), day.taps[len(day.taps) // 4].at
    clock = SystemClock(lambda: first + timedelta(seconds=monotonic() - began))
    if size is Size.CITY:
        fill(folder, size)
    services = services_of(folder, size)
    building = services.building
    if size is Size.BUILDING:
        _enrol(services, day, first)
    secret = services.keys.create("bench", tuple(f"reader:{door}" for door in building.doors), "bench", first)
    journal = FileJournal(folder / "journal", AUTHORIZER, clock.now, durability)
    bus = MemoryBus() if broker is None else MqttBus(Broker(port=broker))
    process = AuthorizerProcess(services, journal, bus, clock, WorkThread("writes"))
    stores = (_store(bus, Topics(building.site)),) if broker is None else ()
    _serve(process.front, told, secret, *process.tasks(), *stores)


async def _store(bus: Bus, topics: Topics) -> None:
    """Acknowledge what the authorizer reports, as the server does from its own process."""
    async with bus.connect("server", (topics.events("+"),)) as line:
        while True:
            message = await line.receive()
            epoch, seq = place(message.payload[message.payload.rfind(b"\n") + 1 :])
            ack = Message(topics.ack(topics.subject(message.topic)), encode(Ack(epoch, seq)))
            await line.publish(ack)


def serve_bare(told: Connection, answer: int, headers: list[tuple[bytes, bytes]]) -> None:
    """Serve an app that reads the body and sends an answer of so many bytes."""
    body = b'{"' + b"x" * (answer - 6) + b'":1}'
    start = {"type": "http.response.start", "status": 200, "headers": headers}
    sent = {"type": "http.response.body", "body": body}

    async def bare(_scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        while message.get("more_body"):
            message = await receive()
        await send(start)
        await send(sent)

    _serve(bare, told, "")


def _serve(app: ASGIApp, told: Connection, secret: str, *beside: Coroutine[None, None, None]) -> None:
    import socket

    import uvicorn
    import uvloop

    from access.site.calm import calm
    from access.site.line import KeptLine

    calm()

    async def live() -> None:
        tasks = [asyncio.create_task(each) for each in beside]
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()  # whoever is told the port may come before the server has begun
            told.send((listener.getsockname()[1], secret))
            config = uvicorn.Config(
                app,
                http=KeptLine,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
            )
            await uvicorn.Server(config).serve(sockets=[listener])
        for task in tasks:
            task.cancel()

    uvloop.run(live())


def _enrol(services: Services, day: Day, at: datetime) -> None:
    from access.services.badges import BadgeRecord
    from access.services.organisations import OrganisationRecord
    from access.services.people import PersonRecord

    people, badges = day.roster.people.values(), day.roster.badges.values()
    names = sorted({person.organisation for person in people if person.organisation is not None})
    services.organisations.add([OrganisationRecord(id=name, name=name) for name in names], "bench", at)
    kept = Person.__struct_fields__
    enrolled = [PersonRecord(**{field: getattr(each, field) for field in kept}, name="x") for each in people]
    services.people.add(enrolled, "bench", at)
    held = Badge.__struct_fields__
    issued = [BadgeRecord(**{field: getattr(each, field) for field in held}) for each in badges]
    services.badges.add(issued, "bench", at)
