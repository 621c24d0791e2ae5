"""`/v1/occupancy/{space}/history` and what sums it up: counts of the past by steps, as CSV, and in a few figures.

From the store, on a thread. Companies are answered with what was disclosed of each quarter-hour and with what follows
from that alone (docs/domain.md, 6). Nothing here names anybody.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from access.api import days
from access.api.days import DayBody, KpiBody
from access.api.desk import AtDesk, Desk, needs, needs_within
from access.api.schemas import Day
from access.api.sheets import AsForm, described, sheet
from access.errors import Invalid, NotAllowed, NotFound
from access.services.counting import MOST_DAYS
from access.services.rights import Actor, Scope
from policies.building import SpaceKind
from policies.ids import SpaceId

routes = APIRouter(prefix="/v1", tags=["occupancy"])

_Counts = Annotated[Actor, Depends(needs_within(Scope.OCCUPANCY_READ))]
_Runs = Annotated[Actor, Depends(needs(Scope.OCCUPANCY_READ))]
_Since = Annotated[Day, Query(alias="from", description="first day, of the building's wall")]
_Until = Annotated[Day, Query(alias="to", description="last day, included")]


class Days(msgspec.Struct, frozen=True):
    """From one day to another, both included."""

    since: date
    until: date


def _days(since: _Since, until: _Until) -> Days:
    if until < since:
        raise Invalid(f"to {until}: expected a day not before {since}")
    return Days(since, until)


_Days = Annotated[Days, Depends(_days)]
_MOST_MINUTE_DAYS = 7


class QualityBody(BaseModel):
    """How well some days went: refusals of taps, corrections of passages, doors held and forced.

    `kept_since` is the first event that is kept: earlier days have their counts only. Null where there is none.
    """

    taps: int
    refused: int
    refusal_rate: float | None
    passages: int
    corrected: int
    correction_rate: float | None
    held: int
    forced: int
    kept_since: datetime | None


class DwellBody(BaseModel):
    """Lengths of visits by kind of resident, in minutes; fewer than eleven visits are not told."""

    kind: str
    visits: int | None
    quartiles: tuple[int, int, int] | None


class Step(Enum):
    """How fine a history is told."""

    MINUTE = "1m"
    QUARTER = "15m"
    HOUR = "1h"


_COLUMNS = {
    Step.MINUTE: ("count",),
    Step.QUARTER: ("mean", "low", "high", "inferred_percent"),
    Step.HOUR: ("mean", "entries", "exits"),
}


@routes.get("/occupancy/kpis")
def kpis(desk: AtDesk, actor: _Counts, asked: _Days) -> list[KpiBody]:
    """Sum up every space over some days; for companies, a quarter of a year at most."""
    spaces, services = desk.services.building.spaces, desk.services
    if actor.reach.sees_disclosed_only:
        disclosed = services.disclosures.totals(asked.since, asked.until)
        return [days.disclosed_kpi(total, spaces[total.space].capacity) for total in disclosed]
    totals = services.counting.totals(asked.since, asked.until)
    return [days.kpi(total, spaces[total.space].capacity) for total in totals if total.space in spaces]


@routes.get("/occupancy/quality")
def quality(desk: AtDesk, _actor: _Runs, asked: _Days) -> QualityBody:
    """Tell how well some days went, by their events; a quarter of a year at most."""
    zone = ZoneInfo(desk.services.policy.calendar.timezone)
    begins = datetime.combine(asked.since, time(), zone)
    ends = datetime.combine(asked.until, time(), zone) + timedelta(days=1)
    found = desk.services.counting.quality(begins, ends)
    rates = {"refusal_rate": found.refusal_rate, "correction_rate": found.correction_rate}
    return QualityBody.model_validate(msgspec.structs.asdict(found) | rates)


@routes.get("/occupancy/visits")
def visits(desk: AtDesk, actor: _Counts, asked: _Days) -> list[DwellBody]:
    """Tell how long visits took, by kind of resident; to companies, of the days with eleven or more of a kind."""
    services = desk.services
    dwell = services.disclosures.dwell if actor.reach.sees_disclosed_only else services.counting.dwell
    found = dwell(asked.since, asked.until)
    return [DwellBody(kind=one.kind, visits=one.visits, quartiles=one.quartiles) for one in found]


@routes.get("/occupancy/{space}/history")
def history(
    space: str, desk: AtDesk, actor: _Counts, asked: _Days, step: Step = Step.QUARTER
) -> list[DayBody]:
    """Read a space's days in steps of a minute (a week at most; not for companies), a quarter-hour or an hour."""
    known = _known(desk, space, asked)
    since, until = asked.since, asked.until
    if actor.reach.sees_disclosed_only:
        return _disclosed(desk, known, since, until, step)
    found = desk.services.counting.days([known], since, until)
    if step is Step.MINUTE and (until - since).days >= _MOST_MINUTE_DAYS:
        raise Invalid(f"step 1m: expected at most {_MOST_MINUTE_DAYS} days")
    bodies = []
    for one in found:
        body = days.day(one)
        if step is Step.MINUTE:
            minutes = desk.services.counting.minutes(known, one.day)
            body.minutes = None if minutes is None else [None if count < 0 else count for count in minutes]
        elif step is Step.QUARTER:
            body.quarters = list(days.quarters(one))
        else:
            body.hours = list(days.hours(one))
        bodies.append(body)
    return bodies


@routes.get(
    "/occupancy/{space}/history.csv", response_class=Response, responses=described("every step that is known")
)
def history_csv(
    space: str, desk: AtDesk, actor: _Counts, asked: _Days, form: AsForm, step: Step = Step.QUARTER
) -> Response:
    """Download a space's history as CSV: space, day and time, then what its steps tell.

    A minute tells the count; a quarter-hour the mean, low, high and share inferred in percent; an hour the mean,
    entries and exits. What is not known has no line.
    """
    told = history(space, desk, actor, asked, step)
    rows = (
        (day.space, day.day.isoformat(), start, known, *more)
        for day in told
        for start, known, *more in _steps(day)
        if known is not None
    )
    name = f"occupancy-{space}-{asked.since.isoformat()}-{asked.until.isoformat()}"
    return sheet(name, ("space", "day", "time", *_COLUMNS[step]), rows, form)


def _steps(day: DayBody) -> Iterator[tuple[object, ...]]:
    """Yield the steps that a day was told in, each with its time of the wall."""
    for minute, count in enumerate(day.minutes or ()):
        yield f"{minute // 60:02}:{minute % 60:02}", count
    for one in day.quarters or ():
        yield one.start, one.mean, one.low, one.high, one.inferred
    for each in day.hours or ():
        yield f"{each.hour:02}:00", each.mean, each.entries, each.exits


def _disclosed(desk: Desk, space: SpaceId, since: date, until: date, step: Step) -> list[DayBody]:
    if step is Step.MINUTE:
        raise NotAllowed("step 1m: companies are told quarter-hours (15m) or hours (1h)")
    bodies = []
    for one in desk.services.disclosures.days(space, since, until):
        body = days.disclosed_day(one)
        if step is Step.QUARTER:
            body.quarters = list(days.disclosed_quarters(one))
        else:
            body.hours = list(days.disclosed_hours(one))
        bodies.append(body)
    return bodies


def _known(desk: Desk, space: str, asked: Days) -> SpaceId:
    known = desk.services.building.spaces.get(SpaceId(space))
    if known is None or known.kind is SpaceKind.OUTSIDE:
        raise NotFound(f"space {space}: nobody is counted there")
    if asked.until - asked.since > timedelta(days=MOST_DAYS):
        raise Invalid(f"from {asked.since} to {asked.until}: expected at most {MOST_DAYS} days")
    return known.id
