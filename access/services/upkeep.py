"""What is put in order every night: badges that lie idle, visitors who never came, grants and news that are past.

Each is a use case of its own, done once a night in its own transaction; one that fails is tried again the next.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from access.errors import TotemError
from access.services.badges import Badges
from access.services.changing import Changing
from access.services.clock import Clock
from access.services.offload import Offload
from access.services.outbox import Outbox, RightsChanged
from access.services.visits import Visits
from access.store import changes, grants
from access.store.database import Database

_log = logging.getLogger(__name__)

ACTOR = "upkeep"
_EVERY_S = 24 * 3600.0
_GRANTS_KEPT = timedelta(days=90)
"""How long an ended grant can still be asked about."""

_CHANGES_KEPT = timedelta(days=30)
"""How long it can be told since when a door computer is behind."""

_VISITORS_AWAITED = timedelta(hours=12)


class Upkeep:
    """The nightly work. Badges are left alone without a number of idle days."""

    def __init__(
        self,
        database: Database,
        badges: Badges,
        visits: Visits,
        outbox: Outbox[RightsChanged],
        idle_days: int | None = None,
    ) -> None:
        self._database, self._badges, self._visits, self._idle_days = database, badges, visits, idle_days
        self._changing = Changing(database, outbox)

    async def run(self, clock: Clock, offload: Offload) -> None:
        """Do everything now and then every night, until cancelled."""
        while True:
            for work in self.works():
                try:
                    await offload(partial(work, clock.now()))
                except (SQLAlchemyError, TotemError) as error:
                    _log.error("upkeep-failed", extra={"work": work.__name__, "fault": type(error).__name__})
            await clock.sleep(_EVERY_S)

    def works(self) -> tuple[Callable[[datetime], int], ...]:
        """Return what there is to do; each returns how much it did."""
        return (self.idle_badges, self.missed_visits, self.ended_grants, self.old_changes)

    def idle_badges(self, at: datetime) -> int:
        """Disable the badges that nobody used for so many days."""
        if self._idle_days is None:
            return 0
        return len(self._badges.disable_idle(self._idle_days, ACTOR, at))

    def missed_visits(self, at: datetime) -> int:
        """Cancel the visits that nobody came to."""
        return len(self._visits.cancel_missed(at - _VISITORS_AWAITED, ACTOR, at))

    def ended_grants(self, at: datetime) -> int:
        """Forget grants that ended long ago, here and at doors."""
        with self._changing.by(ACTOR, at) as change:
            change.people += grants.forget_ended(change.session, at - _GRANTS_KEPT)
            return len(change.people)

    def old_changes(self, at: datetime) -> int:
        """Forget old news of rights that every snapshot has."""
        with self._database.writing() as session:
            return changes.forget(session, at - _CHANGES_KEPT)
