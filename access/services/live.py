"""The building now, brought up from what is stored: after a restart, screens show what they showed before."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain

from access.occupancy.entries import ENTERS_THE_FOLD
from access.occupancy.history import Recorder
from access.occupancy.live import KEEP, LiveBuilding
from access.services.counting import page_of
from access.store import events, occupancy, people
from access.store.database import Database
from policies.building import Building
from policies.ids import PersonId
from policies.policy import Policy
from policies.presence import Expiry, dwell_limit
from policies.presence.expiry import GRID, first_tick_after
from policies.schedule import Calendar

_LATEST = 500
"""How many of the newest events of any kind are taken up beside those of presence: enough for feeds and doors."""


def open_live(
    database: Database, building: Building, policy: Policy, recorder: Recorder | None = None
) -> LiveBuilding:
    """Return the live view after what is stored of the last while, whatever order it came in."""
    live = LiveBuilding(building, Expiry(policy.calendar, limit_of=_limits(database)), recorder, KEEP)
    with database.reading() as session:
        live.restore(*occupancy.load_presence(session))
        latest = events.newest(session, events.Filter(), None, _LATEST)
        since = max((event.at for event in latest), default=None)
        if since is not None:
            since -= KEEP
            if recorder is not None:
                begins = _next_quiet_hour(policy.calendar, since)
                pages = occupancy.kept(session, since.date() - timedelta(days=1))
                recorder.resume([page_of(one) for one in pages], begins)
        told = events.oldest_first(session, tuple(ENTERS_THE_FOLD), since)
        live.take(chain(told, reversed(latest)))
    return live


def _next_quiet_hour(calendar: Calendar, since: datetime) -> datetime:
    """Return from when on counts stand on no more than what is folded again: rooms were empty then."""
    expiry, tick = Expiry(calendar), first_tick_after(since)
    while not expiry.is_quiet(tick):
        tick += GRID
    return tick


def _limits(database: Database) -> Callable[[PersonId], timedelta]:
    """Return how long each person is believed to stay. Whoever was asked about once keeps the answer."""
    known: dict[PersonId, timedelta] = {}

    def limit_of(person: PersonId) -> timedelta:
        limit = known.get(person)
        if limit is None:
            with database.reading() as session:
                record = people.get(session, person)
            limit = known[person] = dwell_limit(record.type if record is not None else None)
        return limit

    return limit_of
