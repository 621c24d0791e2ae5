"""What one place is now: a space with its day, a door with what happened at it. A page, or a panel beside the plan."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from access.dashboard import charts
from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute
from access.dashboard.render import fill_step, kind_of
from access.dashboard.words import Language
from access.occupancy.feed import FEED_ENTRIES
from policies.building import Building, SpaceKind
from policies.ids import DoorId, SpaceId

_SEES_COUNTS = "occupancy:read"
_COMMANDS = "doors:write"
_LOCKS_DOWN = "lockdown:write"
_AN_HOUR = timedelta(hours=1)
_LATEST = 12

_AsPart = Annotated[str | None, Header(alias="HX-Request")]
"""What htmx says when it asks: then the inside of a panel is wanted."""


def places(front: Front, building: Building) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Places(front, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/spaces/{space}", pages.space, methods=["GET"])
    routes.add_api_route("/doors/{door}", pages.door, methods=["GET"])
    return routes


class _Places:
    def __init__(self, front: Front, building: Building) -> None:
        self._front, self._building = front, building

    async def space(self, request: Request, space: str, part: _AsPart = None) -> Response:
        """Show a space: its count and how sure it is, its day, its doors."""
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        known = self._building.spaces.get(SpaceId(space))
        if known is None or known.kind is SpaceKind.OUTSIDE:
            return self._front.astray(request, operator)
        spoken = language(request)
        live, renderer = self._front.broadcast.live, self._front.broadcast.renderers[spoken]
        live.advance(self._front.now())
        count, today, states = live.counts()[known.id], live.today(known.id), live.doors()
        doors = [one for one in self._building.doors.values() if known.id in (one.inner, one.outer)]
        return self._front.page(
            request,
            spoken,
            "space-panel.html" if part else "space.html",
            operator=operator,
            space=known,
            count=count,
            step=fill_step(count.count, count.capacity),
            today=today,
            changed=renderer.time(count.changed_at),
            as_of=renderer.time(count.as_of),
            stream_mark=self._mark(spoken),
            above=[self._building.spaces[one] for one in self._building.path_up(known.id)[1:]],
            chart=charts.line(today.means, today.lows, today.highs, known.capacity) if today else None,
            doors=[(one, states[one.id].state.value, renderer.time(states[one.id].since)) for one in doors],
        )

    def _mark(self, spoken: Language) -> str:
        """Return from where a place's page follows what changes."""
        return self._front.broadcast.pages[spoken].mark

    async def door(self, request: Request, door: str, part: _AsPart = None) -> Response:
        """Show a door: its state since when, where it leads, and what happened at it lately."""
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        known = self._building.doors.get(DoorId(door))
        if known is None:
            return self._front.astray(request, operator)
        spoken = language(request)
        live, renderer = self._front.broadcast.live, self._front.broadcast.renderers[spoken]
        live.advance(self._front.now())
        view = live.doors()[known.id]
        latest = [entry for entry in live.feed(FEED_ENTRIES) if entry.door == known.id][:_LATEST]
        return self._front.page(
            request,
            spoken,
            "door-panel.html" if part else "door.html",
            operator=operator,
            door=known,
            state=view.state.value,
            since=renderer.time(view.since),
            stream_mark=self._mark(spoken),
            now=renderer.time(self._front.now()),
            sides=[self._building.spaces[known.outer], self._building.spaces[known.inner]],
            readers=[one for one in self._building.readers.values() if one.door == known.id],
            told=view.told,
            ends=renderer.moment(view.told.until) if view.told and view.told.until else "",
            may_command=operator.may(_COMMANDS),
            may_lock_down=operator.may(_LOCKS_DOWN),
            until=renderer.wall(self._front.now() + _AN_HOUR),
            rows=[(renderer.time(entry.at), kind_of(entry), renderer.said(entry)) for entry in latest],
        )
