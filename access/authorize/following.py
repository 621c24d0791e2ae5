"""How the authorizer stays true: rights as they change, passages as they are stored, and what a stop left behind.

Everything here happens beside the path of a tap: in the thread that committed, which pays for it, or at the start.
"""

import gc
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Lock
from time import sleep

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from access.authorize.judge import Judge
from access.authorize.modes import Modes
from access.authorize.rights import Rights
from access.authorize.view import KEEP, SiteView
from access.log import Lasting
from access.occupancy.entries import ENTERS_THE_FOLD
from access.services import Services
from access.services.outbox import RightsChanged
from access.store import events
from policies.decision import Effect, Reason
from policies.ids import DoorId, PersonId, SourceId
from policies.presence import Expiry
from policies.timetable import LONGEST_ARRIVAL
from readers.errors import WireError
from readers.wire import commands
from readers.wire import delta as deltas
from readers.wire.bus import Message
from readers.wire.delta import Delta
from readers.wire.events import Event, EventType

_log = logging.getLogger(__name__)

_TELLS_OF_SEATS = (EventType.DECISION, EventType.RESERVED, EventType.PASSAGE, EventType.NO_ENTRY)

_MOST_LATELY = 10_000

_OVERLAP = timedelta(minutes=10)
"""What was stored since a moment is read from so long before it: reports come a little late, clocks differ a little."""

_AT_ONCE = 64
"""So many events or people are taken up under one hold of the lock: a tap waits for a few hundred microseconds."""

_BREATH_S = 0.0001
"""Between two holds: a lock that is taken again at once stays with its thread, whoever waits for it."""


class Following:
    """Keeps a `judge` up to date with the services; `lock` is held for every change of it.

    `breathe` is called between two holds of one change, without the lock.
    """

    def __init__(
        self,
        services: Services,
        lock: Lock,
        unstored: Sequence[Event],
        peers: frozenset[SourceId] = frozenset(),
        breathe: Callable[[], None] = lambda: sleep(_BREATH_S),
    ) -> None:
        self._services, self._lock, self._breathe = services, lock, breathe
        self._catching_up = Lock()
        self._stays: dict[PersonId, timedelta] = {}
        self._is_stale = False
        self._unread = Lasting(_log, "rights-not-read", "rights-read-again", logging.ERROR)
        modes = Modes(services.building, services.policy)
        expiry = Expiry(services.policy.calendar, limit_of=self._stays_for)
        view = SiteView(services.building, modes, expiry, peers)
        self.judge = Judge(services.building, self._load(), view)
        services.rights.listen(self._follow)
        services.commands.listen(self.command)
        services.news.listen(self.take)
        self._resume(unstored)

    # ---- what is told

    def hear(self, news: Sequence[Event]) -> None:
        """Fold what was reported, in the thread that decides: no tap can wait for it."""
        with self._lock:
            self.judge.view.take(news)

    def take(self, news: Iterable[Event]) -> None:
        """Fold what was reported, a little at a time, beside the thread that decides."""
        for batch in self._a_few_each(news):
            with self._lock:
                self.judge.view.take(batch)

    def change(self, payload: bytes, *, at_once: bool = False) -> bool:
        """Take up a signed delta from the bus; return False if what lies before it is missing. Raise `WireError`.

        The thread that decides takes a small one up `at_once`: it is to wait for nothing between two parts.
        """
        delta = deltas.read(payload, self._services.publisher.public_key)
        if delta.after > self.judge.rights.version:
            return False
        if delta.version > self.judge.rights.version:
            self._apply(delta, at_once=at_once)
        return True

    def command(self, message: Message) -> None:
        """Take up a door's register of modes, signed as the door gets it; anything else is the door's alone."""
        try:
            command = commands.read(message.payload, self._services.publisher.public_key)
        except WireError as error:
            _log.warning("command-refused", extra={"topic": message.topic, "fault": str(error)})
            return
        if command.orders is not None:
            with self._lock:
                self.judge.view.modes.put(command.door, command.orders, command.issued_at)

    def catch_up(self) -> None:
        """Read what changed since the version in force; while the store cannot be read, decide from what is known."""
        try:
            self._read_rights()
            self._unread.note(None)
        except SQLAlchemyError as error:
            self._is_stale = True
            self._unread.note(type(error).__name__)

    def look_again(self) -> None:
        """Read rights again that could not be read when they changed."""
        if self._is_stale:
            self.catch_up()

    def _read_rights(self) -> None:
        with self._catching_up:
            delta = None  # other rules are compiled anew, with everybody
            if self._policy is self._services.policy:
                delta = self._services.publisher.since(self.judge.rights.version, datetime.now(UTC))
            rights = self._load() if delta is None else None
            self._is_stale = False
        if delta is not None:
            self._apply(delta)
        elif rights is not None:
            with self._lock:
                self.judge.follow(rights)

    def read_store(self, since: datetime) -> None:
        """Read rights, modes and what was stored since, in which what is known already changes nothing.

        Raise `SQLAlchemyError` where the database does not answer.
        """
        services, view, begin = self._services, self.judge.view, since - _OVERLAP
        services.policies.catch_up()
        self._read_rights()
        for register in services.doors.registers(datetime.now(UTC)):
            self.command(register)
        with services.database.reading() as session:
            self.take(events.oldest_first(session, tuple(ENTERS_THE_FOLD), begin))
            lately = events.oldest_first(session, _TELLS_OF_SEATS, begin - view.longest_seat)
            for batch in self._a_few_each(lately):
                with self._lock:
                    view.resume(batch)

    def decided_lately(self, since: datetime, reason: Reason | None = None) -> list[Event]:
        """Return what was decided and taken back from `since` on, in its order; of one reason where that is given."""
        kinds = (EventType.DECISION, EventType.NO_ENTRY)
        chosen = events.Filter(since=since, types=kinds, reason=reason)
        with self._services.database.reading() as session:
            return events.newest(session, chosen, None, _MOST_LATELY)[::-1]

    def advance(self, now: datetime) -> None:
        """Let expire what is due."""
        with self._lock:
            self.judge.view.advance(now)

    # ---- how

    def _follow(self, _news: RightsChanged) -> None:
        self.catch_up()

    def _apply(self, delta: Delta, *, at_once: bool = False) -> None:
        steps, part = self.judge.rights.apply(delta), sys.maxsize if at_once else _AT_ONCE
        while True:
            with self._lock:
                taken = len(list(islice(steps, part)))
            if taken < part:
                return
            self._breathe()

    def _a_few_each(self, news: Iterable[Event]) -> Iterator[list[Event]]:
        """Yield what is taken up under one hold of the lock, and let others have it in between."""
        coming = iter(news)
        while batch := list(islice(coming, _AT_ONCE)):
            yield batch
            if len(batch) == _AT_ONCE:
                self._breathe()

    def _load(self) -> Rights:
        services = self._services
        version = services.publisher.version()  # before the roster: what changes in between comes again
        self._policy = services.policy
        with closing(services.publisher.holders()) as holders, _uncollected():
            return Rights(self._policy, services.building, holders, version)

    def _resume(self, unstored: Sequence[Event]) -> None:
        """Take up modes, who is inside, and the seats that an earlier life gave away and nobody reported about yet."""
        view, services = self.judge.view, self._services
        for register in services.doors.registers(datetime.now(UTC)):
            self.command(register)
        with services.database.reading() as session:
            newest = events.newest(session, events.Filter(), None, 1)
            since = max((event.at for event in (*newest, *unstored)), default=None)
            if since is None:
                return
            self.take(events.oldest_first(session, tuple(ENTERS_THE_FOLD), since - KEEP))
            lately = list(events.oldest_first(session, _TELLS_OF_SEATS, since - view.longest_seat))
            entries = [entry for door in view.modes.waiting for entry in self._entries(session, door, since)]
        view.resume(sorted((*lately, *unstored), key=_place))
        for event in sorted((*entries, *unstored), key=_place):
            view.modes.hear(event, since)

    def _entries(self, session: Session, door: DoorId, until: datetime) -> list[Event]:
        """Return who was let in at a door that may have waited for a first person."""
        since = until - LONGEST_ARRIVAL
        kinds = (EventType.DECISION,)
        chosen = events.Filter(since=since, types=kinds, door=door, effect=Effect.GRANT)
        return events.newest(session, chosen, None, _MOST_LATELY)

    def _stays_for(self, person: PersonId) -> timedelta:
        """Return how long somebody is believed to stay; whoever was asked about once keeps the answer."""
        known = self._stays.get(person)
        if known is None:
            known = self._stays[person] = self.judge.rights.stays_for(person)
        return known


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile: a million people are none, and looking through them takes longer than they do."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _place(event: Event) -> tuple[datetime, str, int, int]:
    return event.at, event.source, event.epoch, event.seq
