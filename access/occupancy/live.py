"""The building now: counts, doors, sources and the latest events, kept up to date event by event.

A fold and nothing else: events may come in any order, doubled or late, and the answers are the same. Time is the
events' own; there is no clock here, no IO, and no person ever leaves this room.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from access.occupancy.doors import DoorBoard, DoorView, SourceView
from access.occupancy.feed import Feed, FeedEntry, Flow, FlowView
from policies.building import Building, SpaceKind
from policies.ids import DoorId, SourceId, SpaceId
from policies.presence import Passage, Presence
from readers.wire.events import Event, EventType


class SpaceCount(msgspec.Struct, frozen=True):
    """How many people are in a space.

    `utilisation` is count ÷ capacity, None without a capacity. `as_of` is the time of the newest event seen of the
    whole building, `changed_at` that of the newest passage into or out of this space; None before any.
    """

    space: SpaceId
    count: int
    capacity: int | None
    utilisation: float | None
    as_of: datetime | None
    changed_at: datetime | None


class LiveBuilding:
    """The state that screens and streams show."""

    def __init__(self, building: Building) -> None:
        self.building = building
        self.ignored = 0
        """How many events and payloads could not be placed in this building. They changed nothing."""
        self._presence = Presence(building)
        self._board = DoorBoard(tuple(building.doors))
        self._feed = Feed()
        self._flow = Flow()
        self._as_of: datetime | None = None
        self._changed: dict[SpaceId, datetime] = {}
        self._paths = {space: building.path_up(space) for space in building.spaces}

    def take(self, events: Iterable[Event]) -> None:
        """Take in events of any sources, in any order; those already seen change nothing."""
        passages: list[Passage] = []
        for event in events:
            if event.door is not None and event.door not in self.building.doors:
                self.ignored += 1
                continue
            if event.type is EventType.PASSAGE:
                passage = self._passage(event)
                if passage is None:
                    self.ignored += 1
                    continue
                passages.append(passage)
            self._board.take(event)
            self._feed.take(event)
            if self._as_of is None or event.at > self._as_of:
                self._as_of = event.at
        if passages:
            self._presence.add(passages)
            for passage in passages:
                self._note(passage)

    def door_state(self, door: DoorId, payload: bytes) -> None:
        """Take in a retained door state; garbage is counted and changes nothing."""
        self.ignored += not self._board.door_payload(door, payload)

    def source_status(self, source: SourceId, payload: bytes) -> None:
        """Take in a retained source status; garbage is counted and changes nothing."""
        self.ignored += not self._board.source_payload(source, payload)

    @property
    def as_of(self) -> datetime | None:
        """Return the time of the newest event seen; None before any."""
        return self._as_of

    def counts(self) -> Mapping[SpaceId, SpaceCount]:
        """Return the count of every space but the outside, in the building's order."""
        people = self._presence.counts()
        return {
            space.id: SpaceCount(
                space.id,
                people[space.id],
                space.capacity,
                people[space.id] / space.capacity if space.capacity else None,
                self._as_of,
                self._changed.get(space.id),
            )
            for space in self.building.spaces.values()
            if space.kind is not SpaceKind.OUTSIDE
        }

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

    def _passage(self, event: Event) -> Passage | None:
        """Return the event as a passage of this building; None if it cannot be one."""
        door, origin, target = event.door, event.origin, event.space
        if door is None or origin not in self._paths or target not in self._paths:
            return None
        return Passage(event.at, event.source, event.epoch, event.seq, door, origin, target, event.person)

    def _note(self, passage: Passage) -> None:
        for space in (*self._paths[passage.origin], *self._paths[passage.target]):
            known = self._changed.get(space)
            if known is None or passage.at > known:
                self._changed[space] = passage.at
        leaves, enters = self._is_outside(passage.origin), self._is_outside(passage.target)
        if leaves is not enters:
            at = (passage.at, passage.source, passage.epoch, passage.seq)
            self._flow.take(at, inwards=leaves)

    def _is_outside(self, space: SpaceId) -> bool:
        return self.building.spaces[space].kind is SpaceKind.OUTSIDE
