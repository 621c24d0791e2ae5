"""Another building's log as passages: rows of time, badge, place, and a direction or a zone.

Three kinds of log are understood. *Directed*: a door and `in` or `out`. *Zones*: the space that a badge was read into,
an empty one or the outside for leaving; where it came from is where it was. *Swipes*: a door and nothing else, in and
out by turns; one that is missing turns the rest of somebody's day around, so each day begins anew with a way in.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from access.errors import Invalid
from policies.building import Building
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.presence import Passage, Ways
from policies.schedule import Calendar

FOREIGN = SourceId("foreign")
_DAY_BEGINS = timedelta(hours=3)
_IN = frozenset({"in", "entry", "enter", "1", "e"})
_OUT = frozenset({"out", "exit", "leave", "0", "s"})


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of a log's columns. Give `door` with or without `direction`, or `zone`."""

    time: str = "time"
    badge: str = "badge"
    door: str | None = None
    direction: str | None = None
    zone: str | None = None

    @classmethod
    def of(cls, text: str) -> "Columns":
        """Read `time=When,badge=Card,door=Reader,direction=Way`; raise `Invalid` naming what does not fit."""
        try:
            columns = msgspec.convert(dict(part.split("=", 1) for part in text.split(",")), cls)
        except (ValueError, msgspec.ValidationError) as error:
            raise Invalid(
                f"columns {text!r}: expected NAME=COLUMN, for time, badge, door, direction, zone"
            ) from error
        if (columns.door is None) is (columns.zone is None):
            raise Invalid(f"columns {text!r}: expected either door or zone")
        return columns


Row = Mapping[str, str | None]


class ForeignLog:
    """Rows of one log, in their order, as passages of `building`. Badges stand for people, under their own number."""

    def __init__(self, building: Building, calendar: Calendar, columns: Columns) -> None:
        self._building, self._calendar, self._columns = building, calendar, columns
        self._ways = Ways(building)
        self._where: dict[str, tuple[SpaceId, datetime]] = {}
        self._doors = _doors_by_way(building)

    def passages(self, rows: Iterable[Row]) -> Iterator[Passage]:
        """Yield the passages; raise `Invalid` naming the row and what it lacks."""
        read = self._zone if self._columns.zone is not None else self._door
        for number, row in enumerate(rows, start=1):
            at, badge = self._time(row, number), _field(row, self._columns.badge, number)
            origin, target, door = read(row, number, badge, at)
            self._where[badge] = target, at
            if origin != target:
                yield Passage(at, FOREIGN, 1, number, door, origin, target, PersonId(badge))

    def _time(self, row: Row, number: int) -> datetime:
        text = _field(row, self._columns.time, number)
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:
            raise Invalid(
                f"row {number}: {text!r}, expected a time such as 2026-09-15T09:20:00+02:00"
            ) from error
        if at.tzinfo is None:
            raise Invalid(f"row {number}: {text!r}, expected a time with its UTC offset")
        return at

    def _zone(self, row: Row, number: int, badge: str, at: datetime) -> tuple[SpaceId, SpaceId, DoorId]:
        name = self._columns.zone or ""
        target = SpaceId((row.get(name) or "").strip()) or self._ways.outdoors
        if target not in self._building.spaces:
            raise Invalid(f"row {number}: there is no space {target}")
        origin = self._here(badge, at)
        ways = self._ways.between(origin, target)
        # Zones that were passed in between have no reader: who is read into the last came through its last door.
        origin = ways[-1][0] if ways and origin not in self._ways.outside else origin
        door = self._doors.get((ways[-1] if ways else (origin, target)), DoorId(target))
        return origin, target, door

    def _door(self, row: Row, number: int, badge: str, at: datetime) -> tuple[SpaceId, SpaceId, DoorId]:
        name = DoorId(_field(row, self._columns.door or "", number))
        door = self._building.doors.get(name)
        if door is None:
            raise Invalid(f"row {number}: there is no door {name}")
        word = (row.get(self._columns.direction) or "").strip().lower() if self._columns.direction else ""
        if word and word not in _IN | _OUT:
            raise Invalid(f"row {number}: direction {word!r}, expected in or out")
        comes_in = word in _IN if word else self._here(badge, at) != door.inner
        return (door.outer, door.inner, name) if comes_in else (door.inner, door.outer, name)

    def _here(self, badge: str, at: datetime) -> SpaceId:
        """Return where a badge was last, on the same day; outside else."""
        space, since = self._where.get(badge, (self._ways.outdoors, at))
        return space if self._day(since) == self._day(at) else self._ways.outdoors

    def _day(self, at: datetime) -> object:
        return self._calendar.local(at - _DAY_BEGINS).day


def _doors_by_way(building: Building) -> dict[tuple[SpaceId, SpaceId], DoorId]:
    doors: dict[tuple[SpaceId, SpaceId], DoorId] = {}
    for door in building.doors.values():
        doors.setdefault((door.outer, door.inner), door.id)
        doors.setdefault((door.inner, door.outer), door.id)
    return doors


def _field(row: Row, name: str, number: int) -> str:
    text = row.get(name)
    if text is None or not text.strip():
        raise Invalid(f"row {number}: nothing in the column {name!r}")
    return text.strip()
