"""The server of a site, put together: use cases, intake over the broker, the authorizer and its journal, the web."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import ExitStack, closing
from pathlib import Path

import uvloop

from access.authorize.authorizer import Authorizer
from access.authorize.candidate import Candidate
from access.authorize.drain import GATHER_S, Drain
from access.authorize.stored import StoreFeed
from access.authorize.tend import tend
from access.errors import SettingsError
from access.services import Services, open_services
from access.services.announcer import Announcer
from access.services.examination import files_of
from access.services.intake import Intake
from access.services.keyring import KeyRing
from access.services.neighbours import Neighbours
from access.services.offload import WorkThread
from access.services.upkeep import Upkeep
from access.settings import Settings, load_hosts, load_site
from access.site.calm import calm, collect
from access.site.http import listen
from access.site.tenure import tenure_of
from access.site.web import Web
from access.site.wires import doors_by_host
from readers.clock import SystemClock
from readers.journal import Durability, FileJournal, forget
from readers.uplink.mqtt import MqttBus


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `announce` gets the first administrator's one-time password, once."""
    clock = SystemClock()
    services = open_site(settings)
    try:
        password = services.operators.first_administrator(clock.now())
        if password is not None:
            announce(password)
        with listen(settings.host, settings.port) as listener:
            uvloop.run(_serve(settings, services, clock, listener))
    finally:
        services.close()


def open_site(settings: Settings) -> Services:
    """Open the services of the settings; raise `SettingsError` if hosts and building do not fit."""
    Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    building, policy = load_site(settings)
    hosts = load_hosts(Path(settings.hosts)) if settings.hosts else {}
    scopes = doors_by_host(hosts, building, settings.hosts or "hosts")
    for name in settings.authorizers:
        if name in scopes:
            raise SettingsError(f"{settings.hosts}: host {name}: the name is an authorizer's")
    return open_services(
        settings.database_url,
        building,
        policy,
        scopes | dict.fromkeys(settings.authorizers, ()),
        settings.signing_key_path,
        files=files_of(Path(settings.policy)),
    )


async def _serve(settings: Settings, services: Services, clock: SystemClock, listener: socket.socket) -> None:
    writer, beside = WorkThread("writes"), ExitStack()
    forgetting = WorkThread("forgets")  # for minutes after a long stop, while the writer goes on
    bus = MqttBus(settings.bus)
    neighbours = Neighbours(services, clock, writer)  # before anything is read that they may change
    inside = _Inside(settings, services, clock, beside) if settings.authorizer == "inside" else None
    intake = Intake(bus, services, clock, writer)
    upkeep = Upkeep(
        services.database, services.badges, services.visits, services.rights, settings.idle_badge_days
    )
    web = Web(
        services,
        clock.now,
        inside.authorizer if inside is not None else None,
        lambda: intake.is_connected,
        # The shipped building is made up, and its pages say so.
        is_fictional=settings.policy == Settings().policy,
        is_public=settings.public,
    )
    disclosure = services.disclosure if settings.bus_counts == "disclosed" else None
    announcer = Announcer(bus, services.live, services.news, clock, settings.home_assistant, disclosure)
    calm()
    with beside:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(intake.run(), name="intake"),
                group.create_task(neighbours.run(), name="neighbours"),
                group.create_task(announcer.run(), name="announcer"),
                group.create_task(services.chronicle.run(clock, writer), name="chronicle"),
                group.create_task(services.limits.run(clock, writer), name="limits"),
                group.create_task(upkeep.run(clock, writer), name="upkeep"),
                group.create_task(services.retention.run(clock, forgetting), name="retention"),
            ]
            recorded = inside.recorded if inside is not None else _no_tap
            tasks.append(group.create_task(collect(clock, recorded), name="collect"))
            if inside is not None:
                tasks += [group.create_task(each) for each in inside.tasks(web.ring, writer)]
            await web.serve(listener)
            for task in tasks:
                task.cancel()
    writer.close()
    forgetting.close()


def _no_tap() -> None:
    """Tell of no tap: they are answered elsewhere."""


class _Inside:
    """The authorizer in the server's own process."""

    def __init__(self, settings: Settings, services: Services, clock: SystemClock, beside: ExitStack) -> None:
        folder, durability = Path(settings.data) / "authorizer", Durability(settings.durability)
        self._source, *_ = settings.authorizers
        self._journal = beside.enter_context(
            closing(FileJournal(folder, self._source, clock.now, durability))
        )
        self._tenure = beside.enter_context(tenure_of(settings, services, self._source, folder, clock))
        self.authorizer = beside.enter_context(closing(Authorizer(services, self._journal, self._tenure)))
        self._services, self._clock = services, clock

    def recorded(self) -> tuple[int, int]:
        """Return the place of the newest record: every tap makes one."""
        return self._journal.position

    def tasks(self, ring: KeyRing, writer: WorkThread) -> tuple[Coroutine[None, None, None], ...]:
        """Return what is to run beside the taps."""
        authorizer, clock = self.authorizer, self._clock
        drain = Drain(authorizer, self._source, self._services, clock, writer, GATHER_S)
        always = drain.run(), tend(authorizer, ring, clock, writer), forget(authorizer, clock)
        if not isinstance(self._tenure, Candidate):
            return always
        return (*always, self._tenure.run(StoreFeed(authorizer, clock, writer)))
