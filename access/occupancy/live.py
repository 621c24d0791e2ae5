"""The building now: counts, doors, sources and the latest events, kept up to date event by event.

A fold and nothing else: events may come in any order, doubled or late, and the answers are the same. Time is the
events' own, and `advance` says what it is now; there is no clock here and no IO. No person leaves this room but to the
roll-call.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from access.occupancy.doors import DoorBoard, DoorView, SourceView
from access.occupancy.entries import entry_of, is_of_presence
from access.occupancy.feed import LIMIT_EVENTS, Feed, FeedEntry, Flow, FlowView
from access.occupancy.history import Recorder, Today
from access.occupancy.limits import Limit, Limits
from access.occupancy.quality import Estimate, Estimator, Why
from policies.building import Building, SpaceKind
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.presence import (
    Doubt,
    Entry,
    Expiry,
    Freeze,
    Inference,
    Passage,
    Presence,
    State,
    Tally,
)
from readers.wire.events import Event, EventType

KEEP = timedelta(hours=36)
"""How long entries stay in memory, so that a door computer that was cut off for a day finds its place in the past."""

FUTURE = timedelta(minutes=2)
"""An event farther ahead of the server's time than this waits for its time to come: some clock is wrong."""


class SpaceCount(msgspec.Struct, frozen=True):
    """How many people are in a space.

    `utilisation` is count ÷ capacity, None without a capacity. `as_of` is the time of the newest event seen of the
    whole building, `changed_at` that of the newest passage into or out of this space; None before any. The truth lies
    from `low` to `high` 19 times of 20; `inferred` is the share that stands on nobody's badge, and `why` says what the
    interval is wide for. `limit` is the alert that stands, if any.
    """

    space: SpaceId
    count: int
    capacity: int | None
    utilisation: float | None
    as_of: datetime | None
    changed_at: datetime | None
    low: int = 0
    high: int = 0
    inferred: float = 0.0
    why: Why = Why.NOTHING
    limit: Limit = Limit.NONE


class LiveBuilding:
    """The state that screens and streams show."""

    def __init__(
        self,
        building: Building,
        expiry: Expiry | None = None,
        recorder: Recorder | None = None,
        keep: timedelta | None = None,
    ) -> None:
        self.building = building
        self.ignored = 0
        """How many events and payloads could not be placed in this building. They changed nothing."""
        self._recorder = recorder
        self._presence = Presence(building, expiry, keep, self._watch if recorder else None)
        self._estimator = Estimator(building, self._presence.ways)
        self._limits = Limits(building)
        self._board = DoorBoard(tuple(building.doors))
        self._feed = Feed()
        self._flow = Flow()
        self._now: datetime | None = None
        self._as_of: datetime | None = None
        self._ahead: list[Event] = []
        self._changed: dict[SpaceId, datetime] = {}
        self._paths = {space: building.path_up(space) for space in building.spaces}

    def restore(self, tallies: Iterable[Tally], doubts: Mapping[PersonId, Doubt]) -> None:
        """Go on from what an earlier life knew, before the first event."""
        self._presence.restore(tallies, doubts)

    def resume_limits(self, stood: Mapping[SpaceId, Limit]) -> None:
        """Go on from the alerts that stood before."""
        self._limits.resume(stood)

    # ---- taking in

    def take(self, events: Iterable[Event]) -> None:
        """Take in events of any sources, in any order; those already seen change nothing."""
        entries: list[Entry] = []
        for event in events:
            if self._now is not None and event.at > self._now + FUTURE:
                self._ahead.append(event)
            elif not self._has_place(event):
                self.ignored += 1
            elif is_of_presence(event.type.value, event.cause):
                entry = entry_of(event, self.building)
                if entry is None and event.type is not EventType.NO_ENTRY:
                    self.ignored += 1
                    continue
                entries += [entry] if entry is not None else []
                self._see(event)
            else:
                self._see(event)
        if entries:
            self._presence.add(entries)
            for entry in entries:
                if isinstance(entry, Passage) and entry.taken:
                    self._note(entry)

    def _has_place(self, event: Event) -> bool:
        """Return whether this building has the door of the event, or the space of an alert."""
        if event.type in LIMIT_EVENTS:
            return event.space in self.building.spaces
        return event.door is None or event.door in self.building.doors

    def advance(self, now: datetime) -> None:
        """Say what time it is: what is due expires, and what was ahead of its time finds its place."""
        self._now = now if self._now is None else max(now, self._now)
        if self._ahead:
            due = [event for event in self._ahead if event.at <= self._now + FUTURE]
            if due:
                self._ahead = [event for event in self._ahead if event.at > self._now + FUTURE]
                self.take(due)
        self._presence.advance(self._now)

    def door_state(self, door: DoorId, payload: bytes) -> None:
        """Take in a retained door state; garbage is counted and changes nothing."""
        self.ignored += not self._board.door_payload(door, payload)

    def source_status(self, source: SourceId, payload: bytes, heard_at: datetime | None = None) -> None:
        """Take in a retained source status, `heard_at` a moment if it was said just now; garbage is counted."""
        self.ignored += not self._board.source_payload(source, payload, heard_at)

    # ---- what there is to see

    @property
    def as_of(self) -> datetime | None:
        """Return the time of the newest event seen; None before any."""
        return self._as_of

    @property
    def ahead(self) -> int:
        """Return how many events wait for their time: from a clock that is wrong, kept and not counted yet."""
        return len(self._ahead)

    @property
    def too_late(self) -> int:
        """Return how many passages came so late that they changed no count any more."""
        return self._presence.too_late

    def estimates(self) -> Mapping[SpaceId, Estimate]:
        """Return the estimate of every space but the outside."""
        at = self._now or self._as_of
        if at is None:
            return dict.fromkeys(self._counted(), _EMPTY)
        return self._estimator.estimate(self._presence.state, at, self._silent(at))

    def counts(self) -> Mapping[SpaceId, SpaceCount]:
        """Return the count of every space but the outside, in the building's order."""
        estimates = self.estimates()
        limits = self._limits.see({space: estimate.count for space, estimate in estimates.items()})
        return {space: self._count(space, estimate, limits[space]) for space, estimate in estimates.items()}

    def today(self, space: SpaceId) -> Today | None:
        """Return a space's day so far by quarter-hours; None where nothing is written down."""
        return self._recorder.today(space) if self._recorder is not None else None

    def trail(self, space: SpaceId, at: datetime, minutes: int, step: int) -> list[int]:
        """Return a space's counts of the last `minutes`, one every `step`; empty where nothing is written down."""
        return self._recorder.trail(space, at, minutes, step) if self._recorder is not None else []

    def flow(self, until: datetime | None = None) -> FlowView:
        """Return arrivals and departures of the hour that ends at `until`, or at the newest event seen."""
        return self._flow.view(until or self._as_of)

    def doors(self) -> Mapping[DoorId, DoorView]:
        """Return the state of every door, in the building's order."""
        return self._board.doors()

    def sources(self) -> Mapping[SourceId, SourceView]:
        """Return every source heard of, by name."""
        return self._board.sources()

    def feed(self, limit: int = 50) -> tuple[FeedEntry, ...]:
        """Return the latest decisions and alarms, the newest first."""
        return self._feed.newest(limit)

    def inferences(self) -> tuple[Inference, ...]:
        """Return the corrections that the fold made by itself lately, the oldest first. They name nobody."""
        return self._presence.inferences

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Return what passed on the last days, from quiet hour to quiet hour."""
        return self._presence.tallies

    # ---- for the roll-call and for lengths of visits, and nothing else

    def entries(self, since: datetime) -> Iterable[Entry]:
        """Return the entries of the last while, in their order."""
        return self._presence.entries(since)

    @property
    def stays(self) -> Mapping[PersonId, Passage]:
        """Return everybody inside with the passage that took them where they are; a live view."""
        return self._presence.stays

    @property
    def doubts(self) -> Mapping[PersonId, Doubt]:
        """Return who is only inferred to have left; a live view."""
        return self._presence.doubts

    @property
    def freeze(self) -> Freeze | None:
        """Return who was inside when the release that lasts began; None while no door is released."""
        return self._presence.freeze

    @property
    def released(self) -> Mapping[DoorId | None, datetime]:
        """Return the doors whose release lasts, and since when; a live view."""
        return self._presence.released

    # ---- how it works

    def _see(self, event: Event) -> None:
        self._board.take(event)
        self._feed.take(event)
        if self._as_of is None or event.at > self._as_of:
            self._as_of = event.at

    def _watch(self, minute: datetime, state: State) -> None:
        if self._recorder is not None:
            estimates = self._estimator.estimate(state, minute, self._silent(minute))
            self._recorder.take(minute, estimates, state)

    def _silent(self, at: datetime) -> dict[DoorId, datetime]:
        return {door: since for door, since in self._board.silent().items() if since < at}

    def _counted(self) -> Iterable[SpaceId]:
        return (space.id for space in self.building.spaces.values() if space.kind is not SpaceKind.OUTSIDE)

    def _count(self, space: SpaceId, estimate: Estimate, limit: Limit) -> SpaceCount:
        capacity = self.building.spaces[space].capacity
        return SpaceCount(
            space,
            estimate.count,
            capacity,
            estimate.count / capacity if capacity else None,
            self._as_of,
            self._changed.get(space),
            estimate.low,
            estimate.high,
            estimate.inferred,
            estimate.why,
            limit,
        )

    def _note(self, passage: Passage) -> None:
        for space in (*self._paths[passage.origin], *self._paths[passage.target]):
            known = self._changed.get(space)
            if known is None or passage.at > known:
                self._changed[space] = passage.at
        leaves, enters = self._is_outside(passage.origin), self._is_outside(passage.target)
        if leaves is not enters:
            self._flow.take(passage.place, inwards=leaves)

    def _is_outside(self, space: SpaceId) -> bool:
        return self.building.spaces[space].kind is SpaceKind.OUTSIDE


_EMPTY = Estimate(0, 0, 0, 0.0, Why.NOTHING)
