"""Rights on the bus: deltas as soon as something is committed, snapshots on a schedule, and what a source lacks.

Sources acknowledge by the version in their status. One that says that it lacks something, or comes back with old
rights, is sent the rest at once; one that is silently behind, after a moment. What is committed and not yet sent stays
in the store's outbox, so nothing is lost with a line or with this process.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from access.services.clock import Clock
from access.services.offload import Offload
from access.services.publication import Publication, Publisher
from policies.ids import SourceId
from readers.wire.bus import Connection
from readers.wire.signals import Line, Status

_log = logging.getLogger(__name__)

REFRESH_EVERY_S = 12 * 3600.0
"""Snapshots go out anew this often though nothing changed: door computers let their rights age for 72 h at most."""

RETAIN_AFTER_S = 300.0
"""The broker keeps snapshots this old at most after a change: a new door computer begins with one of them."""

GRACE_S = 1.0
"""How long a source may take to acknowledge before it is looked after: many times a delta's way."""

_ASKED_AGAIN, _SILENT = timedelta(seconds=1), timedelta(seconds=10)
"""How long what was sent to one source is given before it is sent again: if it asks, and if it says nothing."""

_RETRY_S = 1.0


class _Source(msgspec.Struct):
    """What is known of one source: whether it is there, its rights, and what it was sent last."""

    line: Line = Line.OFFLINE
    version: int | None = None
    sent: tuple[int, datetime] | None = None


class Dispatch:
    """The way out of one server. `run` it over each connection; `changed` and `heard` tell it what happens."""

    def __init__(self, publisher: Publisher, clock: Clock, offload: Offload) -> None:
        self._publisher, self._clock, self._offload = publisher, clock, offload
        self._sources = {source: _Source() for source in publisher.sources}
        self._version = 0
        self._is_whole = True
        self._pending, self._stirred = asyncio.Event(), asyncio.Event()
        self._lacking: dict[SourceId, None] = {}  # in the order of their asking, each once
        self._asked = asyncio.Event()
        self._unretained = False

    def changed(self) -> None:
        """Say that rights were committed; call it on the event loop."""
        self._pending.set()

    def renew(self) -> None:
        """Ask for new snapshots of everything; call it on the event loop."""
        self._is_whole = True
        self._pending.set()

    def heard(self, source: SourceId, status: Status) -> None:
        """Take in a status of a source: what it acknowledges, and what it lacks."""
        known = self._sources.get(source)
        if known is None:
            return
        known.line = status.state
        if status.state is Line.OFFLINE:
            return
        stays, known.version = known.version == status.snapshot, status.snapshot
        # Who has just taken something may have the rest on its way; who says the same again has come back.
        if status.lacks is not None or (stays and self._is_behind(known)):
            self._lacking[source] = None
            self._asked.set()
        self._stirred.set()

    async def run(self, line: Connection) -> None:
        """Serve one connection until it breaks."""
        self.renew()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish(line), name="dispatch publishes")
            group.create_task(self._serve_lacking(line), name="dispatch completes")
            group.create_task(self._look_after(line), name="dispatch looks after")
            group.create_task(self._renew_by_schedule(), name="dispatch renews")
            group.create_task(self._retain(line), name="dispatch retains")

    async def _publish(self, line: Connection) -> None:
        while True:
            await self._pending.wait()
            self._pending.clear()
            is_whole, self._is_whole = self._is_whole, False
            make = self._publisher.publish if is_whole else self._publisher.changes
            try:
                publication = await self._offload(partial(make, self._clock.now()))
                if publication is not None:
                    await self._send(line, publication)
                    await self._offload(partial(self._publisher.has_gone_out, publication))
            except SQLAlchemyError as error:
                _log.error("rights-not-published", extra={"fault": type(error).__name__})
                self._is_whole |= is_whole
                await self._clock.sleep(_RETRY_S)
                self._pending.set()
                continue
            if publication is not None:
                self._note(publication, is_whole=is_whole)

    def _note(self, publication: Publication, *, is_whole: bool) -> None:
        self._version, self._unretained = publication.version, not is_whole
        if is_whole:
            for known in self._sources.values():
                known.sent = publication.version, self._clock.now()
        self._stirred.set()

    async def _send(self, line: Connection, publication: Publication) -> None:
        for message in publication.messages:
            await line.publish(message)

    async def _serve_lacking(self, line: Connection) -> None:
        while True:
            while not self._lacking:
                self._asked.clear()
                await self._asked.wait()
            source = next(iter(self._lacking))
            del self._lacking[source]
            await self._complete(line, source, _ASKED_AGAIN)

    async def _look_after(self, line: Connection) -> None:
        """Send what is missing to those who stay behind."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            await self._clock.sleep(GRACE_S)
            for source, known in self._sources.items():
                if known.line is Line.ONLINE and self._is_behind(known):
                    self._stirred.set()
                    await self._complete(line, source, _SILENT)

    async def _complete(self, line: Connection, source: SourceId, again_after: timedelta) -> None:
        """Send one source what it lacks, unless that was done a moment ago."""
        known, now = self._sources[source], self._clock.now()
        if known.sent is not None and known.sent[0] >= self._version and now < known.sent[1] + again_after:
            return
        make = partial(self._publisher.missing, source, known.version, now)
        publication = await self._or_nothing(make)
        if publication is not None:
            known.sent = publication.version, now
            await self._send(line, publication)

    async def _renew_by_schedule(self) -> None:
        while True:
            await self._clock.sleep(REFRESH_EVERY_S)
            self.renew()

    async def _retain(self, line: Connection) -> None:
        while True:
            await self._clock.sleep(RETAIN_AFTER_S)
            if not self._unretained:
                continue
            self._unretained = False
            publication = await self._or_nothing(partial(self._publisher.refresh, self._clock.now()))
            if publication is not None:
                await self._send(line, publication)

    async def _or_nothing(self, make: Callable[[], Publication | None]) -> Publication | None:
        try:
            return await self._offload(make)
        except SQLAlchemyError as error:
            _log.error("rights-not-published", extra={"fault": type(error).__name__})
            return None

    def _is_behind(self, known: _Source) -> bool:
        return known.version is None or known.version < self._version
