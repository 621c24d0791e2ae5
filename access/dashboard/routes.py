"""The pages: Building now, sign-in, the choice of a password, and the files and stream that they use.

Who may see what is asked of `Operators` on every request; nothing is shown to somebody who is not signed in.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from access.dashboard.assets import addresses, read_assets
from access.dashboard.broadcast import Broadcast
from access.dashboard.guard import CSRF_COOKIE, GuardedRoute, csrf_token, is_ours, keep
from access.dashboard.ports import Actor, Operators
from access.dashboard.stream import EventStream
from access.dashboard.words import Language, preferred
from access.errors import Invalid, NotSignedIn
from access.occupancy.doors import DoorState

SESSION_COOKIE = "totem_session"
LANGUAGE_COOKIE = "totem_language"
LEAST_PASSWORD = 12
"""What the form says; the operators' services decide."""

_SEES_COUNTS = "occupancy:read"
_YEAR_S = 365 * 24 * 3600
_FOR_GOOD = "public, max-age=31536000, immutable"

_Text = Annotated[str, Form(max_length=1000)]
_LanguageAsked = Annotated[Language | None, Query(alias="lang")]
_LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]


def router(
    broadcast: Broadcast,
    operators: Operators,
    now: Callable[[], datetime],
    site: str,
    *,
    is_fictional: bool = False,
) -> APIRouter:
    """Return the routes of the pages of one site. `now` is the time that sessions are counted in."""
    pages = _Pages(broadcast, operators, now, site, is_fictional=is_fictional)
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
    def __init__(
        self,
        broadcast: Broadcast,
        operators: Operators,
        now: Callable[[], datetime],
        site: str,
        *,
        is_fictional: bool,
    ) -> None:
        self._broadcast, self._operators, self._now = broadcast, operators, now
        self._assets = read_assets()
        self._common: dict[str, object] = {
            "site": site,
            "is_fictional": is_fictional,
            "static": addresses(self._assets),
            "states": [state.value for state in DoorState],
            "least": LEAST_PASSWORD,
        }

    async def now(self, request: Request, asked: _LanguageAsked = None) -> Response:
        operator = await self._operator(request)
        if operator is None:
            return _go("/sign-in")
        if operator.must_set_password:
            return _go("/password")
        if not operator.may(_SEES_COUNTS):
            return Response(status_code=HTTPStatus.FORBIDDEN)
        language = asked or _language(request)
        return self._page(
            request,
            language,
            "page.html",
            operator=operator.name,
            drawings=self._broadcast.renderers[language].levels,
            fragments=self._broadcast.fragments(language),
        )

    async def stream(
        self, request: Request, asked: _LanguageAsked = None, last: _LastEventId = None
    ) -> Response:
        operator = await self._operator(request)
        if operator is None or operator.must_set_password or not operator.may(_SEES_COUNTS):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        hub = self._broadcast.pages[asked or _language(request)]
        return EventStream(self._broadcast.watch(hub), last)

    async def asset(self, name: str) -> Response:
        asset = self._assets.get(name)
        if asset is None:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        return Response(asset.body, media_type=asset.media_type, headers={"cache-control": _FOR_GOOD})

    async def sign_in_form(self, request: Request, asked: _LanguageAsked = None) -> Response:
        return self._page(request, asked or _language(request), "sign-in.html", name="", refusal="")

    async def sign_in(
        self, request: Request, name: _Text = "", password: _Text = "", csrf: _Text = ""
    ) -> Response:
        if not is_ours(request, csrf):
            return self._refused(request, "sign-in.html", "refused-form", name=name)
        try:
            signed_in = await run_in_threadpool(self._operators.sign_in, name, password, self._now())
        except NotSignedIn:
            return self._refused(request, "sign-in.html", "refused-sign-in", name=name)
        return _signed_in(request, signed_in.token)

    async def password_form(self, request: Request) -> Response:
        operator = await self._operator(request)
        if operator is None:
            return _go("/sign-in")
        return self._page(request, _language(request), "password.html", operator=operator.name, refusal="")

    async def set_password(
        self, request: Request, password: _Text = "", again: _Text = "", csrf: _Text = ""
    ) -> Response:
        operator = await self._operator(request)
        if operator is None:
            return _go("/sign-in")
        refusal = (
            "refused-form" if not is_ours(request, csrf) else "refused-differ" if password != again else ""
        )
        if refusal:
            return self._refused(request, "password.html", refusal, operator=operator.name)
        try:
            signed_in = await run_in_threadpool(
                self._operators.set_password, _token(request), password, self._now()
            )
        except Invalid:
            return self._refused(request, "password.html", "refused-password", operator=operator.name)
        return _signed_in(request, signed_in.token)

    async def sign_out(self, request: Request, csrf: _Text = "") -> Response:
        if not is_ours(request, csrf):
            return _go("/")
        await run_in_threadpool(self._operators.sign_out, _token(request))
        response = _go("/sign-in")
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return response

    async def _operator(self, request: Request) -> Actor | None:
        token = _token(request)
        try:
            return await run_in_threadpool(self._operators.of_session, token, self._now()) if token else None
        except NotSignedIn:
            return None

    def _refused(self, request: Request, template: str, refusal: str, **values: object) -> Response:
        language = _language(request)
        words = self._broadcast.renderers[language].words
        response = self._page(request, language, template, refusal=words(refusal), **values)
        response.status_code = (
            HTTPStatus.FORBIDDEN if refusal == "refused-form" else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return response

    def _page(self, request: Request, language: Language, template: str, **values: object) -> Response:
        csrf = csrf_token(request)
        other = next(one.value for one in Language if one is not language)
        renderer = self._broadcast.renderers[language]
        text = renderer.page(template, csrf=csrf, other=other, **self._common, **values)
        response = HTMLResponse(text, headers={"content-language": language.value})
        keep(request, response, CSRF_COOKIE, csrf)
        keep(request, response, LANGUAGE_COOKIE, language.value, _YEAR_S)
        return response


def _signed_in(request: Request, token: str) -> Response:
    response = _go("/")
    keep(request, response, SESSION_COOKIE, token)
    return response


def _token(request: Request) -> str:
    return request.cookies.get(SESSION_COOKIE, "")


def _language(request: Request) -> Language:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in {language.value for language in Language}:
        return Language(chosen)
    return preferred(request.headers.get("accept-language", ""))


def _go(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)
