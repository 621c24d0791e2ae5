"""Lockdowns: those in force, a new one of a space or the site, and their release. Each asks whether it is meant."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from access.dashboard.front import Front, language, marked
from access.dashboard.guard import GuardedRoute
from access.dashboard.ports import Actor
from access.dashboard.telling import Telling, frame
from access.services.doors import Doors
from policies.building import Building, Label, SpaceKind
from policies.ids import SpaceId

_LOCKS_DOWN = "lockdown:write"

_Text = Annotated[str, Form(max_length=1000)]


def lockdown(front: Front, building: Building, doors: Doors, telling: Telling) -> APIRouter:
    """Return the routes of the page and its forms."""
    pages = _Lockdowns(front, building, doors, telling)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/lockdown", pages.form, methods=["GET"])
    routes.add_api_route("/lockdown", pages.begin, methods=["POST"])
    routes.add_api_route("/lockdown/now", pages.now, methods=["GET"])
    routes.add_api_route("/lockdown/standing", pages.standing, methods=["GET"])
    routes.add_api_route("/lockdown/end", pages.end_form, methods=["GET"])
    routes.add_api_route("/lockdown/end", pages.end, methods=["POST"])
    return routes


class _Lockdowns:
    def __init__(self, front: Front, building: Building, doors: Doors, telling: Telling) -> None:
        self._front, self._building, self._doors, self._telling = front, building, doors, telling
        inhabited = (space for space in building.spaces.values() if space.kind is not SpaceKind.OUTSIDE)
        self._spaces = [space for space in inhabited if doors.doors_into(space.id)]

    async def form(self, request: Request, space: str = "") -> Response:
        """Show the lockdowns in force, and the form of a new one."""
        return await self._show(request, frame(request, "lockdown"), space)

    async def standing(self, request: Request, seen: str = "") -> Response:
        """Answer the page's own look for news with the lockdowns in force, or nothing where it has `seen` them.

        What is put in anew slips from under the finger that is about to end a lockdown.
        """
        return await self._show(request, "lockdown-standing.html", "", seen)

    async def now(self, request: Request, seen: str = "") -> Response:
        """Answer whoever is signed in what is locked down, or nothing where their page shows it already."""
        operator = await self._front.operator(request)
        if operator is None:
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        spoken = language(request)
        if marked(self._front.broadcast.lockdown(spoken)) == seen:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return self._front.page(request, spoken, "lockdown-asks.html", operator=operator)

    async def end_form(self, request: Request, space: str = "") -> Response:
        """Ask for the reason of a release."""
        return await self._show(request, frame(request, "lockdown-end"), space)

    async def begin(
        self, request: Request, space: _Text = "", reason: _Text = "", sure: _Text = "", csrf: _Text = ""
    ) -> Response:
        """Ask whether it is meant; then let nobody but the exempt in."""
        operator = await self._telling.entitled(request, _LOCKS_DOWN, csrf)
        if isinstance(operator, Response):
            return operator
        where = self._space(space)
        if where is not None and where not in self._building.spaces:
            return self._front.astray(request, operator)
        if not reason.strip():
            return self._telling.refused(request, operator, "refused-no-reason")
        if sure != "yes":
            return self._ask(request, where, reason, operator)
        work = partial(self._doors.lock_down, where, None)
        return await self._telling.tell(request, operator, work, reason)

    async def end(
        self, request: Request, space: _Text = "", reason: _Text = "", csrf: _Text = ""
    ) -> Response:
        """End the lockdown of exactly this space, or the site's."""
        operator = await self._telling.entitled(request, _LOCKS_DOWN, csrf)
        if isinstance(operator, Response):
            return operator
        work = partial(self._doors.end_lockdown, self._space(space))
        return await self._telling.tell(request, operator, work, reason)

    def _ask(self, request: Request, where: SpaceId | None, reason: str, operator: Actor) -> Response:
        """Say how many doors and people a lockdown concerns, and ask whether it is meant."""
        live = self._front.broadcast.live
        live.advance(self._front.now())
        concerned = [where] if where is not None else [one.id for one in self._spaces if one.parent is None]
        counts = live.counts()
        return self._front.page(
            request,
            language(request),
            frame(request, "lockdown-ask"),
            operator=operator,
            space=where or "",
            name=self._name(where),
            reason=reason,
            doors=len(self._doors.doors_into(where)),
            people=sum(counts[one].count for one in concerned),
        )

    async def _show(self, request: Request, template: str, space: str, seen: str = "") -> Response:
        operator = await self._front.entitled(request, _LOCKS_DOWN)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        renderer = self._front.broadcast.renderers[spoken]
        standing = self._doors.standing.at(self._front.now())
        rows = [
            (one.space or "", self._name(one.space), renderer.moment(one.since), one.actor, one.reason)
            for one in standing
        ]
        mark = marked(rows)
        if mark == seen:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return self._front.page(
            request,
            spoken,
            template,
            operator=operator,
            rows=rows,
            mark=mark,
            spaces=self._spaces,
            space=space,
            name=self._name(self._space(space)),
        )

    def _space(self, space: str) -> SpaceId | None:
        return SpaceId(space) if space else None

    def _name(self, space: SpaceId | None) -> Label | None:
        """Return a space's name; None for the whole site, and for what does not exist."""
        found = self._building.spaces.get(space) if space is not None else None
        return found.name if found is not None else None
