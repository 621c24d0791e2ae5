"""The roll-call: who may be inside, by name and space, for an alarm or a drill. Wardens share one list, live.

A look without a roll-call asks for a reason, which is in the audit. Nobody is shown but to whom the right is given,
within their reach.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.front import Front, go, language
from access.dashboard.guard import GuardedRoute, is_ours
from access.dashboard.ports import Actor
from access.dashboard.words import Language
from access.errors import Invalid, NotFound
from access.services.outbox import Outbox
from access.services.rollcall import Listed, RollCall, Unnamed, lines_and_total
from policies.building import Building, Door, Label
from policies.ids import PersonId, SpaceId
from readers.wire.events import Event

_READS = "rollcall:read"
_WRITES = "rollcall:write"
_SHOWN = 10

_Told = TypeVar("_Told", Listed, Unnamed)
_Text = Annotated[str, Form(max_length=1000)]


class Line(msgspec.Struct, frozen=True):
    """Somebody on the list. `state` is `safe`, `left`, `unconfirmed` or `missing`; times are as the wall shows them.

    `at` and `by` are when they were marked safe, and by whom, or when they left, and by which door.
    """

    person: PersonId
    name: str
    about: str
    door: Door | None
    seen: str
    state: str
    at: str = ""
    by: str = ""


class Group(msgspec.Struct, frozen=True):
    """The people of a space, how many of them nobody has accounted for, and who is counted there without a name."""

    name: Label
    lines: tuple[Line, ...]
    missing: int
    more: Unnamed | None


def rollcall(front: Front, building: Building, calls: RollCall, news: Outbox[Sequence[Event]]) -> APIRouter:
    """Return the routes of the pages. `news` is told what the end of a roll-call says of presence."""
    pages = _RollCalls(front, building, calls, news)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/rollcall", pages.overview, methods=["GET"])
    routes.add_api_route("/rollcall", pages.begin, methods=["POST"])
    routes.add_api_route("/rollcall/look", pages.look, methods=["POST"])
    routes.add_api_route("/rollcall/{muster}", pages.show, methods=["GET"])
    routes.add_api_route("/rollcall/{muster}/list", pages.part, methods=["GET"])
    routes.add_api_route("/rollcall/{muster}/safe", pages.mark_safe, methods=["POST"])
    routes.add_api_route("/rollcall/{muster}/close", pages.close, methods=["POST"])
    return routes


class _RollCalls:
    def __init__(
        self, front: Front, building: Building, calls: RollCall, news: Outbox[Sequence[Event]]
    ) -> None:
        self._front, self._building, self._calls, self._news = front, building, calls, news

    async def overview(self, request: Request) -> Response:
        """Show whether a release lasts, the roll-calls of lately, and how to look or to open one."""
        operator = await self._front.entitled(request, _READS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        return await self._overview(request, operator, language(request))

    async def look(self, request: Request, reason: _Text = "", csrf: _Text = "") -> Response:
        """Show who may be inside now; the reason is in the audit."""
        operator = await self._front.entitled(request, _READS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        spoken, words = language(request), self._front.words(request)
        if not is_ours(request, csrf):
            return await self._overview(request, operator, spoken, refusal=words("refused-form"))
        now = self._front.now()
        self._front.broadcast.live.advance(now)
        try:
            seen = self._calls.look()
            listed = await run_in_threadpool(self._calls.now, seen, reason, operator.name, now)
        except Invalid:
            return await self._overview(request, operator, spoken, refusal=words("refused-no-reason"))
        more = self._theirs(operator, self._calls.unnamed(seen))
        return self._front.page(
            request,
            spoken,
            "rollcall-now.html",
            operator=operator,
            **self._listed(spoken, self._theirs(operator, listed), {}, more),
        )

    async def begin(self, request: Request, kind: _Text = "", csrf: _Text = "") -> Response:
        """Open a roll-call: the list stands still from now on, or from the release on that lasts."""
        operator = await self._front.entitled(request, _WRITES)
        if isinstance(operator, Response):
            return operator
        if not is_ours(request, csrf):
            refusal = self._front.words(request)("refused-form")
            return await self._overview(request, operator, language(request), refusal=refusal)
        now = self._front.now()
        self._front.broadcast.live.advance(now)
        seen, is_drill = self._calls.look(), kind == "drill"
        muster = await run_in_threadpool(self._calls.open, seen, operator.name, now, is_drill=is_drill)
        return go(f"/rollcall/{muster.id}")

    async def show(self, request: Request, muster: str) -> Response:
        """Show a roll-call."""
        return await self._show(request, muster, "muster.html")

    async def part(self, request: Request, muster: str) -> Response:
        """Answer the page's own look for news with the list alone."""
        return await self._show(request, muster, "muster-list.html")

    async def mark_safe(
        self, request: Request, muster: str, person: _Text = "", csrf: _Text = ""
    ) -> Response:
        """Mark somebody safe."""
        operator = await self._front.entitled(request, _WRITES, within_reach=True)
        if isinstance(operator, Response):
            return operator
        if not is_ours(request, csrf):
            return Response(status_code=HTTPStatus.FORBIDDEN)
        try:
            found = await run_in_threadpool(self._calls.get, muster)
            if person not in {one.person for one in self._theirs(operator, found.people)}:
                return Response(status_code=HTTPStatus.NOT_FOUND)
            whom = [PersonId(person)]
            await run_in_threadpool(self._calls.mark_safe, muster, whom, operator.name, self._front.now())
        except NotFound:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        except Invalid:  # it was closed meanwhile: the page says so
            pass
        if "hx-request" in request.headers:
            return await self._show(request, muster, "muster-list.html")
        return go(f"/rollcall/{muster}")

    async def close(self, request: Request, muster: str, csrf: _Text = "") -> Response:
        """End a roll-call: whoever is safe is out of the building."""
        operator = await self._front.entitled(request, _WRITES)
        if isinstance(operator, Response):
            return operator
        if not is_ours(request, csrf):
            return Response(status_code=HTTPStatus.FORBIDDEN)
        try:
            found = self._calls.follow(await run_in_threadpool(self._calls.get, muster))
        except NotFound:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        _, events = await run_in_threadpool(self._calls.close, found, operator.name, self._front.now())
        if events:
            self._news.tell(events)
        return go(f"/rollcall/{muster}")

    # ---- what is shown

    async def _overview(
        self, request: Request, operator: Actor, spoken: Language, *, refusal: str = ""
    ) -> Response:
        self._front.broadcast.live.advance(self._front.now())
        release, renderer = self._calls.release(), self._front.broadcast.renderers[spoken]
        known = await run_in_threadpool(self._calls.newest, _SHOWN)
        response = self._front.page(
            request,
            spoken,
            "rollcall.html",
            operator=operator,
            refusal=refusal,
            since=renderer.time(release.since) if release else "",
            doors=[self._building.doors[door] for door in release.doors] if release else [],
            musters=[(one, renderer.moment(one.opened_at)) for one in known],
            may_open=operator.may(_WRITES),
        )
        if refusal:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response

    async def _show(self, request: Request, muster: str, template: str) -> Response:
        operator = await self._front.entitled(request, _READS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        try:
            found = await run_in_threadpool(self._calls.get, muster)
        except NotFound:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        self._front.broadcast.live.advance(self._front.now())
        found = self._calls.follow(found)
        spoken = language(request)
        renderer = self._front.broadcast.renderers[spoken]
        safe = {one.person: (renderer.time(one.at), one.actor) for one in found.safe}
        return self._front.page(
            request,
            spoken,
            template,
            operator=operator,
            muster=found,
            opened=renderer.moment(found.opened_at),
            now=renderer.time(self._front.now()),
            closed=renderer.moment(found.closed_at) if found.closed_at else "",
            may_mark=operator.may_within(_WRITES) and found.closed_at is None,
            may_close=operator.may(_WRITES) and found.closed_at is None,
            **self._listed(
                spoken, self._theirs(operator, found.people), safe, self._theirs(operator, found.unnamed)
            ),
        )

    def _theirs(self, operator: Actor, listed: Iterable[_Told]) -> list[_Told]:
        """Return of a list what is where the operator's rights hold."""
        return [one for one in listed if operator.reach.covers(self._building, one.space)]

    def _listed(
        self,
        spoken: Language,
        listed: Sequence[Listed],
        safe: dict[PersonId, tuple[str, str]],
        unnamed: Sequence[Unnamed],
    ) -> dict[str, object]:
        """Return a list by spaces, how many are on it, and how many nobody has accounted for or knows by name.

        A kept list outlives an edit of the building: whoever is in a space that is gone stays on it, under its id.
        """
        lines: dict[SpaceId, list[Line]] = {}
        for one in listed:
            lines.setdefault(one.space, []).append(self._line(spoken, one, safe.get(one.person)))
        spaces, total = lines_and_total(self._building, unnamed)
        more = {one.space: one for one in spaces if one.count}
        known = {space.id: space.name for space in self._building.spaces.values()}
        gone = {space: Label(space, space) for space in (*lines, *more) if space not in known}
        groups = [
            Group(name, tuple(found), sum(map(_is_missing, found)), more.get(space))
            for space, name in (known | gone).items()
            if (found := lines.get(space, [])) or space in more
        ]
        began = next((one.inside_at for one in listed if one.inside_at is not None), None)
        renderer = self._front.broadcast.renderers[spoken]
        return {
            "groups": groups,
            "all": len(listed),
            "more": [one for one in total if one.high],
            "missing": sum(group.missing for group in groups),
            "began": renderer.time(began) if began is not None else "",
        }

    def _line(self, spoken: Language, one: Listed, safe: tuple[str, str] | None) -> Line:
        renderer = self._front.broadcast.renderers[spoken]
        kind = renderer.words(f"kind-{one.kind}")
        about = f"{kind} · {one.organisation}" if one.organisation else kind
        known = (one.person, one.name or one.person, about, self._building.doors.get(one.door))
        seen = renderer.time(one.seen_at)
        if safe is not None:
            return Line(*known, seen, "safe", *safe)
        if one.left_at is not None:
            door = self._building.doors.get(one.left_by) if one.left_by is not None else None
            by = renderer.words.pick(door.name) if door is not None else ""
            return Line(*known, seen, "left", renderer.time(one.left_at), by)
        return Line(*known, seen, "missing" if one.confirmed else "unconfirmed")


def _is_missing(line: Line) -> bool:
    return line.state in {"missing", "unconfirmed"}
