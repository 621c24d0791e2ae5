"""What state every door is in and which sources are there, from events and from retained payloads.

The newest word on a door wins, whatever order the words arrive in. A door whose source went silent is `offline`:
its last state is no longer known to be true. A door's payload is a `DoorStatus` of
`readers.wire.signals`, a source's a `Status`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

import msgspec

from access.occupancy.feed import Place, place
from policies.ids import DoorId, SourceId
from readers.errors import WireError
from readers.wire.events import Event, EventType
from readers.wire.signals import DoorStatus, Line, Status, read_door, read_status


class DoorState(Enum):
    """What a door does now. `offline`: nobody knows, because its computer is not heard."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"
    RELEASED = "released"
    OFFLINE = "offline"


class DoorView(msgspec.Struct, frozen=True):
    """A door's state, since when, and the whole of what it told last. `since` is None before any word of it."""

    state: DoorState
    since: datetime | None = None
    told: DoorStatus | None = None


class SourceView(msgspec.Struct, frozen=True):
    """Whether a source holds its line, and the time of its newest event or word.

    `told` is what it said of itself last, `offset` how far its clock was ahead then; both stay when it goes silent.
    """

    line: Line
    last_heard: datetime | None = None
    told: Status | None = None
    offset: timedelta | None = None


_STATES: Mapping[EventType, DoorState] = {
    EventType.DOOR_OPENED: DoorState.OPEN,
    EventType.DOOR_CLOSED: DoorState.LOCKED,
    EventType.DOOR_HELD: DoorState.HELD,
    EventType.DOOR_FORCED: DoorState.FORCED,
    EventType.DOOR_RELEASED: DoorState.RELEASED,
}
_UNHEARD = DoorView(DoorState.LOCKED)


class DoorBoard:
    """The newest word on every door, and the status of the sources behind them."""

    def __init__(self, doors: tuple[DoorId, ...]) -> None:
        self._doors = doors
        self._words: dict[DoorId, tuple[Place, bool, DoorView]] = {}
        self._speaker: dict[DoorId, tuple[Place, SourceId]] = {}
        self._sources: dict[SourceId, SourceView] = {}

    def take(self, event: Event) -> None:
        """Take in one event of a known door or of none."""
        self._hear(event)
        if event.door is None:
            return
        at = place(event)
        speaker = self._speaker.get(event.door)
        if speaker is None or at > speaker[0]:
            self._speaker[event.door] = (at, event.source)
        state = _STATES.get(event.type)
        if state is not None:
            known = self._words.get(event.door)
            self._note(
                event.door, at, DoorView(state, event.at, known[2].told if known else None), told=False
            )

    def door_payload(self, door: DoorId, payload: bytes) -> bool:
        """Take in a retained door state; return whether it was one."""
        try:
            told = read_door(payload)
        except WireError:
            return False
        if door not in self._doors:
            return False
        view = DoorView(DoorState(told.state.value), told.at, told)
        self._note(door, (told.at, SourceId(""), 0, 0), view, told=True)
        return True

    def source_payload(self, source: SourceId, payload: bytes, heard_at: datetime | None = None) -> bool:
        """Take in a retained source status; return whether it was one. `heard_at` is when, of one said just now."""
        try:
            told = read_status(payload)
        except WireError:
            return False
        known = self._sources.get(source) or SourceView(told.state)
        is_there = told.state is Line.ONLINE
        offset = told.at - heard_at if told.at and heard_at and is_there else known.offset
        self._sources[source] = SourceView(
            told.state, _newest(known.last_heard, told.at), told if is_there else known.told, offset
        )
        return True

    def doors(self) -> dict[DoorId, DoorView]:
        """Return every door of the building, in its order."""
        return {door: self._view(door) for door in self._doors}

    def sources(self) -> dict[SourceId, SourceView]:
        """Return every source heard of, by name."""
        return {source: self._sources[source] for source in sorted(self._sources)}

    def silent(self) -> dict[DoorId, datetime]:
        """Return the doors whose source is not heard, and since when."""
        return {
            door: source.last_heard
            for door, (_, speaker) in self._speaker.items()
            if (source := self._sources.get(speaker)) is not None
            and source.line is Line.OFFLINE
            and source.last_heard is not None
        }

    def _hear(self, event: Event) -> None:
        known = self._sources.get(event.source)
        if known is None:
            self._sources[event.source] = SourceView(Line.ONLINE, event.at)
        elif known.last_heard is None or event.at > known.last_heard:
            # The status stays: events that waited in a journal are no sign of life, only a status is.
            self._sources[event.source] = msgspec.structs.replace(known, last_heard=event.at)

    def _note(self, door: DoorId, at: Place, view: DoorView, *, told: bool) -> None:
        # A payload of the same instant says more than the event (closed, but unlocked by its mode).
        known = self._words.get(door)
        if known is None or (at[0], told, at) >= (known[0][0], known[1], known[0]):
            self._words[door] = (at, told, view)

    def _view(self, door: DoorId) -> DoorView:
        word = self._words.get(door)
        view = word[2] if word else _UNHEARD
        speaker = self._speaker.get(door)
        source = self._sources.get(speaker[1]) if speaker else None
        if source is not None and source.line is Line.OFFLINE:
            return DoorView(DoorState.OFFLINE, source.last_heard, view.told)
        return view


def _newest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other
