"""The server of a site, put together: use cases, intake over the broker, the authorizer and its journal, the web."""

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from access.authorize.authorizer import Authorizer
from access.authorize.drain import Drain
from access.bus.mqtt import MqttBus
from access.errors import SettingsError
from access.services import Services, open_services
from access.services.intake import Intake
from access.services.offload import WriterThread
from access.settings import Settings, load_hosts, load_site
from access.site.web import Web, open_web
from policies.ids import SourceId
from readers.journal import FileJournal

AUTHORIZER = SourceId("authorizer")
"""The source that decisions for foreign controllers are reported by."""


class MachineClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` seconds."""
        await asyncio.sleep(delay_s)


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve until the process is told to stop; `announce` gets the first administrator's one-time password, once."""
    # uvicorn stops in order at either signal and then raises it again: by then all is done.
    signal.signal(signal.SIGTERM, _let_pass)
    signal.signal(signal.SIGINT, _let_pass)
    clock = MachineClock()
    services = open_site(settings)
    try:
        password = services.operators.first_administrator(clock.now())
        if password is not None:
            announce(password)
        asyncio.run(_serve(settings, services, clock))
    finally:
        services.close()


def open_site(settings: Settings) -> Services:
    """Open the services of the settings; raise `SettingsError` if hosts and building do not fit."""
    Path(settings.data).mkdir(parents=True, exist_ok=True)
    building, policy = load_site(settings)
    scopes = load_hosts(Path(settings.hosts)) if settings.hosts else {}
    for source, doors in scopes.items():
        for door in doors:
            if door not in building.doors:
                raise SettingsError(f"{settings.hosts}: host {source}: there is no door {door}")
    if AUTHORIZER in scopes:
        raise SettingsError(f"{settings.hosts}: host {AUTHORIZER}: the name is the server's own")
    return open_services(
        settings.database_url, building, policy, {**scopes, AUTHORIZER: ()}, settings.signing_key_path
    )


async def _serve(settings: Settings, services: Services, clock: MachineClock) -> None:
    writer = WriterThread()
    journal = FileJournal(Path(settings.data) / "authorizer", AUTHORIZER, clock.now)
    authorizer = Authorizer(services, journal)
    intake = Intake(MqttBus(settings.bus), services, clock, writer)
    app, broadcast = open_web(
        services,
        clock.now,
        authorizer,
        lambda: intake.is_connected,
        # The shipped building is made up, and its pages say so.
        is_fictional=settings.policy == Settings().policy,
    )
    server = Web(app, broadcast, settings.host, settings.port)
    try:
        async with asyncio.TaskGroup() as group:
            drain = Drain(authorizer, AUTHORIZER, services, clock, writer)
            tasks = [group.create_task(intake.run()), group.create_task(drain.run())]
            await server.serve()
            for task in tasks:
                task.cancel()
    finally:
        journal.close()
        writer.close()


def _let_pass(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing: the signal was obeyed already."""
