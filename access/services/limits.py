"""Alerts at 75, 100 and 150 % of a capacity, as events: one when a step is reached, one when it is over.

They are the server's own: stored, in the feed, on the streams and on the bus. What stands is what the live view
says, with its hysteresis; a restart goes on from the events that are stored, and raises none of them again.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from access.occupancy.limits import STEPS, Limit
from access.occupancy.live import LiveBuilding
from access.services.clock import Clock
from access.services.offload import Offload
from access.services.outbox import Outbox
from access.services.own import SERVER, OwnEvents
from access.store import events
from access.store.database import Database
from policies.ids import SpaceId
from readers.wire.events import Draft, Event, EventType

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""After news; without any, counts are looked at once a minute, because people expire."""

_LOOKS_WITHOUT_NEWS = 60
_NEWEST = 2_000


class LimitAlerts:
    """The alerts of one building. `run` it as a task; `reached` counts the steps reached since the start."""

    def __init__(
        self, database: Database, live: LiveBuilding, own: OwnEvents, news: Outbox[Sequence[Event]]
    ) -> None:
        self._database, self._live, self._own, self._news = database, live, own, news
        self._told: dict[SpaceId, Limit] = {}
        self._is_changed = True
        self.reached: Counter[Limit] = Counter()

    def resume(self, stood: Mapping[SpaceId, Limit]) -> None:
        """Go on from the steps that stood before, and were told."""
        self._told.update(stood)
        self._live.resume_limits(stood)

    @property
    def standing(self) -> Counter[Limit]:
        """Return in how many spaces each step stands, the lower ones of a space included."""
        return Counter(step for limit in self._told.values() for step in STEPS if step <= limit)

    async def run(self, clock: Clock, offload: Offload) -> None:
        """Look at the counts after news until cancelled."""
        stop_listening = self._news.listen(self._on_news)
        quiet = 0
        try:
            while True:
                quiet += 1
                if self._is_changed or quiet >= _LOOKS_WITHOUT_NEWS:
                    self._is_changed, quiet = False, 0
                    await self._look(clock.now(), offload)
                await clock.sleep(LOOK_EVERY_S)
        finally:
            stop_listening()

    def _on_news(self, _events: Sequence[Event]) -> None:
        self._is_changed = True

    async def _look(self, now: datetime, offload: Offload) -> None:
        self._live.advance(now)
        stands = {space: count.limit for space, count in self._live.counts().items()}
        drafts = [draft for space in stands for draft in self._drafts(space, stands[space], now)]
        if not drafts:
            return
        try:
            told = await offload(partial(self._write, drafts))
        except SQLAlchemyError as error:  # the next look finds the same again
            _log.error("limits-not-stored", extra={"alerts": len(drafts), "fault": type(error).__name__})
            self._is_changed = True
            return
        self._told.update(stands)
        self.reached.update(step_of(event) for event in told if event.type is EventType.LIMIT_REACHED)
        self._own.tell(told)

    def _drafts(self, space: SpaceId, stands: Limit, now: datetime) -> Iterable[Draft]:
        """Yield what there is to tell of a space: the steps it rose to in their order, or those it fell from."""
        stood, count = self._told.get(space, Limit.NONE), self._live.counts()[space].count
        rose = [step for step in STEPS if stood < step <= stands]
        fell = [step for step in reversed(STEPS) if stands < step <= stood]
        for kind, steps in ((EventType.LIMIT_REACHED, rose), (EventType.LIMIT_CLEARED, fell)):
            for step in steps:
                yield Draft(now, kind, space=space, number=count, cause=f"{step.value}-percent")

    def _write(self, drafts: Sequence[Draft]) -> list[Event]:
        with self._database.writing() as session:
            return self._own.append(session, drafts)


def stood(database: Database) -> dict[SpaceId, Limit]:
    """Return the steps that stand by the stored events, the newest of each space."""
    types = (EventType.LIMIT_REACHED, EventType.LIMIT_CLEARED)
    with database.reading() as session:
        newest = events.newest(session, events.Filter(types=types), None, _NEWEST)
    found: dict[SpaceId, Limit] = {}
    for event in newest:
        if event.space is not None and event.space not in found and event.source == SERVER:
            found[event.space] = _after(event)
    return found


def step_of(event: Event) -> Limit:
    """Return the step that an alert tells of."""
    return Limit(int((event.cause or "0-").partition("-")[0]))


def _after(event: Event) -> Limit:
    step = step_of(event)
    if event.type is EventType.LIMIT_REACHED:
        return step
    return max((lower for lower in STEPS if lower < step), default=Limit.NONE)
