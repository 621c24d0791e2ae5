"""The reception's day: visitors expected, here and gone; each is let in with a badge of the desk, let go or cancelled.

It works without a script. What another desk did meanwhile appears by itself, and is never done twice.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.days import Day, wall_time
from access.dashboard.front import Front, go, language, marked
from access.dashboard.guard import GuardedRoute, is_ours
from access.dashboard.ports import Actor
from access.dashboard.visiting import NEW, Draft, Filled, Known, Line, Step, drafted, known, line
from access.dashboard.words import Language
from access.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated, Over
from access.services.reception import Reception
from access.services.visits import VisitRecord, Visits, VisitState, VisitVerb, fresh_id
from access.services.welcome import Welcome
from policies.building import Building, SpaceKind
from policies.ids import BadgeId, PersonId, SpaceId
from policies.roster import ResidentType

_READS = "people:read"
_WRITES = "people:write"
_VERBS = {verb.value: verb for verb in VisitVerb}

_Typed = Annotated[str, Query(max_length=200)]


def visits(
    front: Front, cases: Visits, welcome: Welcome, reception: Reception, building: Building
) -> APIRouter:
    """Return the routes of the page and its forms."""
    pages = _Visits(front, cases, welcome, reception, building)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/visits", pages.show, methods=["GET"])
    routes.add_api_route("/visits", pages.expect, methods=["POST"])
    routes.add_api_route("/visits/list", pages.part, methods=["GET"])
    routes.add_api_route("/visits/known", pages.known, methods=["GET"])
    routes.add_api_route("/visits/{visit}/{verb}", pages.step, methods=["POST"])
    return routes


class _Visits:
    def __init__(
        self, front: Front, cases: Visits, welcome: Welcome, reception: Reception, building: Building
    ) -> None:
        self._front, self._cases, self._welcome = front, cases, welcome
        self._reception, self._building = reception, building
        self._spaces = [space for space in building.spaces.values() if space.kind is not SpaceKind.OUTSIDE]

    async def show(self, request: Request, day: Day | None = None) -> Response:
        """Show a day, today's unless another is asked for."""
        operator = await self._front.entitled(request, _READS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return await self._page(request, language(request), operator, day)

    async def part(self, request: Request, day: Day | None = None, seen: str = "") -> Response:
        """Answer the page's own look for news with the list, or with nothing where it has `seen` it."""
        operator = await self._front.entitled(request, _READS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        values = await self._day(operator, spoken, day)
        if values["mark"] == seen:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return self._front.page(request, spoken, "visits-list.html", operator, **values)

    async def known(self, request: Request, name: _Typed = "", person: _Typed = "") -> Response:
        """Answer the form, while a name is typed, with the visitors of that name who were here before."""
        operator = await self._may_write(request)
        if isinstance(operator, Response):
            return operator
        spoken, draft = language(request), Draft(name=name, person=person)
        found = await self._known(operator, spoken, name)
        return self._front.page(request, spoken, "visits-known.html", operator, draft=draft, known=found)

    async def expect(self, request: Request, draft: Annotated[Draft, Form()]) -> Response:
        """Expect a visitor, or look for one of that name; one who is `here` already is let in at once."""
        operator = await self._may_write(request)
        if isinstance(operator, Response):
            return operator
        spoken = language(request)
        found = await self._known(operator, spoken, draft.name)
        if draft.looks:
            return await self._page(request, spoken, operator, None, Filled(draft, found))
        filled = Filled(draft, found, await self._hosts(operator, draft.host.strip()))
        refusal = filled.fault if is_ours(request, draft.csrf) else "refused-form"
        if not refusal:
            refusal = await run_in_threadpool(self._expect, operator, draft, filled.hosts[0][0])
        if refusal:
            return await self._page(request, spoken, operator, None, filled, refusal)
        return go(f"/visits?day={draft.since[:10]}")

    def _expect(self, operator: Actor, draft: Draft, host: PersonId) -> str:
        """Do it; return why not, or nothing."""
        cases, now = self._cases.within(operator.reach), self._front.now()
        places = (SpaceId(draft.space),) if draft.space else ()
        is_new = draft.person in {"", NEW}
        visitor = PersonId(fresh_id() if is_new else draft.person)
        try:
            begins, ends = (
                wall_time(one, self._front.broadcast.timezone) for one in (draft.since, draft.until)
            )
            visit = VisitRecord(fresh_id(), visitor, host, begins, ends, spaces=places, escorted=not places)
            name = draft.name.strip() if is_new else None
            cases.expect(visit, name, operator.name, now, is_here=draft.here)
        except NotAllowed:
            return "refused-visit-alone"
        except (Invalid, ValueError):
            return "refused-visit-time"
        return ""

    async def step(self, request: Request, visit: str, verb: str, told: Annotated[Step, Form()]) -> Response:
        """Let a visitor in or go, or expect them no longer; the version says that the page was up to date."""
        operator = await self._may_write(request)
        if isinstance(operator, Response):
            return operator
        if verb not in _VERBS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        refusal = "" if is_ours(request, told.csrf) else "refused-form"
        if not refusal:
            refusal = await run_in_threadpool(self._step, operator, visit, _VERBS[verb], told)
        if refusal:
            return await self._page(request, language(request), operator, told.day, refusal=refusal)
        return go(f"/visits?day={told.day.isoformat()}" if told.day else "/visits")

    def _step(self, operator: Actor, visit: str, verb: VisitVerb, told: Step) -> str:
        """Do it; return why not, or nothing."""
        cases, badge = self._cases.within(operator.reach), BadgeId(told.badge) if told.badge else None
        acts = {
            VisitVerb.ARRIVE: partial(cases.arrive, visit, badge),
            VisitVerb.LEAVE: partial(cases.leave, visit),
            VisitVerb.CANCEL: partial(cases.cancel, visit),
        }
        try:
            acts[verb](operator.name, self._front.now(), told.version)
        except NotAllowed:
            return "refused-badge-taken"
        except Outdated:
            return "refused-visit-changed"
        except Over:
            return "refused-visit-over"
        except (Conflict, NotFound):
            return "refused-badge-taken" if badge else "refused-visit-changed"
        return ""

    # ---- what is shown

    async def _may_write(self, request: Request) -> Actor | Response:
        return await self._front.entitled(request, _WRITES, within_reach=True)

    async def _hosts(self, operator: Actor, text: str) -> Sequence[tuple[PersonId, str]]:
        """Return the id and name of whoever a text may mean; of the one whose id it is, nobody else."""
        found = await run_in_threadpool(self._reception.within(operator.reach).find, text)
        people = [one.person for one in found if one.person.type is not ResidentType.VISITOR]
        exact = [one for one in people if text in (one.id, one.name)]
        return [(one.id, one.name or one.id) for one in (exact if len(exact) == 1 else people)]

    async def _known(self, operator: Actor, spoken: Language, name: str) -> list[Known]:
        welcome, renderer = self._welcome.within(operator.reach), self._front.broadcast.renderers[spoken]
        return [
            known(one, renderer) for one in await run_in_threadpool(welcome.known, name, self._front.now())
        ]

    async def _page(
        self,
        request: Request,
        spoken: Language,
        operator: Actor,
        day: date | None,
        filled: Filled | None = None,
        refusal: str = "",
    ) -> Response:
        renderer = self._front.broadcast.renderers[spoken]
        filled = filled or Filled(drafted(self._front.now(), renderer.wall))
        response = self._front.page(
            request,
            spoken,
            "visits.html",
            operator,
            refusal=renderer.words(refusal) if refusal else "",
            hosts=filled.hosts,
            known=filled.known,
            draft=filled.draft,
            spaces=self._spaces if operator.reach.is_everywhere else (),
            **await self._day(operator, spoken, day),
        )
        if refusal:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    async def _day(self, operator: Actor, spoken: Language, asked: date | None) -> dict[str, object]:
        """Return a day's visits in three groups, the badges that can be lent, and a mark that changes with them."""
        now, today = self._front.now(), self._front.broadcast.today()
        day, welcome = asked or today, self._welcome.within(operator.reach)
        zone = self._front.broadcast.timezone
        begins, ends = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
        stays = await run_in_threadpool(welcome.stays, begins, ends)
        may_write = operator.may_within(_WRITES)
        free = await run_in_threadpool(welcome.lendable, now) if may_write else []
        renderer = self._front.broadcast.renderers[spoken]
        lines = [line(one, self._building, renderer, now) for one in stays]
        lent = [(one.badge.id, renderer.time(one.tapped)) for one in free]
        mark = marked((lines, lent))
        return {
            "day": day,
            "before": day - timedelta(days=1),
            "after": day + timedelta(days=1),
            "today": today,
            "groups": _grouped(lines),
            "free": lent,
            "may_write": may_write,
            "mark": mark,
            "begins": begins.isoformat(),
            "ends": ends.isoformat(),
            "now": renderer.time(now),
        }


def _grouped(lines: Sequence[Line]) -> dict[str, list[Line]]:
    states = {
        "expected": (VisitState.EXPECTED,),
        "arrived": (VisitState.ARRIVED,),
        "gone": (VisitState.LEFT, VisitState.CANCELLED),
    }
    return {name: [one for one in lines if one.state in wanted] for name, wanted in states.items()}
