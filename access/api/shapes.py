"""The building over HTTP: spaces, doors and readers as they are configured, door states as they are now."""

from datetime import datetime

from pydantic import BaseModel

from policies.building import Passback, SpaceKind, Strike
from policies.request import Direction, DoorMode
from readers.wire.orders import ModeSource
from readers.wire.signals import Alarm, Line


class LabelBody(BaseModel):
    """A name in both languages."""

    fr: str
    en: str


class SpaceBody(BaseModel):
    """A space of the tree."""

    id: str
    name: LabelBody
    kind: SpaceKind
    parent: str | None
    capacity: int | None
    enforced: bool
    restricted: bool
    always_open: bool


class ComputerBody(BaseModel):
    """The computer that a door hangs on, as it was last heard.

    `rights` is the version that it acknowledged, of the moment `rights_at` and so old by now; it lacks what came to be
    from `behind_since` on, null while it has all. `clock_offset_s` is how far its clock was ahead of the server's.
    Companies are not told `last_heard`, which is that of the last event at its doors.
    """

    id: str
    state: Line
    last_heard: datetime | None
    software: str | None
    rights: int | None
    rights_at: datetime | None
    rights_age_s: float | None
    behind_since: datetime | None
    clock_offset_s: float | None


class DoorBody(BaseModel):
    """A door; from `state` on, what was last heard of it. Companies are told nothing of that (docs/domain.md, 6).

    `mode_by` is who wants the mode; `waits_for_first` says that a free period waits for the first person.
    """

    id: str
    name: LabelBody
    outer: str
    inner: str
    strike: Strike
    contact: bool
    exit_button: bool
    release_input: bool
    strike_time_s: float
    extended_strike_time_s: float
    held_after_s: float
    passback: Passback
    pin: bool
    two_person: bool
    readers: list[str]
    state: str | None
    mode: DoorMode | None
    mode_by: ModeSource | None
    mode_until: datetime | None
    alarms: list[Alarm] | None
    waits_for_first: bool | None
    maintenance: bool | None
    computer: ComputerBody | None


class ReaderBody(BaseModel):
    """One side of a door, and whether its reader is there; from `state` on null where nothing was heard of it."""

    id: str
    door: str
    direction: Direction
    state: Line | None
    since: datetime | None
    fault: str | None
    computer: ComputerBody | None
