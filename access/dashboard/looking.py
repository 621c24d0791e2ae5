"""The history of counts. Numbers of spaces only, and nobody in them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard import charts
from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute
from access.dashboard.words import Language, Words
from access.errors import Invalid
from access.services.counting import Counting, DayRecord, Total
from policies.building import Building, Space, SpaceKind
from policies.ids import SpaceId

_SEES_COUNTS = "occupancy:read"
_SPAN = 28
_MOST_SPAN = 366
_MINUTES = 1440

_LanguageAsked = Annotated[Language | None, Query(alias="lang")]
_Since = Annotated[date | None, Query(alias="from")]
_Until = Annotated[date | None, Query(alias="to")]


class Row(msgspec.Struct, frozen=True):
    """A space in the table of all: `use` is the daytime mean over the capacity."""

    space: SpaceId
    name: str
    depth: int
    total: Total
    use: float | None


def looking(front: Front, counting: Counting, building: Building) -> APIRouter:
    """Return the routes of the page."""
    pages = _Looking(front, counting, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/history", pages.history, methods=["GET"])
    routes.add_api_route("/history/quality", pages.quality, methods=["GET"])
    return routes


class _Looking:
    def __init__(self, front: Front, counting: Counting, building: Building) -> None:
        self._front, self._counting, self._building = front, counting, building
        self._spaces = list(_tree(building, None))

    async def history(
        self,
        request: Request,
        space: str | None = None,
        since: _Since = None,
        until: _Until = None,
        day: date | None = None,
        asked: _LanguageAsked = None,
    ) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        spoken = asked or language(request)
        words = self._front.words(request, spoken)
        chosen = self._chosen(space)
        first, last = self._span(since, until)
        span = (last - first).days + 1
        try:
            days = await run_in_threadpool(self._counting.days, [chosen], first - timedelta(days=span), last)
        except Invalid:
            return Response(status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
        totals = await run_in_threadpool(self._counting.totals, first, last)
        dwell = await run_in_threadpool(self._counting.dwell, first, last)
        minutes = await run_in_threadpool(self._counting.minutes, chosen, day) if day else None
        inside = [one for one in days if one.day >= first]
        return self._front.page(
            request, spoken, "history.html", operator=operator.name, chosen=self._building.spaces[chosen],
            since=first, until=last, span=span, earlier=first - timedelta(days=span), later=last + timedelta(days=span),
            rows=self._rows(totals, words), spaces=self._spaces, days=inside, dwell=dwell, day=day,
            heat=charts.heat(_week(inside)) if inside else None, week=_week(inside),
            bars=charts.bars(_peaks(days, first, span), [words.weekday(n) for n in range(7)]),
            minutes=_minutes(list(minutes), self._building.spaces[chosen].capacity) if minutes is not None else None,
        )  # fmt: skip

    async def quality(
        self, request: Request, since: _Since = None, until: _Until = None, asked: _LanguageAsked = None
    ) -> Response:
        """Show how well the days went; the page asks for it by itself, because every event is looked at."""
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        first, last = self._span(since, until)
        zone = self._front.broadcast.timezone
        begins, ends = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
        try:
            found = await run_in_threadpool(self._counting.quality, begins, ends)
        except Invalid:
            return Response(status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
        return self._front.page(request, asked or language(request), "quality.html", quality=found)

    def _chosen(self, space: str | None) -> SpaceId:
        known = self._building.spaces.get(SpaceId(space or ""))
        return known.id if known is not None and known.kind is not SpaceKind.OUTSIDE else self._spaces[0].id

    def _span(self, since: date | None, until: date | None) -> tuple[date, date]:
        today = self._front.broadcast.today()
        last = until or today
        first = since or last - timedelta(days=_SPAN - 1)
        return max(min(first, last), last - timedelta(days=_MOST_SPAN - 1)), last

    def _rows(self, totals: list[Total], words: Words) -> list[Row]:
        by_space = {total.space: total for total in totals}
        rows = []
        for space in self._spaces:
            total = by_space.get(space.id)
            if total is not None:
                use = total.daytime / space.capacity if total.daytime is not None and space.capacity else None
                depth = len(self._building.path_up(space.id)) - 1
                rows.append(Row(space.id, words.pick(space.name), min(depth, 6), total, use))
        return rows


def _tree(building: Building, parent: SpaceId | None) -> Iterator[Space]:
    """Yield the spaces but the outside, each before those inside it."""
    for space in building.children(parent):
        if space.kind is not SpaceKind.OUTSIDE:
            yield space
            yield from _tree(building, space.id)


def _week(days: list[DayRecord]) -> list[list[float | None]]:
    """Return the mean of every hour of every weekday."""
    sums = [[(0.0, 0)] * 24 for _ in range(7)]
    for one in days:
        row = sums[one.day.weekday()]
        for hour in range(24):
            known = [mean for mean in one.means[4 * hour : 4 * hour + 4] if mean is not None]
            if known:
                row[hour] = (row[hour][0] + sum(known) / len(known), row[hour][1] + 1)
    return [[total / number if number else None for total, number in row] for row in sums]


def _peaks(days: list[DayRecord], first: date, span: int) -> list[tuple[date, int | None, int | None]]:
    peaks = {one.day: one.peak for one in days}
    wanted = [first + timedelta(days=number) for number in range(span)]
    return [(day, peaks.get(day), peaks.get(day - timedelta(days=span))) for day in wanted]


def _minutes(counts: list[int], capacity: int | None) -> charts.Line:
    known = [None if count < 0 else float(count) for count in counts]
    ends = [None if count < 0 else count for count in counts]
    return charts.line(known, ends, ends, capacity)
