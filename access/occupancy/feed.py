"""What happened lately: decisions and alarms for the feed, arrivals and departures for the header.

Both are bounded and equal for any order, doubling or delay of the same events. No entry carries a person: the
feed is a screen, and no screen shows a person's path (docs/domain.md, 6).
"""

from bisect import bisect_left, bisect_right, insort
from datetime import datetime, timedelta

import msgspec

from policies.decision import Effect, Flag, Reason
from policies.ids import DoorId, SourceId, SpaceId
from readers.wire.events import Event, EventType

Place = tuple[datetime, SourceId, int, int]
"""Where an event stands in the order of the fold: time, source, epoch, sequence."""

LIMIT_EVENTS = frozenset({EventType.LIMIT_REACHED, EventType.LIMIT_CLEARED})
FEED_EVENTS = frozenset(
    {EventType.DECISION, EventType.DOOR_HELD, EventType.DOOR_FORCED, EventType.DOOR_RELEASED}
    | {EventType.DOOR_TAMPERED, EventType.DOOR_FAULT}
    | LIMIT_EVENTS
)
FEED_ENTRIES = 200
FLOW_WINDOW = timedelta(hours=1)
_FLOW_KEPT = timedelta(hours=6)
"""A source that was cut off longer than this no longer corrects the hour that the header shows."""


def place(event: Event) -> Place:
    """Return where the event stands in the order of the fold."""
    return event.at, event.source, event.epoch, event.seq


class FeedEntry(msgspec.Struct, frozen=True):
    """One line of the feed: a decision (with effect and reason), a door held or forced, or an alert at a limit.

    An alert has no door: it is of the `space`, with the `number` of people, and in `cause` which step.
    """

    id: str
    at: datetime
    type: EventType
    door: DoorId | None
    space: SpaceId | None = None
    effect: Effect | None = None
    reason: Reason | None = None
    flags: tuple[Flag, ...] = ()
    number: int | None = None
    cause: str | None = None


class Feed:
    """The newest `FEED_ENTRIES` entries by event time."""

    def __init__(self, size: int = FEED_ENTRIES) -> None:
        self._size = size
        self._places: list[Place] = []
        self._entries: dict[Place, FeedEntry] = {}

    def take(self, event: Event) -> None:
        """Take in one event; what is of no interest to a feed, seen before or too old changes nothing."""
        if event.type not in FEED_EVENTS or (event.door is None and event.type not in LIMIT_EVENTS):
            return
        at = place(event)
        if at in self._entries or (len(self._places) == self._size and at < self._places[0]):
            return
        insort(self._places, at)
        self._entries[at] = FeedEntry(
            event.id,
            event.at,
            event.type,
            event.door,
            event.space,
            event.effect,
            event.reason,
            event.flags,
            event.number,
            event.cause,
        )
        if len(self._places) > self._size:
            del self._entries[self._places.pop(0)]

    def newest(self, limit: int) -> tuple[FeedEntry, ...]:
        """Return up to `limit` entries, the newest first."""
        if limit <= 0:
            return ()
        return tuple(self._entries[at] for at in reversed(self._places[-limit:]))


class FlowView(msgspec.Struct, frozen=True):
    """How many people came in and went out over the perimeter in the hour that ends at `until`."""

    arrivals: int
    departures: int
    until: datetime | None


class Flow:
    """The perimeter's passages of the last hours, by event time."""

    def __init__(self) -> None:
        self._arrivals: list[Place] = []
        self._departures: list[Place] = []

    def take(self, at: Place, *, inwards: bool) -> None:
        """Take in one passage over the perimeter; one seen before changes nothing."""
        side = self._arrivals if inwards else self._departures
        position = bisect_left(side, at)
        if position < len(side) and side[position] == at:
            return
        side.insert(position, at)
        oldest_kept = side[-1][0] - _FLOW_KEPT
        if side[0][0] < oldest_kept:
            del side[: bisect_left(side, oldest_kept, key=_time)]

    def view(self, until: datetime | None) -> FlowView:
        """Return the flow of the hour that ends at `until`."""
        if until is None:
            return FlowView(0, 0, None)
        return FlowView(_within_hour(self._arrivals, until), _within_hour(self._departures, until), until)


def _within_hour(side: list[Place], until: datetime) -> int:
    return bisect_right(side, until, key=_time) - bisect_right(side, until - FLOW_WINDOW, key=_time)


def _time(at: Place) -> datetime:
    return at[0]
