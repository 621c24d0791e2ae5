"""Counts as they were: written down while time passes, read again by minute, quarter-hour, hour and day. No person.

`Chronicle` is the writing side, run beside the intake on the loop that the live view is kept on; `Counting` the reading
side and the operators' two corrections, whose events its caller tells to the news on that loop.
"""

import logging
from array import array
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Protocol

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from access.errors import Invalid, NotFound
from access.occupancy.history import UNKNOWN, Page, Recorder
from access.occupancy.live import LiveBuilding
from access.occupancy.visits import Dwell, lengths, quartiles
from access.services.offload import Offload
from access.services.own import OwnEvents
from access.services.quality import Quality, quality
from access.store import audit, people, privacy
from access.store import occupancy as stored
from access.store.database import Database
from access.store.occupancy import DayRecord, KeptDay, Total
from policies.building import Building, SpaceKind
from policies.ids import PersonId, SpaceId
from policies.presence import Doubt, Inference, Tally
from policies.schedule import Calendar
from readers.wire.events import Draft, Event, EventType

__all__ = ["Chronicle", "Counting", "DayRecord", "Total"]

_log = logging.getLogger(__name__)

MOST_DAYS = 800
"""Of one space in one answer: two years and a bit."""

_MINUTE_S = 60.0
_FLUSH_EVERY_MIN = 15
_SETTLES = timedelta(minutes=15)
"""An inference is told once it is this old: until then a late event may still explain it."""

_REASON = 300


class Clock(Protocol):
    """Building time."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    async def sleep(self, delay_s: float) -> None:
        """Return after `delay_s` of this clock's seconds."""
        ...


class Counting:
    """The use cases around counts. `actor` is who does it, for the record; `at` is when."""

    def __init__(self, database: Database, building: Building, own: OwnEvents) -> None:
        self._database, self._building, self._own = database, building, own
        self._leaves = {space.id for space in building.leaves()}

    # ---- corrections

    def set_count(self, space: SpaceId, number: int, reason: str, actor: str, at: datetime) -> Event:
        """Say how many people are in a space; raise `NotFound` or `Invalid` unless people can be in it directly."""
        if space not in self._building.spaces:
            raise NotFound(f"space {space}: there is no such space")
        if space not in self._leaves:
            raise Invalid(f"space {space}: it has spaces inside it; set the count of one of them")
        draft = Draft(at, EventType.COUNT_SET, space=space, number=number)
        return self._say(draft, "count-set", f"{space}: {number}: {_reason(reason)}", actor, at)

    def remove_person(self, person: PersonId, reason: str, actor: str, at: datetime) -> Event:
        """Say that somebody is not in the building; raise `NotFound` for somebody unknown."""
        with self._database.reading() as session:
            if people.get(session, person) is None:
                raise NotFound(f"person {person}: there is no such person")
        draft = Draft(at, EventType.PERSON_REMOVED, person=person)
        return self._say(draft, "person-left", f"{person}: {_reason(reason)}", actor, at)

    def _say(self, draft: Draft, action: str, subject: str, actor: str, at: datetime) -> Event:
        with self._database.writing() as session:
            audit.append(session, at, actor, action, [subject])
            return self._own.append(session, [draft])[0]

    # ---- the past

    def days(self, spaces: Sequence[SpaceId], since: date, until: date) -> list[DayRecord]:
        """Return days of spaces by quarter-hours, in order of space and day; raise `Invalid` for too many."""
        if (until - since).days * len(spaces) > MOST_DAYS:
            raise Invalid(
                f"{len(spaces)} spaces from {since} to {until}: expected at most {MOST_DAYS} days in all"
            )
        with self._database.reading() as session:
            return stored.days(session, spaces, since, until)

    def minutes(self, space: SpaceId, day: date) -> "array[int] | None":
        """Return the minutes of a space's day."""
        with self._database.reading() as session:
            return stored.minutes(session, space, day)

    def totals(self, since: date, until: date) -> list[Total]:
        """Return every space over some days."""
        with self._database.reading() as session:
            return stored.totals(session, since, until)

    def dwell(self, since: date, until: date) -> list[Dwell]:
        """Return the quartiles of visits by kind of resident, the few ones suppressed."""
        with self._database.reading() as session:
            return quartiles(stored.visits(session, since, until))

    def quality(self, since: datetime, until: datetime) -> Quality:
        """Tell how well [since, until) went; raise `Invalid` for more than a quarter of a year."""
        return quality(self._database, since, until)

    def bounds(self) -> tuple[date, date] | None:
        """Return the first and the last day that anything is known of."""
        with self._database.reading() as session:
            return stored.bounds(session)

    def write(self, pages: Sequence[Page]) -> None:
        """Write pages of the past."""
        with self._database.writing() as session:
            stored.write(session, map(_kept, pages))


class Chronicle:
    """Keeps time for the live view, and writes down what it recorded. `run` it as a task."""

    def __init__(
        self,
        database: Database,
        building: Building,
        calendar: Calendar,
        live: LiveBuilding,
        recorder: Recorder,
        own: OwnEvents,
    ) -> None:
        self._database, self._calendar, self._live, self.recorder = database, calendar, live, recorder
        self._own, self._site = own, building.site
        self._outside = {space.id for space in building.spaces.values() if space.kind is SpaceKind.OUTSIDE}
        self._told_until: datetime | None = None
        self._day: date | None = None

    async def run(self, clock: Clock, offload: Offload) -> None:
        """Look at the clock every minute until cancelled."""
        self._told_until = clock.now() - _SETTLES
        while True:
            await clock.sleep(_MINUTE_S - clock.now().timestamp() % _MINUTE_S)
            now = clock.now()
            self._live.advance(now)
            if now.minute % _FLUSH_EVERY_MIN == 0:
                await self._flush(now, offload)

    async def _flush(self, now: datetime, offload: Offload) -> None:
        batch = _Batch(
            now,
            self.recorder.touched(),
            self._live.tallies,
            dict(self._live.doubts),
            self._settled(now),
            self._visits(now),
        )
        try:
            events = await offload(partial(self._write, batch))
        except SQLAlchemyError as error:
            _log.error("counts-not-stored", extra={"pages": len(batch.pages), "fault": type(error).__name__})
            self.recorder.touch(batch.pages)
            return
        self._own.tell(events)

    def _write(self, batch: "_Batch") -> list[Event]:
        with self._database.writing() as session:
            stored.write(session, map(_kept, batch.pages))
            gone = privacy.erased(session, batch.doubts, self._site)  # memory still holds them
            doubts = {person: doubt for person, doubt in batch.doubts.items() if person not in gone}
            stored.save_presence(session, batch.at, batch.tallies, doubts)
            for day, histograms in batch.visits:
                stored.write_visits(session, day, histograms)
            return self._own.append(session, [_inferred(one) for one in batch.settled])

    def _settled(self, now: datetime) -> list[Inference]:
        """Return the inferences that have become old enough to be told since the last time."""
        since, until = self._told_until or now, now - _SETTLES
        self._told_until = until
        return [one for one in self._live.inferences() if since < one.at <= until]

    def _visits(self, now: datetime) -> list[tuple[date, dict[str, list[int]]]]:
        """Return the lengths of yesterday's visits, once a day has ended."""
        today = self._calendar.local(now).day
        before, self._day = self._day, today
        if before is None or before == today:
            return []
        minute = self._calendar.local(now).minute
        midnight = now.replace(second=0, microsecond=0) - timedelta(minutes=minute)
        entries = self._live.entries(midnight - timedelta(days=1))
        return [(before, lengths(entries, midnight - timedelta(days=1), midnight, self._outside, self._kind))]

    def _kind(self, person: PersonId) -> str:
        with self._database.reading() as session:
            record = people.get(session, person)
        return record.type.value if record is not None else "unknown"


class _Batch(msgspec.Struct, frozen=True):
    """What is written in one transaction."""

    at: datetime
    pages: list[Page]
    tallies: tuple[Tally, ...]
    doubts: dict[PersonId, Doubt]
    settled: list[Inference]
    visits: list[tuple[date, dict[str, list[int]]]]


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= _REASON:
        raise Invalid(f"reason: expected 1 to {_REASON} characters")
    return reason


def _inferred(one: Inference) -> Draft:
    return Draft(one.at, EventType.INFERRED, space=one.space, cause=one.cause.value)


def _kept(page: Page) -> KeptDay:
    means = array("f", [UNKNOWN if mean is None else mean for mean in page.means()])
    told = page.summary()
    return KeptDay(
        page.space,
        page.day,
        told.peak,
        told.peak_minute,
        told.person_minutes,
        told.minutes,
        told.daytime,
        told.entries,
        told.exits,
        means,
        page.lows,
        page.highs,
        page.inferred,
        page.entries,
        page.exits,
        page.counts,
    )


def page_of(kept: KeptDay) -> Page:
    """Return a written day as a recorder goes on with it."""
    return Page(
        kept.space,
        kept.day,
        kept.counts,
        kept.lows,
        kept.highs,
        kept.hourly_entries,
        kept.hourly_exits,
        kept.inferred,
    )
