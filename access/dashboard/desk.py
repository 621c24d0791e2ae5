"""The reception desk: find somebody, put a badge out of use in two clicks, hand out a new one by a tap."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.front import Front, go, language, marked
from access.dashboard.guard import GuardedRoute, is_ours
from access.dashboard.ports import Actor
from access.dashboard.words import Language
from access.errors import TotemError
from access.languages import worded
from access.services.badges import BadgeRecord, Badges, BadgeVerb
from access.services.reception import Reception
from access.services.refusals import Refusals
from policies.building import Building
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import BadgeKind, BadgeStatus
from readers.wire.events import Event

_SEES_PEOPLE = "people:read"
_WRITES_BADGES = "badges:write"
_REFUSALS = 50
_IN_USE = (BadgeStatus.ACTIVE, BadgeStatus.ISSUED)
_VERBS = {verb.value: verb for verb in (BadgeVerb.SUSPEND, BadgeVerb.REPORT_LOST, BadgeVerb.ACTIVATE)}

_Search = Annotated[str, Query(alias="q", max_length=200)]
_Text = Annotated[str, Form(max_length=200)]


def desk(
    front: Front, reception: Reception, badges: Badges, refusals: Refusals, building: Building
) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Desk(front, reception, badges, refusals, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/desk", pages.show, methods=["GET"])
    routes.add_api_route("/desk/taps", pages.taps, methods=["GET"])
    routes.add_api_route("/desk/why", pages.why, methods=["GET"])
    routes.add_api_route("/desk/badge", pages.say, methods=["POST"])
    routes.add_api_route("/desk/enrol", pages.enrol, methods=["POST"])
    return routes


class _Desk:
    def __init__(
        self, front: Front, reception: Reception, badges: Badges, refusals: Refusals, building: Building
    ) -> None:
        self._front, self._reception, self._badges = front, reception, badges
        self._refusals, self._building = refusals, building

    async def show(self, request: Request, search: _Search = "") -> Response:
        operator = await self._front.entitled(request, _SEES_PEOPLE, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return await self._page(request, language(request), operator, search)

    async def taps(self, request: Request, search: _Search = "", seen: str = "") -> Response:
        """Answer the page's own look for taps: what came just now, or nothing where it has `seen` all of it."""
        operator = await self._front.entitled(request, _SEES_PEOPLE, within_reach=True)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        values = await self._taps(operator, spoken)
        if values["mark"] == seen:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        found = await run_in_threadpool(self._reception.within(operator.reach).find, search)
        may_write = operator.may_within(_WRITES_BADGES)
        return self._front.page(
            request,
            spoken,
            "desk-news.html",
            operator,
            search=search,
            found=found,
            may_write=may_write,
            **values,
        )

    async def why(self, request: Request, event: str) -> Response:
        """Explain one of the refusals that the desk shows."""
        operator = await self._front.entitled(request, _SEES_PEOPLE, within_reach=True)
        if isinstance(operator, Response):
            return operator
        spoken, reception = language(request), self._reception.within(operator.reach)
        refused = await run_in_threadpool(reception.refusals, self._front.now(), _REFUSALS)
        tap = next((one for one in refused if one.id == event), None)
        if tap is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        found = await run_in_threadpool(self._refusals.why, tap)
        renderer = self._front.broadcast.renderers[spoken]
        return self._front.page(
            request,
            spoken,
            "why.html" if "hx-request" in request.headers else "why-page.html",
            operator=operator,
            time=renderer.time(tap.at),
            door=self._building.doors.get(tap.door) if tap.door else None,
            said=renderer.words.reason(tap.reason) if tap.reason else "",
            told=renderer.words.message(found.message) if found is not None else "",
            is_now_granted=found is not None and found.decision.grants,
            rules=found.decision.rules if found is not None else (),
            next=renderer.moment(found.next) if found is not None and found.next else "",
        )

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
            spoken = language(request)
            return await self._page(request, spoken, operator, search, refusal=worded(str(error), spoken))
        return go(f"/desk?q={quote(search)}")

    async def enrol(
        self, request: Request, badge: _Text = "", person: _Text = "", search: _Text = "", csrf: _Text = ""
    ) -> Response:
        """Give a badge that was just seen to somebody."""
        operator = await self._may_write(request, csrf)
        if isinstance(operator, Response):
            return operator
        reception = self._reception.within(operator.reach)
        unknown = await run_in_threadpool(reception.unknown_badges, self._front.now())
        tap = next((one for one in unknown if one.badge == badge), None)
        if tap is None:
            words = self._front.words(request)
            return await self._page(request, words.language, operator, search, refusal=words("not-tapped"))
        record = BadgeRecord(BadgeId(badge), _kind(tap), PersonId(person))
        try:
            add = self._badges.within(operator.reach).add
            await run_in_threadpool(add, [record], operator.name, self._front.now())
        except TotemError as error:
            spoken = language(request)
            return await self._page(request, spoken, operator, search, refusal=worded(str(error), spoken))
        return go(f"/desk?q={quote(search)}")

    async def _may_write(self, request: Request, csrf: str) -> Actor | Response:
        operator = await self._front.entitled(request, _WRITES_BADGES, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return operator if is_ours(request, csrf) else Response(status_code=HTTPStatus.FORBIDDEN)

    async def _page(
        self, request: Request, spoken: Language, operator: Actor, search: str, *, refusal: str = ""
    ) -> Response:
        reception = self._reception.within(operator.reach)
        found = await run_in_threadpool(reception.find, search)
        response = self._front.page(
            request,
            spoken,
            "desk.html",
            operator=operator,
            search=search,
            found=found,
            refusal=refusal,
            may_write=operator.may_within(_WRITES_BADGES),
            in_use=_IN_USE,
            **await self._taps(operator, spoken),
        )
        if refusal:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    async def _taps(self, operator: Actor, spoken: Language) -> dict[str, object]:
        """Return the taps of unknown badges and the refusals of lately, and a mark that changes with them."""
        now, renderer = self._front.now(), self._front.broadcast.renderers[spoken]
        reception, doors = self._reception.within(operator.reach), self._building.doors
        unknown = await run_in_threadpool(reception.unknown_badges, now)
        refused = await run_in_threadpool(reception.refusals, now)
        rows = [
            (
                one.id,
                renderer.time(one.at),
                doors.get(one.door) if one.door else None,
                renderer.words.reason(one.reason),
            )
            for one in refused
            if one.reason is not None
        ]
        seen = [(one, renderer.time(one.at), doors.get(one.door) if one.door else None) for one in unknown]
        mark = marked([row[0] for row in rows] + [one.id for one in unknown])
        return {"unknown": seen, "refused": rows, "mark": mark}


def _kind(tap: Event) -> BadgeKind:
    """Return what a medium that nobody knows is: only PKOC proves itself without a key of the site."""
    proven = tap.inputs is not None and tap.inputs.assurance is Assurance.AUTHENTICATED
    return BadgeKind.PKOC if proven else BadgeKind.UID
