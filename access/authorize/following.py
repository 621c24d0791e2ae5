"""How the authorizer stays true: rights as they change, passages as they are stored, and what a stop left behind.

Everything here happens beside the path of a tap: in the thread that committed, which pays for it, or at the start.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock

from sqlalchemy.exc import SQLAlchemyError

from access.authorize.judge import Judge
from access.authorize.rights import Rights
from access.authorize.view import KEEP, SiteView
from access.occupancy.entries import ENTERS_THE_FOLD
from access.services import Services
from access.services.outbox import RightsChanged
from access.store import events
from policies.ids import PersonId
from policies.presence import Expiry
from readers.wire.events import Event, EventType

_log = logging.getLogger(__name__)

_AT_ONCE = 64
"""So many events are folded under one hold of the lock: a tap waits for a few hundred microseconds at most."""


class Following:
    """Keeps a `judge` up to date with the services; `lock` is held for every change of it."""

    def __init__(self, services: Services, lock: Lock, unstored: Sequence[Event]) -> None:
        self._services, self._lock = services, lock
        self._loading = Lock()
        self._stays: dict[PersonId, timedelta] = {}
        self._is_stale = False
        view = SiteView(services.building, Expiry(services.policy.calendar, limit_of=self._stays_for))
        self._rights = self._load()
        self.judge = Judge(services.building, self._rights, view)
        services.rights.listen(self._reload)
        services.news.listen(self.take)
        self._resume(unstored)

    def take(self, news: Iterable[Event]) -> None:
        """Fold what was reported, a little at a time."""
        coming = iter(news)
        while batch := list(islice(coming, _AT_ONCE)):
            with self._lock:
                self.judge.view.take(batch)

    def advance(self, now: datetime) -> None:
        """Let expire what is due, and read rights again that could not be read when they changed."""
        with self._lock:
            self.judge.view.advance(now)
        if self._is_stale:
            self._reload()

    def _reload(self, _news: RightsChanged | None = None) -> None:
        """Take up changed rights; while the store cannot be read, decide from those known."""
        with self._loading:
            try:
                rights = self._load()
            except SQLAlchemyError as error:
                self._is_stale = True
                _log.error("rights-not-read", extra={"fault": type(error).__name__})
                return
            self._is_stale = False
            with self._lock:
                self._rights = self.judge.rights = rights

    def _load(self) -> Rights:
        services = self._services
        return Rights(services.policy, services.building, services.publisher.roster())

    def _resume(self, unstored: Sequence[Event]) -> None:
        """Take up who is inside, and the seats that an earlier life gave away and nobody reported about yet."""
        view = self.judge.view
        with self._services.database.reading() as session:
            newest = events.newest(session, events.Filter(), None, 1)
            since = max((event.at for event in (*newest, *unstored)), default=None)
            if since is None:
                return
            self.take(events.oldest_first(session, tuple(ENTERS_THE_FOLD), since - KEEP))
            kinds = (EventType.DECISION, EventType.PASSAGE, EventType.NO_ENTRY)
            lately = list(events.oldest_first(session, kinds, since - view.longest_seat))
        view.resume(sorted((*lately, *unstored), key=_place))

    def _stays_for(self, person: PersonId) -> timedelta:
        """Return how long somebody is believed to stay; whoever was asked about once keeps the answer."""
        known = self._stays.get(person)
        if known is None:
            known = self._stays[person] = self._rights.stays_for(person)
        return known


def _place(event: Event) -> tuple[datetime, str, int, int]:
    return event.at, event.source, event.epoch, event.seq
