"""`/v1/occupancy`: how many people are where, now and as far back as is kept; and an operator's count of a space.

Now answers from memory, on the event loop, where the live view is kept; the past from the store. Nothing here names
anybody, but the correction that says that somebody has left.
"""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs, needs_within
from access.api.schemas import Sent
from access.errors import Invalid, NotAllowed, NotFound
from access.occupancy.live import SpaceCount
from access.services.counting import MOST_DAYS, DayRecord
from access.services.rights import Actor, Scope
from policies.building import SpaceKind
from policies.ids import PersonId, SpaceId
from readers.wire.events import Event

routes = APIRouter(prefix="/v1", tags=["occupancy"])

_Counts = Annotated[Actor, Depends(needs(Scope.OCCUPANCY_READ))]
_Corrects = Annotated[Actor, Depends(needs(Scope.OCCUPANCY_WRITE))]
_CorrectsThere = Annotated[Actor, Depends(needs_within(Scope.OCCUPANCY_WRITE))]
_Since = Annotated[date, Query(alias="from", description="first day, of the building's wall")]
_Until = Annotated[date, Query(alias="to", description="last day, included")]
_Reason = Annotated[str, Field(min_length=1, max_length=300)]


class CountBody(BaseModel):
    """How many people are in a space, how sure that is, and how old the newest event is that this knows of."""

    space: str
    count: int
    low: int
    high: int
    inferred: float
    why: str
    limit: int
    capacity: int | None
    as_of: datetime | None
    age_s: float | None


class QuarterBody(BaseModel):
    """A quarter-hour of the wall: the mean count, and the interval that held it."""

    start: str
    mean: float | None
    low: int | None
    high: int | None
    inferred: int | None


class HourBody(BaseModel):
    """An hour of the wall: the mean count, and who came and went."""

    hour: int
    mean: float | None
    entries: int
    exits: int


class DayBody(BaseModel):
    """A space's day, in the steps that were asked for."""

    space: str
    day: date
    peak: int
    peak_at: str
    minutes: list[int | None] | None = None
    quarters: list[QuarterBody] | None = None
    hours: list[HourBody] | None = None


class KpiBody(BaseModel):
    """A space over some days. `mean` is weighted by time, `daytime` that of 08:00 to 20:00; shares are of capacity."""

    space: str
    days: int
    capacity: int | None
    peak: int
    peak_day: date
    mean: float
    daytime: float | None
    utilisation: float | None
    peak_utilisation: float | None
    entries: int
    exits: int


class QualityBody(BaseModel):
    """How well some days went: refusals of taps, corrections of passages, doors held and forced."""

    taps: int
    refused: int
    refusal_rate: float | None
    passages: int
    corrected: int
    correction_rate: float | None
    held: int
    forced: int


class DwellBody(BaseModel):
    """Lengths of visits by kind of resident, in minutes; fewer than eleven visits are not told."""

    kind: str
    visits: int | None
    quartiles: tuple[int, int, int] | None


class CountSet(Sent):
    """How many people were counted in a space, and why it is said."""

    count: Annotated[int, Field(ge=0, le=100_000)]
    reason: _Reason


class Left(Sent):
    """Why somebody is known not to be inside."""

    reason: _Reason


class Said(BaseModel):
    """The event that keeps a correction."""

    event: str


class Step(Enum):
    """How fine a history is told."""

    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"


@routes.get("/occupancy")
async def count_all(desk: AtDesk, _actor: _Counts) -> list[CountBody]:
    """Count every space now."""
    desk.services.live.advance(desk.now())
    return [_count(count, desk) for count in desk.services.live.counts().values()]


@routes.get("/occupancy/kpis")
def kpis(desk: AtDesk, _actor: _Counts, since: _Since, until: _Until) -> list[KpiBody]:
    """Sum up every space over some days."""
    spaces = desk.services.building.spaces
    return [
        KpiBody(
            space=total.space,
            days=total.days,
            capacity=(capacity := spaces[total.space].capacity),
            peak=total.peak,
            peak_day=total.peak_day,
            mean=round(total.mean, 2),
            daytime=None if total.daytime is None else round(total.daytime, 2),
            utilisation=_share(total.daytime, capacity),
            peak_utilisation=_share(total.peak, capacity),
            entries=total.entries,
            exits=total.exits,
        )
        for total in desk.services.counting.totals(since, until)
        if total.space in spaces
    ]


@routes.get("/occupancy/quality")
def quality(desk: AtDesk, _actor: _Counts, since: _Since, until: _Until) -> QualityBody:
    """Tell how well some days went, by their events; a quarter of a year at most."""
    zone = ZoneInfo(desk.services.policy.calendar.timezone)
    begins = datetime.combine(since, time(), zone)
    ends = datetime.combine(until, time(), zone) + timedelta(days=1)
    found = desk.services.counting.quality(begins, ends)
    rates = {"refusal_rate": found.refusal_rate, "correction_rate": found.correction_rate}
    return QualityBody.model_validate(msgspec.structs.asdict(found) | rates)


@routes.get("/occupancy/visits")
def visits(desk: AtDesk, _actor: _Counts, since: _Since, until: _Until) -> list[DwellBody]:
    """Tell how long visits took, by kind of resident."""
    found = desk.services.counting.dwell(since, until)
    return [DwellBody(kind=one.kind, visits=one.visits, quartiles=one.quartiles) for one in found]


@routes.get("/occupancy/{space}")
async def count_one(space: str, desk: AtDesk, _actor: _Counts) -> CountBody:
    """Count one space now."""
    desk.services.live.advance(desk.now())
    found = desk.services.live.counts().get(SpaceId(space))
    if found is None:
        raise NotFound(f"space {space}: nobody is counted there")
    return _count(found, desk)


@routes.get("/occupancy/{space}/history")
def history(
    space: str, desk: AtDesk, _actor: _Counts, since: _Since, until: _Until, step: Step = Step.QUARTER
) -> list[DayBody]:
    """Read a space's days in steps of a minute (a week at most), a quarter-hour or an hour."""
    days = _days(desk, space, since, until)
    if step is Step.MINUTE and (until - since).days >= _MOST_MINUTE_DAYS:
        raise Invalid(f"step 1m: expected at most {_MOST_MINUTE_DAYS} days")
    return [_day(desk, one, step) for one in days]


@routes.get("/occupancy/{space}/history.csv", response_class=Response)
def history_csv(space: str, desk: AtDesk, _actor: _Counts, since: _Since, until: _Until) -> Response:
    """Download a space's quarter-hours as CSV: space, day, time, mean, low, high, share inferred in percent."""
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerow(("space", "day", "time", "mean", "low", "high", "inferred_percent"))
    for one in _days(desk, space, since, until):
        writer.writerows(
            (
                one.space,
                one.day.isoformat(),
                quarter.start,
                quarter.mean,
                quarter.low,
                quarter.high,
                quarter.inferred,
            )
            for quarter in _quarters(one)
            if quarter.mean is not None
        )
    name = f"occupancy-{space}-{since.isoformat()}-{until.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(rows.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@routes.post("/spaces/{space}/count", status_code=HTTPStatus.CREATED)
async def set_count(space: str, asked: CountSet, desk: AtDesk, actor: _CorrectsThere) -> Said:
    """Say how many people are in a space; it holds from now on."""
    if not actor.reach.covers(desk.services.building, SpaceId(space)):
        raise NotAllowed(f"space {space}: your rights do not hold there")
    counting = desk.services.counting
    event = await run_in_threadpool(
        counting.set_count, SpaceId(space), asked.count, asked.reason, actor.name, desk.now()
    )
    return _told(desk, event)


@routes.post("/people/{person}/out", status_code=HTTPStatus.CREATED)
async def out(person: str, asked: Left, desk: AtDesk, actor: _Corrects) -> Said:
    """Say that somebody is not in the building: no longer counted, and off the roll-call."""
    counting = desk.services.counting
    event = await run_in_threadpool(
        counting.remove_person, PersonId(person), asked.reason, actor.name, desk.now()
    )
    return _told(desk, event)


def _told(desk: Desk, event: Event) -> Said:
    desk.services.news.tell([event])
    return Said(event=event.id)


def _count(count: SpaceCount, desk: Desk) -> CountBody:
    age_s = None if count.as_of is None else max((desk.now() - count.as_of).total_seconds(), 0.0)
    return CountBody(
        space=count.space,
        count=count.count,
        low=count.low,
        high=count.high,
        inferred=count.inferred,
        why=count.why.value,
        limit=count.limit.value,
        capacity=count.capacity,
        as_of=count.as_of,
        age_s=age_s,
    )


def _days(desk: Desk, space: str, since: date, until: date) -> list[DayRecord]:
    known = desk.services.building.spaces.get(SpaceId(space))
    if known is None or known.kind is SpaceKind.OUTSIDE:
        raise NotFound(f"space {space}: nobody is counted there")
    if until < since:
        raise Invalid(f"to {until}: expected a day not before {since}")
    if until - since > timedelta(days=MOST_DAYS):
        raise Invalid(f"from {since} to {until}: expected at most {MOST_DAYS} days")
    return desk.services.counting.days([known.id], since, until)


def _day(desk: Desk, one: DayRecord, step: Step) -> DayBody:
    minutes = desk.services.counting.minutes(one.space, one.day) if step is Step.MINUTE else None
    return DayBody(
        space=one.space,
        day=one.day,
        peak=one.peak,
        peak_at=_wall(one.peak_minute),
        minutes=None if minutes is None else [None if count < 0 else count for count in minutes],
        quarters=list(_quarters(one)) if step is Step.QUARTER else None,
        hours=list(_hours(one)) if step is Step.HOUR else None,
    )


def _quarters(one: DayRecord) -> Iterator[QuarterBody]:
    for place, mean in enumerate(one.means):
        known = mean is not None
        yield QuarterBody(
            start=_wall(15 * place),
            mean=None if mean is None else round(mean, 2),
            low=one.lows[place] if known else None,
            high=one.highs[place] if known else None,
            inferred=one.inferred[place] if known else None,
        )


def _hours(one: DayRecord) -> Iterator[HourBody]:
    for hour, (entries, exits) in enumerate(zip(one.entries, one.exits, strict=True)):
        known = [mean for mean in one.means[4 * hour : 4 * hour + 4] if mean is not None]
        mean = round(sum(known) / len(known), 2) if known else None
        yield HourBody(hour=hour, mean=mean, entries=entries, exits=exits)


def _wall(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _share(number: float | None, capacity: int | None) -> float | None:
    return None if number is None or not capacity else round(number / capacity, 4)


_MOST_MINUTE_DAYS = 7
