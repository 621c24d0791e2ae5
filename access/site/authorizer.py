"""An authorizer in a process of its own: taps answered from memory, and nothing else that could make one wait.

It reads the store at its start and when rights change, hears what doors report on the bus, and reports its own
decisions there as a door computer does. The server beside it is told `authorizer = "apart"`. Over PostgreSQL several
may stand ready, under different names: one answers, the others hear all that it hears and follow it.
"""

import asyncio
import random
import socket
from collections.abc import Callable, Coroutine
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import msgspec
import uvloop

from access.api import create_app
from access.api.taps import Taps
from access.authorize.authorizer import AUTHORIZER, Authorizer
from access.authorize.candidate import Candidate
from access.authorize.drain import GATHER_S
from access.authorize.hearing import Hearing
from access.authorize.tend import tend
from access.authorize.tenure import Tenure
from access.errors import SettingsError
from access.services import Services
from access.services.keyring import KeyRing
from access.services.neighbours import Neighbours
from access.services.offload import Offload, WorkThread
from access.settings import Settings
from access.site.calm import calm, collect
from access.site.http import listen, serve_http
from access.site.server import open_site
from access.site.tenure import awake, tenure_of
from policies.ids import SourceId
from readers.clock import SystemClock
from readers.errors import JournalError
from readers.journal import Durability, FileJournal, forget
from readers.ports import Clock
from readers.uplink import Uplink
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Bus
from readers.wire.signals import Line, Status
from readers.wire.topics import Topics


def authorize(settings: Settings, name: str | None = None) -> None:
    """Answer taps as `name`, or stand by, until told to stop; raise `SettingsError` where another is in the way."""
    source = SourceId(name or settings.authorizers[0])
    if source not in settings.authorizers:
        raise SettingsError(
            f"authorizer {source}: expected one of `authorizers`: {', '.join(settings.authorizers)}"
        )
    services = open_site(settings)
    try:
        with listen(settings.host, settings.port) as listener:
            uvloop.run(_run(settings, services, source, listener))
    except JournalError as error:
        raise SettingsError(str(error)) from error
    finally:
        services.close()


async def _run(settings: Settings, services: Services, source: SourceId, listener: socket.socket) -> None:
    clock, reading, bus = SystemClock(), WorkThread("reads"), MqttBus(settings.bus)
    folder, durability = Path(settings.data) / "authorizer", Durability(settings.durability)
    peers = frozenset(settings.authorizers) - {source}
    with (
        closing(FileJournal(folder, source, clock.now, durability)) as journal,
        tenure_of(settings, services, source, folder, clock) as tenure,
        closing(
            AuthorizerProcess(services, journal, bus, clock, reading, Post(source, tenure, peers))
        ) as process,
    ):
        calm()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in process.tasks()]
            await serve_http(process.front, listener, _nothing_goes_on)
            for task in tasks:
                task.cancel()
    reading.close()


class Post(msgspec.Struct, frozen=True):
    """What one authorizer is among others: the source it reports as, its tenure, and who may follow it."""

    source: SourceId
    tenure: Tenure | None = None
    peers: frozenset[SourceId] = frozenset()


ALONE = Post(AUTHORIZER)


class AuthorizerProcess:
    """The parts of such a process; `front` is its application."""

    def __init__(
        self,
        services: Services,
        journal: FileJournal,
        bus: Bus,
        clock: Clock,
        offload: Offload,
        post: Post = ALONE,
        monotonic: Callable[[], float] = awake,
    ) -> None:
        self._journal, self._clock, self._offload = journal, clock, offload
        self._tenure, source = post.tenure, post.source
        site = services.building.site
        # Before anything is read that other programs may change.
        self._neighbours = Neighbours(services, clock, offload)
        self.authorizer = Authorizer(services, journal, post.tenure, post.peers)
        self._ring = KeyRing(services.database)
        self._hearing = Hearing(bus, site, source, self.authorizer, clock, offload, monotonic)
        self.authorizer.turn.tell_peers = self._hearing.tell
        inner = create_app(services, clock.now, self.authorizer, lambda: self._hearing.is_connected)
        self.front = Taps(inner, services.building, self.authorizer, self._ring, clock.now)
        draw = random.Random()  # noqa: S311  (spreads reconnections)
        self._uplink = Uplink(source, Topics(site), bus, journal, clock, draw, self._status)
        self._uplink.gather_s = _gather_s
        self.authorizer.on_kept = self._uplink.notify

    def tasks(self) -> tuple[Coroutine[None, None, None], ...]:
        """Return what is to run beside the taps."""
        always = (
            self._neighbours.run(),
            self._hearing.run(),
            self._uplink.run(_no_snapshots),
            tend(self.authorizer, self._ring, self._clock, self._offload),
            forget(self._journal, self._clock),
            collect(self._clock, lambda: self._journal.position),
        )
        return (*always, self._tenure.run(self._hearing)) if isinstance(self._tenure, Candidate) else always

    def close(self) -> None:
        """Finish what is being written."""
        self.authorizer.close()

    def _status(self) -> Status:
        return Status(Line.ONLINE, self._clock.now(), version("totem-access"))


def _gather_s() -> float:
    return GATHER_S


def _no_snapshots(_payload: bytes) -> None:
    """Ignore a snapshot: the authorizer reads the store."""


def _nothing_goes_on() -> None:
    """End nothing: no stream is served here."""
