"""The pages: Building now, sign-in, the choice of a password, and the files and stream that they use.

Who may see what is asked of `Sessions` on every request; nothing is shown to somebody who is not signed in.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Header, Request, Response
from starlette.concurrency import run_in_threadpool

from access.dashboard.compress import takes_gzip
from access.dashboard.front import SESSION_COOKIE, Front, go, language, session_token
from access.dashboard.guard import GuardedRoute, is_ours, keep
from access.dashboard.stream import EventStream
from access.errors import Invalid, NotSignedIn

_SEES_COUNTS = "occupancy:read"
_LOCKS_DOWN = "lockdown:write"
_FOR_GOOD = "public, max-age=31536000, immutable"

_Text = Annotated[str, Form(max_length=1000)]
_LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]


def router(front: Front) -> APIRouter:
    """Return the routes of a site's first pages: Building now, signing in, and what they load."""
    pages = _Pages(front)
    routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
    routes.add_api_route("/", pages.now, methods=["GET"])
    routes.add_api_route("/stream", pages.stream, methods=["GET"])
    routes.add_api_route("/sign-in", pages.sign_in_form, methods=["GET"])
    routes.add_api_route("/sign-in", pages.sign_in, methods=["POST"])
    routes.add_api_route("/password", pages.password_form, methods=["GET"])
    routes.add_api_route("/password", pages.set_password, methods=["POST"])
    routes.add_api_route("/sign-out", pages.sign_out, methods=["POST"])
    routes.add_api_route("/static/{name:path}", pages.asset, methods=["GET"])
    return routes


class _Pages:
    def __init__(self, front: Front) -> None:
        self._front, self._broadcast, self._sessions = front, front.broadcast, front.sessions

    async def now(self, request: Request) -> Response:
        operator = await self._front.entitled(request, _SEES_COUNTS, within_reach=True)
        if isinstance(operator, Response):
            return operator
        if operator.reach.sees_disclosed_only:
            return go("/spaces")
        spoken = language(request)
        pieces, mark = self._broadcast.page(spoken)
        return self._front.page(
            request,
            spoken,
            "page.html",
            operator=operator,
            drawings=self._broadcast.renderers[spoken].levels,
            pieces=pieces,
            stream_mark=mark,
            may_lock_down=operator.may(_LOCKS_DOWN),
        )

    async def stream(self, request: Request, after: str = "", last: _LastEventId = None) -> Response:
        """Follow the page from the mark it was drawn at, or from where the line was lost."""
        operator = await self._front.operator(request)
        if operator is None or operator.must_set_password or not operator.may(_SEES_COUNTS):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        hub = self._broadcast.pages[language(request)]
        watched = (self._broadcast.watchers, operator.name)
        return EventStream(self._broadcast.watch(hub), last or after, watched=watched)

    async def asset(self, request: Request, name: str) -> Response:
        asset = self._front.assets.get(name)
        if asset is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        headers = {"cache-control": _FOR_GOOD, "vary": "accept-encoding"}
        if takes_gzip(request):
            headers["content-encoding"] = "gzip"
            return Response(asset.small, media_type=asset.media_type, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    async def sign_in_form(self, request: Request) -> Response:
        return self._front.page(request, language(request), "sign-in.html", name="", refusal="")

    async def sign_in(
        self, request: Request, name: _Text = "", password: _Text = "", csrf: _Text = ""
    ) -> Response:
        if not is_ours(request, csrf):
            return self._front.refused(request, "sign-in.html", "refused-form", name=name)
        try:
            held, now = session_token(request), self._front.now()
            signed_in = await run_in_threadpool(self._sessions.sign_in, name, password, now, held)
        except NotSignedIn:
            return self._front.refused(request, "sign-in.html", "refused-sign-in", name=name)
        return _signed_in(request, signed_in.token)

    async def password_form(self, request: Request) -> Response:
        operator = await self._front.operator(request)
        if operator is None:
            return go("/sign-in")
        return self._front.page(request, language(request), "password.html", operator=operator, refusal="")

    async def set_password(
        self,
        request: Request,
        password: _Text = "",
        again: _Text = "",
        csrf: _Text = "",
        current: _Text = "",
    ) -> Response:
        operator = await self._front.operator(request)
        if operator is None:
            return go("/sign-in")
        refusal = (
            "refused-form" if not is_ours(request, csrf) else "refused-differ" if password != again else ""
        )
        if refusal:
            return self._front.refused(request, "password.html", refusal, operator=operator)
        try:
            signed_in = await run_in_threadpool(
                self._sessions.set_password, session_token(request), password, self._front.now(), current
            )
        except Invalid:
            return self._front.refused(request, "password.html", "refused-password", operator=operator)
        except NotSignedIn:
            return self._front.refused(request, "password.html", "refused-current", operator=operator)
        return _signed_in(request, signed_in.token)

    async def sign_out(self, request: Request, csrf: _Text = "") -> Response:
        if not is_ours(request, csrf):
            return go("/")
        await run_in_threadpool(self._sessions.sign_out, session_token(request))
        response = go("/sign-in")
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return response


def _signed_in(request: Request, token: str) -> Response:
    response = go("/")
    keep(request, response, SESSION_COOKIE, token)
    return response
