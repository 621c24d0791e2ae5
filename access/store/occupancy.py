"""Counts as they are kept: a row for a space and a day, so that years of sixty spaces are read in one short query."""

import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from access.store.batches import insert_once
from access.store.occupancy_models import OccupancyDayRow, OccupancyMinutesRow, PresenceRow, VisitsRow
from policies.ids import PersonId, SpaceId
from policies.presence import Doubt, Tally

_ONLY = 1


class KeptDay(msgspec.Struct, frozen=True):
    """A space's day as it is written: a summary, and numbers by minute, quarter-hour and hour (-1: unknown)."""

    space: SpaceId
    day: date
    peak: int
    peak_minute: int
    person_minutes: int
    minutes: int
    daytime: float | None
    entries: int
    exits: int
    means: "array[float]"
    lows: "array[int]"
    highs: "array[int]"
    inferred: "array[int]"
    hourly_entries: "array[int]"
    hourly_exits: "array[int]"
    counts: "array[int]"


class DayRecord(msgspec.Struct, frozen=True):
    """A space's day by quarter-hours; None where nothing is known."""

    space: SpaceId
    day: date
    peak: int
    peak_minute: int
    means: tuple[float | None, ...]
    lows: tuple[int, ...]
    highs: tuple[int, ...]
    inferred: tuple[int, ...]
    entries: tuple[int, ...]
    exits: tuple[int, ...]


class Total(msgspec.Struct, frozen=True):
    """A space over some days: the peak with its day, means over all known time and over daytime, ways in and out."""

    space: SpaceId
    days: int
    peak: int
    peak_day: date
    mean: float
    daytime: float | None
    entries: int
    exits: int


def write(session: Session, kept: Iterable[KeptDay]) -> None:
    """Write days, over what was there of the same space and day."""
    rows, minutes = [], []
    for one in kept:
        *plain, counts = msgspec.structs.astuple(one)
        rows.append(tuple(_pack(value) if isinstance(value, array) else value for value in plain))
        minutes.append((one.space, one.day, zlib.compress(_pack(counts), 1)))
    insert_once(session, OccupancyDayRow, rows, update=_ALL_BUT_KEY)
    insert_once(session, OccupancyMinutesRow, minutes, update=("counts",))


def days(session: Session, spaces: Sequence[SpaceId], since: date, until: date) -> list[DayRecord]:
    """Return the days of spaces from `since` up to and with `until`, in order."""
    row = OccupancyDayRow
    query = (
        select(
            row.space,
            row.day,
            row.peak,
            row.peak_minute,
            row.means,
            row.lows,
            row.highs,
            row.inferred,
            row.hourly_entries,
            row.hourly_exits,
        )
        .where(row.space.in_(spaces), row.day.between(since, until))
        .order_by(row.space, row.day)
    )
    return [
        DayRecord(
            SpaceId(found[0]),
            found[1],
            found[2],
            found[3],
            tuple(None if mean < 0 else mean for mean in _unpack("f", found[4])),
            *(tuple(_unpack("i", packed)) for packed in found[5:]),
        )
        for found in session.execute(query)
    ]


def minutes(session: Session, space: SpaceId, day: date) -> "array[int] | None":
    """Return the minutes of a space's day, -1 where unknown; None if there is no such day."""
    packed = session.scalar(
        select(OccupancyMinutesRow.counts).where(
            OccupancyMinutesRow.space == space, OccupancyMinutesRow.day == day
        )
    )
    return None if packed is None else _unpack("i", zlib.decompress(packed))


def minutes_by_day(
    session: Session, spaces: Sequence[SpaceId], since: date, until: date
) -> Iterator[tuple[date, dict[SpaceId, "array[int]"]]]:
    """Yield the minutes of spaces day by day, from `since` up to and with `until`; -1 where unknown."""
    row = OccupancyMinutesRow
    query = select(row.day, row.space, row.counts).where(row.space.in_(spaces), row.day.between(since, until))
    for day, rows in groupby(session.execute(query.order_by(row.day)), key=itemgetter(0)):
        yield day, {SpaceId(space): _unpack("i", zlib.decompress(packed)) for _day, space, packed in rows}


def totals(session: Session, since: date, until: date) -> list[Total]:
    """Return every space over the days from `since` up to and with `until`."""
    row = OccupancyDayRow
    within = row.day.between(since, until)
    sums = (
        select(
            row.space,
            func.count(),
            func.max(row.peak),
            func.sum(row.person_minutes),
            func.sum(row.minutes),
            func.avg(row.daytime),
            func.sum(row.entries),
            func.sum(row.exits),
        )
        .where(within)
        .group_by(row.space)
        .order_by(row.space)
    )
    found = session.execute(sums).all()
    peaks = [(space, peak) for space, _, peak, *_ in found]
    when = select(row.space, func.min(row.day)).where(within, tuple_(row.space, row.peak).in_(peaks))
    days = {space: day for space, day in session.execute(when.group_by(row.space))} if peaks else {}  # noqa: C416  (rows are no pairs to mypy)
    return [
        Total(
            SpaceId(space),
            number,
            peak,
            days[space],
            float(people) / float(minutes) if minutes else 0.0,
            None if daytime is None else float(daytime),
            int(entries),
            int(exits),
        )
        for space, number, peak, people, minutes, daytime, entries, exits in found
    ]


def bounds(session: Session) -> tuple[date, date] | None:
    """Return the first and the last day that anything is known of."""
    first: date | None = session.scalar(select(func.min(OccupancyDayRow.day)))
    last: date | None = session.scalar(select(func.max(OccupancyDayRow.day)))
    return None if first is None or last is None else (first, last)


def kept(session: Session, since: date) -> list[KeptDay]:
    """Return the days from `since` on as they were written."""
    row, minutes = OccupancyDayRow, OccupancyMinutesRow
    query = (
        select(row, minutes.counts)
        .join(minutes, (minutes.space == row.space) & (minutes.day == row.day))
        .where(row.day >= since)
    )
    return [
        KeptDay(
            SpaceId(one.space),
            one.day,
            one.peak,
            one.peak_minute,
            one.person_minutes,
            one.minutes,
            one.daytime,
            one.entries,
            one.exits,
            _unpack("f", one.means),
            _unpack("i", one.lows),
            _unpack("i", one.highs),
            _unpack("i", one.inferred),
            _unpack("i", one.hourly_entries),
            _unpack("i", one.hourly_exits),
            _unpack("i", zlib.decompress(counts)),
        )
        for one, counts in session.execute(query)
    ]


def write_visits(session: Session, day: date, kinds: dict[str, list[int]]) -> None:
    """Write the lengths of a day's visits by kind, over what was there."""
    rows = [(day, kind, _pack(array("i", lengths))) for kind, lengths in sorted(kinds.items())]
    insert_once(session, VisitsRow, rows, update=("lengths",))


def visits(session: Session, since: date, until: date, fewest: int = 0) -> dict[str, list[int]]:
    """Return the lengths of visits by kind over some days, a histogram in quarter-hours.

    With `fewest`, days on which a kind made fewer visits are left out of its sum.
    """
    found: dict[str, list[int]] = {}
    for row in session.scalars(select(VisitsRow).where(VisitsRow.day.between(since, until))):
        lengths = _unpack("i", row.lengths)
        if sum(lengths) >= fewest:
            sums = found.setdefault(row.kind, [0] * len(lengths))
            found[row.kind] = [one + other for one, other in zip(sums, lengths, strict=True)]
    return found


def save_presence(
    session: Session, at: datetime, tallies: Iterable[Tally], doubts: dict[PersonId, Doubt]
) -> None:
    """Keep what a restart goes on from; there is one such row."""
    told = msgspec.json.encode([_flat(tally) for tally in tallies]).decode()
    unsure = msgspec.json.encode(doubts).decode()
    insert_once(session, PresenceRow, [(_ONLY, at, told, unsure)], update=("at", "tallies", "doubts"))


def load_presence(session: Session) -> tuple[list[Tally], dict[PersonId, Doubt]]:
    """Return what was kept; nothing before the first time."""
    row = session.get(PresenceRow, _ONLY)
    if row is None:
        return [], {}
    flats = msgspec.json.decode(row.tallies, type=list[_FlatTally])
    return [flat.tally() for flat in flats], msgspec.json.decode(row.doubts, type=dict[PersonId, Doubt])


class _FlatTally(msgspec.Struct, frozen=True):
    """A tally as JSON can hold it: keys of several parts are lists."""

    until: datetime
    seen: list[tuple[str, str, int, int]]
    hidden: list[tuple[str, str, int]]
    dead: list[tuple[str, str]]
    is_whole: bool
    found: list[tuple[str, str, int, int]] = []

    def tally(self) -> Tally:
        return msgspec.convert(
            {
                "until": self.until,
                "seen": {(door, space, hour): number for door, space, hour, number in self.seen},
                "hidden": {(one, other): number for one, other, number in self.hidden},
                "dead": self.dead,
                "is_whole": self.is_whole,
                "found": {((one, other), hour): number for one, other, hour, number in self.found},
            },
            Tally,
        )


def _flat(tally: Tally) -> _FlatTally:
    return _FlatTally(
        tally.until,
        [(*key, number) for key, number in tally.seen.items()],
        [(*way, number) for way, number in tally.hidden.items()],
        list(tally.dead),
        tally.is_whole,
        [(*way, hour, number) for (way, hour), number in tally.found.items()],
    )


def _pack(numbers: "array[int] | array[float]") -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _unpack(kind: str, packed: bytes) -> Any:  # noqa: ANN401  (an array of ints or of floats, by its kind)
    numbers = array(kind)
    numbers.frombytes(packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


_ALL_BUT_KEY = tuple(column.name for column in OccupancyDayRow.__table__.columns if not column.primary_key)
