"""The emulated site at the wall's pace, with its pages: it lives the morning at full speed, and then goes live."""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec

from access.authorize.authorizer import AUTHORIZER, Authorizer
from access.authorize.drain import Drain
from access.authorize.tend import tend
from access.services.neighbours import Neighbours
from access.services.offload import WorkThread
from access.services.rights import Scope
from access.site.beside import Beside
from access.site.emulated import EmulatedSettings, EmulatedSite
from access.site.emulation import emulation
from access.site.pace import Pace
from access.site.past import invent
from access.site.web import Web
from emulators.clock import BuildingLoop, LoopClock
from readers.journal import Durability, FileJournal

_KEY_LASTS = timedelta(days=1)
DEMO_SCOPES = tuple(Scope)
"""All there are: whoever runs the demonstration is its administrator too, and shall try everything that docs have."""


class Welcome(msgspec.Struct, frozen=True):
    """What somebody needs to begin: `password` is the first administrator's, None if there is one already."""

    password: str | None
    key: str


def run_live(
    settings: EmulatedSettings,
    start: datetime,
    live_from: datetime,
    speed: float,
    listener: socket.socket,
    welcome: Callable[[Welcome], None],
) -> None:
    """Live from `start` to `live_from` at full speed, then serve on `listener` until interrupted."""
    with asyncio.Runner(loop_factory=BuildingLoop) as runner:
        runner.run(_live(settings, start, live_from, speed, listener, welcome))


async def _live(
    settings: EmulatedSettings,
    start: datetime,
    live_from: datetime,
    speed: float,
    listener: socket.socket,
    welcome: Callable[[Welcome], None],
) -> None:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, start)
    pace, writer = Pace(clock), WorkThread("writes")
    site = EmulatedSite(settings, clock, pace)
    journal = FileJournal(settings.data / "authorizer", AUTHORIZER, clock.now, Durability.BUFFERED)
    authorizer = Authorizer(site.services, journal)
    drain = Drain(authorizer, AUTHORIZER, site.services, clock, pace)
    web = Web(
        site.services,
        clock.now,
        authorizer,
        lambda: site.intake.is_connected,
        is_fictional=True,
        is_public=True,
        speed=speed,
    )
    web.app.include_router(emulation(site.devices, site.services))
    async with site.running(), asyncio.TaskGroup() as group:
        tasks = [group.create_task(site.people.run(), name="people")]
        await clock.sleep((live_from - start).total_seconds())
        if isinstance(loop, BuildingLoop):
            loop.go_live(speed)
        pace.go_live(writer)
        for edge in site.edges:
            edge.daemon.consult(Beside(authorizer, clock.now))
        tasks += [
            group.create_task(drain.run(), name="authorizer drain"),
            group.create_task(site.services.limits.run(clock, pace), name="limits"),
            group.create_task(Neighbours(site.services, clock, pace).run(), name="neighbours"),
            group.create_task(tend(authorizer, web.ring, clock, pace), name="authorizer tend"),
        ]
        today = site.services.policy.calendar.local(live_from).day
        past = partial(invent, site.services, site.residents, settings.seed, today)
        group.create_task(asyncio.to_thread(past), name="past")  # it comes to its end by itself
        welcome(_welcome(site, live_from))
        await web.serve(listener)
        for task in tasks:
            task.cancel()
    writer.close()
    authorizer.close()
    journal.close()


def _welcome(site: EmulatedSite, at: datetime) -> Welcome:
    password = site.services.operators.first_administrator(at)
    scopes = tuple(scope.value for scope in DEMO_SCOPES)
    key = site.services.keys.create("emulation", scopes, "first start", at, at + _KEY_LASTS)
    return Welcome(password, key)
