"""The reception desk: find somebody, put a badge out of use in two clicks, hand out a new one by a tap."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.front import Front, go, language
from access.dashboard.guard import GuardedRoute, is_ours
from access.dashboard.ports import Actor
from access.dashboard.words import Language
from access.errors import TotemError
from access.services.badges import BadgeRecord, Badges, BadgeVerb
from access.services.reception import Reception
from policies.building import Building
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeKind, BadgeStatus

_SEES_PEOPLE = "people:read"
_WRITES_BADGES = "badges:write"
_IN_USE = (BadgeStatus.ACTIVE, BadgeStatus.ISSUED)
_VERBS = {verb.value: verb for verb in (BadgeVerb.SUSPEND, BadgeVerb.REPORT_LOST, BadgeVerb.ACTIVATE)}

_LanguageAsked = Annotated[Language | None, Query(alias="lang")]
_Search = Annotated[str, Query(alias="q", max_length=200)]
_Text = Annotated[str, Form(max_length=200)]


def desk(front: Front, reception: Reception, badges: Badges, building: Building) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Desk(front, reception, badges, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/desk", pages.show, methods=["GET"])
    routes.add_api_route("/desk/badge", pages.say, methods=["POST"])
    routes.add_api_route("/desk/enrol", pages.enrol, methods=["POST"])
    return routes


class _Desk:
    def __init__(self, front: Front, reception: Reception, badges: Badges, building: Building) -> None:
        self._front, self._reception, self._badges, self._building = front, reception, badges, building

    async def show(self, request: Request, search: _Search = "", asked: _LanguageAsked = None) -> Response:
        operator = await self._front.entitled(request, _SEES_PEOPLE, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return await self._page(request, asked or language(request), operator, search)

    async def say(
        self, request: Request, badge: _Text = "", verb: _Text = "", search: _Text = "", csrf: _Text = ""
    ) -> Response:
        """Suspend, report lost or activate a badge, and show the same people again."""
        operator = await self._may_write(request, csrf)
        if isinstance(operator, Response):
            return operator
        try:
            chosen = _VERBS[verb]
            say = self._badges.within(operator.reach).say
            await run_in_threadpool(say, BadgeId(badge), chosen, operator.name, self._front.now())
        except (KeyError, TotemError) as error:
            return await self._page(request, language(request), operator, search, refusal=str(error))
        return go(f"/desk?q={quote(search)}")

    async def enrol(
        self, request: Request, badge: _Text = "", person: _Text = "", search: _Text = "", csrf: _Text = ""
    ) -> Response:
        """Give a badge that was just seen to somebody."""
        operator = await self._may_write(request, csrf)
        if isinstance(operator, Response):
            return operator
        record = BadgeRecord(BadgeId(badge), BadgeKind.UID, PersonId(person))
        try:
            add = self._badges.within(operator.reach).add
            await run_in_threadpool(add, [record], operator.name, self._front.now())
        except TotemError as error:
            return await self._page(request, language(request), operator, search, refusal=str(error))
        return go(f"/desk?q={quote(search)}")

    async def _may_write(self, request: Request, csrf: str) -> Actor | Response:
        operator = await self._front.entitled(request, _WRITES_BADGES, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return operator if is_ours(request, csrf) else Response(status_code=HTTPStatus.FORBIDDEN)

    async def _page(
        self, request: Request, spoken: Language, operator: Actor, search: str, *, refusal: str = ""
    ) -> Response:
        now, renderer = self._front.now(), self._front.broadcast.renderers[spoken]
        reception = self._reception.within(operator.reach)
        found = await run_in_threadpool(reception.find, search)
        unknown = await run_in_threadpool(reception.unknown_badges, now)
        refused = await run_in_threadpool(reception.refusals, now)
        doors = self._building.doors
        response = self._front.page(
            request, spoken, "desk.html", operator=operator.name, search=search, found=found, refusal=refusal,
            may_write=operator.may_within(_WRITES_BADGES), in_use=_IN_USE,
            unknown=[(one, renderer.time(one.at), doors.get(one.door) if one.door else None) for one in unknown],
            refused=[
                (renderer.time(one.at), doors.get(one.door) if one.door else None, renderer.words.reason(one.reason))
                for one in refused
                if one.reason is not None
            ],
        )  # fmt: skip
        if refusal:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response
