"""The history of counts. Numbers of spaces only, and nobody in them; for companies, as they were disclosed."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard import charts
from access.dashboard.days import read_day
from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute
from access.dashboard.words import Words
from access.occupancy.disclosure import DisclosedDay, DisclosedTotal
from access.occupancy.visits import Dwell
from access.services import quality
from access.services.counting import Counting, DayRecord, Total
from access.services.disclosures import MOST_DISCLOSED_DAYS, Disclosures
from policies.building import Building, Space, SpaceKind
from policies.ids import SpaceId

_SEES_COUNTS = "occupancy:read"
_SPAN = 28
_MOST_SPAN = 366

_Since = Annotated[str, Query(alias="from")]
_Until = Annotated[str, Query(alias="to")]


class Row(msgspec.Struct, frozen=True):
    """A space in the table of all: `use` is the daytime mean over the capacity."""

    space: SpaceId
    name: str
    depth: int
    total: Total | DisclosedTotal
    use: float | None


class Past(msgspec.Struct, frozen=True):
    """What is shown of some days: the chosen space's, those of the same length before them, and every space's."""

    days: list[DayRecord] | list[DisclosedDay]
    totals: list[Total] | list[DisclosedTotal]
    dwell: Sequence[Dwell]


def looking(front: Front, counting: Counting, disclosures: Disclosures, building: Building) -> APIRouter:
    """Return the routes of the page."""
    pages = _Looking(front, counting, disclosures, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/history", pages.history, methods=["GET"])
    routes.add_api_route("/history/quality", pages.quality, methods=["GET"])
    return routes


class _Looking:
    def __init__(
        self, front: Front, counting: Counting, disclosures: Disclosures, building: Building
    ) -> None:
        self._front, self._counting, self._building = front, counting, building
        self._disclosures = disclosures
        self._spaces = list(_tree(building.tree(), None))

    async def history(
        self,
        request: Request,
        space: str | None = None,
        since: _Since = "",
        until: _Until = "",
        day: str = "",
    ) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        spoken, limited = language(request), operator.reach.sees_disclosed_only
        words = self._front.words(request)
        chosen = self._chosen(space)
        most = MOST_DISCLOSED_DAYS // 2 if limited else _MOST_SPAN
        first, last, notice = self._span(since, until, most)
        span = (last - first).days + 1
        past = await run_in_threadpool(self._disclosed if limited else self._exact, chosen, first, last)
        by_minute = read_day(day) if not limited else None
        minutes = await run_in_threadpool(self._counting.minutes, chosen, by_minute) if by_minute else None
        inside = [(one.day, _means(one)) for one in past.days if one.day >= first]
        week = _week(inside)
        return self._front.page(
            request,
            spoken,
            "history.html",
            operator=operator,
            notice=words(notice, days=most) if notice else "",
            chosen=self._building.spaces[chosen],
            since=first,
            until=last,
            span=span,
            earlier=first - timedelta(days=span),
            later=last + timedelta(days=span),
            rows=self._rows(past.totals, words),
            spaces=self._spaces,
            days=inside,
            dwell=past.dwell,
            day=by_minute,
            heat=charts.heat(week) if inside else None,
            week=week,
            bars=charts.bars(_peaks(past.days, first, span), [words.weekday(n) for n in range(7)]),
            minutes=_minutes(list(minutes), self._building.spaces[chosen].capacity)
            if minutes is not None
            else None,
        )

    def _exact(self, space: SpaceId, first: date, last: date) -> Past:
        span, counting = last - first + timedelta(days=1), self._counting
        days = counting.days([space], first - span, last)
        return Past(days, counting.totals(first, last), counting.dwell(first, last))

    def _disclosed(self, space: SpaceId, first: date, last: date) -> Past:
        span = last - first + timedelta(days=1)
        days, totals = self._disclosures.days_and_totals(space, first, last, first - span)
        return Past(days, totals, self._disclosures.dwell(first, last))

    async def quality(self, request: Request, since: _Since = "", until: _Until = "") -> Response:
        """Show how well the days went; the page asks for it by itself, because every event is looked at."""
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        first, last, notice = self._span(since, until, quality.MOST_DAYS)
        zone, spoken = self._front.broadcast.timezone, language(request)
        begins, ends = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
        found = await run_in_threadpool(self._counting.quality, begins, ends)
        kept = found.kept_since.astimezone(zone).date() if found.kept_since is not None else None
        notice = self._front.words(request)(notice, days=quality.MOST_DAYS) if notice else ""
        return self._front.page(
            request, spoken, "quality.html", quality=found, since=first, kept_since=kept, notice=notice
        )

    def _chosen(self, space: str | None) -> SpaceId:
        known = self._building.spaces.get(SpaceId(space or ""))
        return known.id if known is not None and known.kind is not SpaceKind.OUTSIDE else self._spaces[0].id

    def _span(self, since: str, until: str, most: int) -> tuple[date, date, str]:
        """Return the first and the last day to show, and what to say where they are not the days asked for."""
        first, last = read_day(since), read_day(until)
        is_read = all(bool(text) is (day is not None) for text, day in ((since, first), (until, last)))
        notice = "" if is_read else "no-such-day"
        last = last or self._front.broadcast.today()
        first = first or last - timedelta(days=_SPAN - 1)
        if first > last:
            first, last, notice = last, first, notice or "days-turned"
        earliest = last - timedelta(days=most - 1)
        return max(first, earliest), last, notice or ("days-too-many" if first < earliest else "")

    def _rows(self, totals: Sequence[Total | DisclosedTotal], words: Words) -> list[Row]:
        by_space = {total.space: total for total in totals}
        rows = []
        for space in self._spaces:
            total = by_space.get(space.id)
            if total is not None:
                use = total.daytime / space.capacity if total.daytime is not None and space.capacity else None
                depth = len(self._building.path_up(space.id)) - 1
                rows.append(Row(space.id, words.pick(space.name), min(depth, 6), total, use))
        return rows


def _tree(below: Mapping[SpaceId | None, Sequence[Space]], parent: SpaceId | None) -> Iterator[Space]:
    """Yield the spaces but the outside, each before those inside it."""
    for space in below.get(parent, ()):
        if space.kind is not SpaceKind.OUTSIDE:
            yield space
            yield from _tree(below, space.id)


def _means(one: DayRecord | DisclosedDay) -> Sequence[float | None]:
    return one.counts if isinstance(one, DisclosedDay) else one.means


def _week(days: Sequence[tuple[date, Sequence[float | None]]]) -> list[list[float | None]]:
    """Return the mean of every hour of every weekday, from the quarter-hours of some days."""
    sums = [[(0.0, 0)] * 24 for _ in range(7)]
    for day, means in days:
        row = sums[day.weekday()]
        for hour in range(24):
            known = [mean for mean in means[4 * hour : 4 * hour + 4] if mean is not None]
            if known:
                row[hour] = (row[hour][0] + sum(known) / len(known), row[hour][1] + 1)
    return [[total / number if number else None for total, number in row] for row in sums]


def _peaks(
    days: Sequence[DayRecord | DisclosedDay], first: date, span: int
) -> list[tuple[date, int | None, int | None]]:
    peaks = {one.day: one.peak for one in days}
    wanted = [first + timedelta(days=number) for number in range(span)]
    return [(day, peaks.get(day), peaks.get(day - timedelta(days=span))) for day in wanted]


def _minutes(counts: list[int], capacity: int | None) -> charts.Line:
    known = [None if count < 0 else float(count) for count in counts]
    ends = [None if count < 0 else count for count in counts]
    return charts.line(known, ends, ends, capacity)
