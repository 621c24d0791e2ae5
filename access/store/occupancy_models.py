"""Tables of counts and of the live safety state. Counts name nobody; the one row of presence is not history."""

from datetime import date, datetime

from sqlalchemy import Date, Float, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from access.store.models import Row

SUMMARY = ("day", "space", "peak", "person_minutes", "minutes", "daytime", "entries", "exits")
"""What sums over years read, and all of it from one index: the packed numbers beside it are wide."""


class OccupancyDayRow(Row):
    """A space's day: its summary, and quarter-hours and hours packed as little-endian numbers (-1: unknown)."""

    __tablename__ = "occupancy_days"
    __table_args__ = (Index("ix_occupancy_days_day", *SUMMARY),)

    space: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    peak: Mapped[int]
    peak_minute: Mapped[int]
    person_minutes: Mapped[int]
    minutes: Mapped[int]
    daytime: Mapped[float | None] = mapped_column(Float)
    entries: Mapped[int]
    exits: Mapped[int]
    means: Mapped[bytes]
    lows: Mapped[bytes]
    highs: Mapped[bytes]
    inferred: Mapped[bytes]
    hourly_entries: Mapped[bytes]
    hourly_exits: Mapped[bytes]


class OccupancyMinutesRow(Row):
    """The minutes of a space's day, packed and compressed."""

    __tablename__ = "occupancy_minutes"

    space: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    counts: Mapped[bytes]


class VisitsRow(Row):
    """How long visits of one kind of resident took on a day: a histogram in quarter-hours, packed."""

    __tablename__ = "visits_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    lengths: Mapped[bytes]


class PresenceRow(Row):
    """What a restart goes on from: past days' tallies, which name nobody, and who is not confirmed out."""

    __tablename__ = "presence"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    tallies: Mapped[str] = mapped_column(Text)
    doubts: Mapped[str] = mapped_column(Text)


class MusterRow(Row):
    """A roll-call: opened, perhaps closed; the list of people as it was then, and who had no name, JSON."""

    __tablename__ = "musters"

    id: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    is_drill: Mapped[bool]
    closed_at: Mapped[datetime | None]
    people: Mapped[str] = mapped_column(Text)
    unnamed: Mapped[str | None] = mapped_column(Text)


class SafeRow(Row):
    """Somebody marked safe in a roll-call, once, by the first warden who saw them."""

    __tablename__ = "musters_safe"

    muster: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
