"""Counts on the bus: a retained message a space, so that whoever subscribes knows at once; Home Assistant finds them.

A limit that is reached, or over, is told beside them, once. Its own line, beside the intake's: a slow subscriber's
broker must never hold events back. Counts only, nobody in them. While the line is away counts go on; once it is back,
all of them are told again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from access.occupancy.disclosure import DisclosedCount, Disclosure
from access.occupancy.feed import LIMIT_EVENTS
from access.occupancy.live import LiveBuilding, SpaceCount
from access.services.clock import Clock
from access.services.discovery import discovery
from access.services.outbox import Outbox
from policies.ids import SpaceId
from readers.wire.bus import Bus, BusDown, Connection, Message
from readers.wire.events import Event
from readers.wire.topics import Topics

_log = logging.getLogger(__name__)

SHORTEST_PAUSE_S = 1.0
"""Between two rounds: a dashboard of another make does not need more."""

TELL_ALL_EVERY_S = 60.0
"""What did not change is told again, so that a count's age is that of the newest event seen."""

_ALERTS_KEPT = 500
"""While the line is away; the events themselves are stored."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
_HERE, _GONE = b"online", b"offline"


class Announcer:
    """Tells the counts of one building. `run` it as a task; `prefix` is Home Assistant's, None for no discovery.

    With a `disclosure` it tells what that shows of each quarter-hour, for a bus that more than operators read.
    """

    def __init__(
        self,
        bus: Bus,
        live: LiveBuilding,
        news: Outbox[Sequence[Event]],
        clock: Clock,
        prefix: str | None = None,
        disclosure: Disclosure | None = None,
    ) -> None:
        self._bus, self._live, self._news, self._clock = bus, live, news, clock
        self._disclosure = disclosure
        self._topics = Topics(live.building.site)
        self._prefix = prefix
        self._changed = asyncio.Event()
        self._alerts: deque[Event] = deque(maxlen=_ALERTS_KEPT)
        self._told: dict[SpaceId, tuple[object, ...]] = {}
        self._is_connected = False

    async def run(self) -> None:
        """Hold the line until cancelled."""
        loop = asyncio.get_running_loop()

        def on_news(news: Sequence[Event]) -> None:
            if self._disclosure is None:  # else a message right after a passage would tell of it
                self._alerts.extend(event for event in news if event.type in LIMIT_EVENTS)
                loop.call_soon_threadsafe(self._changed.set)

        stop_listening = self._news.listen(on_news)
        wait_s = _FIRST_WAIT_S
        try:
            while True:
                try:
                    await self._hold()
                except* BusDown as down:
                    _log.warning("counts-not-announced", extra={"fault": str(down.exceptions[0])})
                wait_s = _FIRST_WAIT_S if self._is_connected else min(wait_s * 2, _LONGEST_WAIT_S)
                self._is_connected = False
                await self._clock.sleep(wait_s)
        finally:
            stop_listening()

    async def _hold(self) -> None:
        status, mine = self._topics.server_status, self._topics.client("counts")
        will = Message(status, _GONE, retain=True)
        async with self._bus.connect(mine, (self._topics.occupancy("+"),), will) as line:
            self._is_connected = True
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._sweep(line), name="announcer sweeps")
                    group.create_task(self._tell(line), name="announcer tells")
            except asyncio.CancelledError:
                await line.publish(will)  # a line that is closed in order leaves no will
                raise

    async def _tell(self, line: Connection) -> None:
        if self._prefix is not None:
            exact = self._disclosure is None
            await line.publish(discovery(self._live.building, self._topics, self._prefix, exact=exact))
        await line.publish(Message(self._topics.server_status, _HERE, retain=True))
        while True:
            self._told.clear()
            until = self._clock.now().timestamp() + TELL_ALL_EVERY_S
            while (left_s := until - self._clock.now().timestamp()) > 0:
                self._changed.clear()
                await self._tell_changes(line)
                await self._pause(left_s)

    async def _tell_changes(self, line: Connection) -> None:
        while self._alerts:
            alert = self._alerts[0]
            topic = self._topics.alert(alert.space or "")
            await line.publish(Message(topic, msgspec.json.encode(_Alert.of(alert))))
            self._alerts.popleft()
        for space, count in self._counts().items():
            seen = _seen(count)
            if self._told.get(space) != seen:
                topic = self._topics.occupancy(space)
                await line.publish(Message(topic, msgspec.json.encode(count), retain=True))
                self._told[space] = seen

    def _counts(self) -> Mapping[SpaceId, SpaceCount | DisclosedCount]:
        return self._live.counts() if self._disclosure is None else self._disclosure.at(self._clock.now())

    async def _pause(self, longest_s: float) -> None:
        """Return after something changed, but not at once, or when all is due again."""
        await self._clock.sleep(min(SHORTEST_PAUSE_S, longest_s))
        rest_s = longest_s - SHORTEST_PAUSE_S
        if rest_s > 0 and not self._changed.is_set():
            due = asyncio.ensure_future(self._clock.sleep(rest_s))
            news = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait((due, news), return_when=asyncio.FIRST_COMPLETED)
            finally:
                due.cancel()
                news.cancel()

    async def _sweep(self, line: Connection) -> None:
        """Clear what the broker keeps of spaces that the building no longer has."""
        while True:
            message = await line.receive()
            space = SpaceId(self._topics.subject(message.topic))
            if message.payload and space not in self._live.building.spaces:
                await line.publish(Message(message.topic, b"", retain=True))


class _Alert(msgspec.Struct, frozen=True):
    """A limit reached or over: `cause` names the step, `number` is how many people there are."""

    id: str
    at: datetime
    type: str
    space: SpaceId | None
    number: int | None
    cause: str | None

    @classmethod
    def of(cls, event: Event) -> "_Alert":
        return cls(event.id, event.at, event.type.value, event.space, event.number, event.cause)


def _seen(count: SpaceCount | DisclosedCount) -> tuple[object, ...]:
    """Return what of a count is news: not that time has passed."""
    if isinstance(count, DisclosedCount):
        return count.count, count.as_of
    return count.count, count.changed_at, count.low, count.high, count.limit
