"""Live events, and somebody's events for a purpose: for guards and auditors. The feed names nobody."""

from enum import Enum
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.front import Front, language
from access.dashboard.guard import GuardedRoute, is_ours
from access.dashboard.ports import Actor
from access.dashboard.render import ALARMS, kind_of
from access.dashboard.words import Language
from access.errors import Invalid, NotFound
from access.occupancy.feed import FEED_ENTRIES, FeedEntry
from access.services.reception import Purpose, Reception
from policies.building import Building, Door, Space
from policies.decision import Effect
from policies.ids import DoorId, PersonId, SpaceId

_SEES_COUNTS = "occupancy:read"
_READS_EVENTS = "events:read"

_Text = Annotated[str, Form(max_length=1000)]


class Only(Enum):
    """What a feed shows."""

    ALL = "all"
    REFUSED = "refused"
    ALARMS = "alarms"


def security(front: Front, reception: Reception, building: Building) -> APIRouter:
    """Return the routes of the pages."""
    pages = _Security(front, reception, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/events", pages.feed, methods=["GET"])
    routes.add_api_route("/events/rows", pages.rows, methods=["GET"])
    routes.add_api_route("/events/person", pages.person_form, methods=["GET"])
    routes.add_api_route("/events/person", pages.person, methods=["POST"])
    return routes


class _Security:
    def __init__(self, front: Front, reception: Reception, building: Building) -> None:
        self._front, self._reception, self._building = front, reception, building

    async def feed(self, request: Request, only: Only = Only.ALL, door: str = "") -> Response:
        return await self._feed(request, "events.html", only, door)

    async def rows(self, request: Request, only: Only = Only.ALL, door: str = "") -> Response:
        """Answer the page's own look for news with the rows alone."""
        return await self._feed(request, "events-rows.html", only, door)

    async def _feed(self, request: Request, template: str, only: Only, door: str) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        live, renderer = self._front.broadcast.live, self._front.broadcast.renderers[spoken]
        chosen = [entry for entry in live.feed(FEED_ENTRIES) if _shows(entry, only, door)]
        alarms = [
            (self._building.doors[name], view.state.value, renderer.time(view.since))
            for name, view in live.doors().items()
            if view.state in ALARMS and door in ("", name)
        ]
        rows = [
            (kind_of(entry), self._place(entry), renderer.time(entry.at), renderer.said(entry))
            for entry in chosen
        ]
        return self._front.page(
            request,
            spoken,
            template,
            operator=operator,
            rows=rows,
            alarms=alarms,
            only=only.value,
            now=renderer.time(self._front.now()),
            door=door,
            doors=list(self._building.doors.values()),
            may_open=operator.may(_READS_EVENTS),
        )

    def _place(self, entry: FeedEntry) -> Door | Space:
        building = self._building
        return building.doors[entry.door] if entry.door else building.spaces[entry.space or SpaceId("")]

    async def person_form(self, request: Request) -> Response:
        operator = await self._front.entitled(request, _READS_EVENTS)
        if isinstance(operator, Response):
            return operator
        return self._form(request, language(request), operator)

    async def person(
        self, request: Request, person: _Text = "", purpose: _Text = "", reason: _Text = "", csrf: _Text = ""
    ) -> Response:
        operator = await self._front.entitled(request, _READS_EVENTS)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        words = self._front.words(request)
        if not is_ours(request, csrf):
            return self._refused(request, spoken, operator, words("refused-form"))
        known = {one.value for one in Purpose}
        try:
            if purpose not in known:
                raise Invalid("purpose: expected one of the list")
            found = await run_in_threadpool(
                self._reception.events_of,
                PersonId(person.strip()),
                Purpose(purpose),
                reason,
                operator.name,
                self._front.now(),
            )
        except Invalid:
            return self._refused(request, spoken, operator, words("refused-reason"))
        except NotFound:
            return self._refused(request, spoken, operator, words("not-found"))
        renderer = self._front.broadcast.renderers[spoken]
        rows = [
            (
                event,
                renderer.moment(event.at),
                self._building.doors.get(event.door) if event.door else None,
                words.reason(event.reason) if event.reason else event.type.value,
            )
            for event in found
        ]
        return self._form(request, spoken, operator, rows=rows, person=person.strip())

    def _refused(self, request: Request, spoken: Language, operator: Actor, refusal: str) -> Response:
        response = self._form(request, spoken, operator, refusal=refusal)
        response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    def _form(
        self,
        request: Request,
        spoken: Language,
        operator: Actor,
        *,
        rows: object = None,
        person: str = "",
        refusal: str = "",
    ) -> Response:
        return self._front.page(
            request,
            spoken,
            "person-events.html",
            operator=operator,
            rows=rows,
            person=person,
            refusal=refusal,
            purposes=[one.value for one in Purpose],
        )


def _shows(entry: FeedEntry, only: Only, door: str) -> bool:
    if door and entry.door != DoorId(door):
        return False
    if only is Only.ALARMS:
        return entry.effect is None
    return only is Only.ALL or entry.effect is Effect.DENY
