"""A candidate for answering a site's taps, where several may stand ready: the lease at work over PostgreSQL.

It looks at the term or renews it all the time, by a connection and a thread of its own, so that nothing else makes it
late. Whoever wins the term answers nobody before the store is read, and nobody who asks for a seat before the bus is
heard up to that moment and no seat of an earlier holder can be in flight unknown.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from access.authorize.lease import Ask, Effect, Lease, Standing, Timing, Turn
from access.log import Lasting
from access.services.clock import Clock
from access.services.offload import Offload
from access.store import terms
from access.store.database import Database
from access.store.terms import Term, Won
from policies.ids import SourceId
from readers.wire.bus import BusDown

_log = logging.getLogger(__name__)

_AGAIN_S = 0.25
"""After a fault, catching up is tried again this soon."""


class Feed(Protocol):
    """Where a candidate's view of the site comes from."""

    @property
    def is_connected(self) -> bool:
        """Return whether the bus is heard now."""
        ...

    @property
    def listened_s(self) -> float:
        """Return for how long the bus was heard without a break, in seconds; 0 while it is not."""
        ...

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        ...

    async def read_store(self) -> None:
        """Read rights, modes and passages; raise `SQLAlchemyError` where the database does not answer."""
        ...

    async def hear_up_to_now(self) -> None:
        """Return when everything that the bus had taken before this call is heard; raise `BusDown`."""
        ...


class Candidate:
    """A `Tenure` that has to be won and kept. `run` it as a task, `close` it when nobody is answered any more.

    `holder` names this candidate over all its lives, `now` is a clock in seconds that goes on while the machine sleeps.
    """

    def __init__(
        self,
        database: Database,
        holder: str,
        source: SourceId,
        clock: Clock,
        offload: Offload,
        now: Callable[[], float],
        timing: Timing,
    ) -> None:
        self._database, self._source = terms.impatient(database), source
        self._clock, self._offload, self._now = clock, offload, now
        self._lease, self._timing = Lease(holder, timing), timing
        self._catching_up: asyncio.Task[None] | None = None
        self._cut_off = Lasting(_log, "term-unknown", "term-known-again")
        self._behind = Lasting(_log, "not-caught-up", "caught-up")

    @property
    def epoch(self) -> int:
        """Return the epoch of this candidate's newest term; 0 before any."""
        return self._lease.epoch

    @property
    def standing(self) -> Standing:
        """Return how it stands; a term that ran out since the last look counts as held."""
        return self._lease.standing

    def may_answer(self) -> bool:
        """Return whether any tap may be answered now."""
        return self._lease.may_answer(self._now())

    def may_answer_plain(self) -> bool:
        """Return whether a tap may be answered now for which it does not matter who is where."""
        return self._lease.may_answer_plain(self._now())

    async def run(self, feed: Feed) -> None:
        """Stand ready, and hold the term whenever it can be had, until cancelled; `feed` brings the view up to date."""
        try:
            while True:
                await self._clock.sleep(await self._step(feed))
        finally:
            self._fall_silent()

    def close(self) -> None:
        """Leave the term, so that the next need not wait until it is over."""
        before, self._lease = self._lease, Lease(self._lease.holder, self._timing)
        try:
            with self._database.writing() as session:
                terms.give_up(session, before.holder, before.epoch)
        except SQLAlchemyError as fault:
            _log.warning("term-not-given-up", extra={"fault": type(fault).__name__})
        self._database.close()

    async def _step(self, feed: Feed) -> float:
        """Ask the database once; return how long to wait for the next time."""
        lease, sent = self._lease, self._now()
        self._obey(lease.tick(sent), feed)
        ask, seen = lease.ask(sent, is_fed=feed.is_connected), lease.seen
        try:
            answer = await self._offload(partial(self._put, ask, seen, lease.epoch))
        except SQLAlchemyError as fault:
            self._cut_off.note(type(fault).__name__)
            return self._timing.look_every_s
        self._cut_off.note(None)
        now = self._now()
        match answer:
            case Term():
                lease.looked(answer, now)
                return 0.0 if lease.ask(now, is_fed=feed.is_connected) is Ask.TAKE else self._wait_s()
            case bool():
                self._obey(lease.renewed(sent, now, is_ours=answer), feed)
            case _:
                self._obey(lease.took(answer, sent, now), feed)
        return self._wait_s()

    def _wait_s(self) -> float:
        is_holder = self._lease.standing is not Standing.WATCHING
        return self._timing.renew_every_s if is_holder else self._timing.look_every_s

    def _put(self, ask: Ask, seen: Term | None, epoch: int) -> Term | bool | Won | None:
        """Put one question to the database: a term as it is, whether it was renewed, or the one that was won."""
        holder, lasts = self._lease.holder, timedelta(seconds=self._timing.lasts_s)
        if ask is Ask.RENEW:
            with self._database.writing() as session:
                return terms.renew(session, holder, epoch, lasts)
        if ask is Ask.TAKE and seen is not None:
            with self._database.writing() as session:
                return terms.take(session, seen, holder, self._source, lasts)
        with self._database.reading() as session:
            return terms.read(session)

    # ---- what a change asks for

    def _obey(self, effects: tuple[Effect, ...], feed: Feed) -> None:
        for effect in effects:
            if effect is Effect.FALL_SILENT:
                self._fall_silent()
            else:
                _log.warning("term-won", extra={"source": self._source, "epoch": self.epoch})
                self._catching_up = asyncio.create_task(
                    self._catch_up(self.epoch, feed), name="authorizer catches up"
                )

    def _fall_silent(self) -> None:
        if self._catching_up is not None:
            _log.warning("term-over", extra={"source": self._source, "epoch": self.epoch})
            self._catching_up.cancel()
            self._catching_up = None

    async def _catch_up(self, epoch: int, feed: Feed) -> None:
        """Bring the view up to date for the term `epoch`."""
        unknown_s = feed.longest_seat_s - max(feed.listened_s, self._lease.alone_s)
        free_at = self._now() + max(0.0, unknown_s)
        await self._until_done(feed.read_store)
        self._obey(self._lease.caught_up(Turn.READ, epoch, self._now()), feed)
        await self._until_done(feed.hear_up_to_now)
        while (left_s := free_at - self._now()) > 0:
            await self._clock.sleep(left_s)
        self._obey(self._lease.caught_up(Turn.HEARD, epoch, self._now()), feed)
        _log.warning("term-answered", extra={"source": self._source, "epoch": epoch})

    async def _until_done(self, step: Callable[[], Coroutine[None, None, None]]) -> None:
        while True:
            try:
                await step()
            except (SQLAlchemyError, OSError, BusDown) as fault:  # rules are read by way of a file
                self._behind.note(type(fault).__name__)
                await self._clock.sleep(_AGAIN_S)
            else:
                self._behind.note(None)
                return
