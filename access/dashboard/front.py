"""What every page needs of its visitor: who they are, their language, the token of their forms; and how it is sent."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from access.dashboard.assets import addresses, read_assets
from access.dashboard.broadcast import Broadcast
from access.dashboard.compress import for_line
from access.dashboard.guard import CSRF_COOKIE, csrf_token, keep
from access.dashboard.menu import menu
from access.dashboard.ports import Actor, Sessions
from access.dashboard.words import Language, Words, preferred
from access.errors import NotSignedIn
from access.occupancy.doors import DoorState

SESSION_COOKIE = "totem_session"
LANGUAGE_COOKIE = "totem_language"
LEAST_PASSWORD = 12
"""What the form says; the sessions' services decide."""

_LANGUAGES = [one.value for one in Language]
_YEAR_S = 365 * 24 * 3600


class Front:
    """The front desk of one site's pages. `now` is the time that sessions are counted in."""

    def __init__(
        self,
        broadcast: Broadcast,
        sessions: Sessions,
        now: Callable[[], datetime],
        site: str,
        *,
        is_fictional: bool,
        is_public: bool = False,
    ) -> None:
        self.broadcast, self.sessions, self.now = broadcast, sessions, now
        self.assets, self.is_public = read_assets(), is_public
        self._common: dict[str, object] = {
            "site": site,
            "is_fictional": is_fictional,
            "is_public": is_public,
            "static": addresses(self.assets),
            "states": [state.value for state in DoorState],
            "least": LEAST_PASSWORD,
            "stream_mark": "",
        }

    async def operator(self, request: Request) -> Actor | None:
        """Return who is signed in; None for nobody."""
        token = session_token(request)
        try:
            return await run_in_threadpool(self.sessions.of_session, token, self.now()) if token else None
        except NotSignedIn:
            return None

    async def entitled(self, request: Request, scope: str, *, within_reach: bool = False) -> Actor | Response:
        """Return who is signed in with that right, or the answer for whoever is not.

        With `within_reach` the right may hold for one organisation or space only: the page looks at the reach.
        """
        operator = await self.operator(request)
        if operator is None:
            return go("/sign-in")
        if operator.must_set_password:
            return go("/password")
        if not (operator.may_within(scope) if within_reach else operator.may(scope)):
            return self.astray(request, operator, HTTPStatus.FORBIDDEN)
        return operator

    def words(self, request: Request) -> Words:
        """Return the words of the visitor's language."""
        return self.broadcast.renderers[language(request)].words

    def refused(
        self, request: Request, template: str, refusal: str, operator: Actor | None = None, **values: object
    ) -> Response:
        """Return a form again with the reason why it was not taken."""
        words = self.words(request)
        response = self.page(request, words.language, template, operator, refusal=words(refusal), **values)
        response.status_code = (
            HTTPStatus.FORBIDDEN if refusal == "refused-form" else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return response

    def astray(
        self, request: Request, operator: Actor, status: HTTPStatus = HTTPStatus.NOT_FOUND
    ) -> Response:
        """Say that a page is not theirs (`FORBIDDEN`) or that there is none, with a way back."""
        kind = "refused" if status is HTTPStatus.FORBIDDEN else "unknown"
        response = self.page(request, language(request), "astray.html", operator, kind=kind)
        response.status_code = status
        return response

    def page(
        self,
        request: Request,
        spoken: Language,
        template: str,
        operator: Actor | None = None,
        **values: object,
    ) -> Response:
        """Return a page for `operator`; the visitor keeps its language.

        `limited` leaves out of it what its visitor may not see; with a `stream_mark` it follows the stream.
        """
        csrf = csrf_token(request)
        other = next(one.value for one in Language if one is not spoken)
        renderer = self.broadcast.renderers[spoken]
        lockdown = self.broadcast.lockdown(spoken) if operator is not None else Markup("")
        common = {"csrf": csrf, "other": other, "path": request.url.path, "query": _query(request)}
        text = renderer.page(template, **self._common | common | _theirs(operator, lockdown) | values)
        response = HTMLResponse(text, headers={"content-language": spoken.value})
        keep(request, response, CSRF_COOKIE, csrf)
        keep(request, response, LANGUAGE_COOKIE, spoken.value, _YEAR_S)
        return for_line(request, response)


def session_token(request: Request) -> str:
    """Return what the browser holds of a session."""
    return request.cookies.get(SESSION_COOKIE, "")


def language(request: Request) -> Language:
    """Return the visitor's language: as a link asks for, as chosen before, or as their browser likes best."""
    asked, chosen = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
    if asked is not None and asked not in _LANGUAGES:
        expected = f"Input should be {' or '.join(map(repr, _LANGUAGES))}"
        raise RequestValidationError([{"type": "enum", "loc": ("query", "lang"), "msg": expected}])
    known = asked or chosen
    return Language(known) if known in _LANGUAGES else preferred(request.headers.get("accept-language", ""))


def go(address: str) -> Response:
    """Send the visitor elsewhere."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def marked(shown: object) -> str:
    """Return what changes when that does (by its `repr`): by it a page says what it shows already."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:12]


def _theirs(operator: Actor | None, lockdown: Markup) -> dict[str, object]:
    """Return what a page shows because of who looks at it."""
    return {
        "operator": operator.name if operator is not None else None,
        "password_is_own": operator is not None and not operator.must_set_password,
        "menu": menu(operator) if operator is not None else (),
        "limited": operator is not None and operator.reach.sees_disclosed_only,
        "lockdown": lockdown,
        "lockdown_mark": marked(lockdown),
    }


def _query(request: Request) -> str:
    """Return the question as asked, but for the language: what a link to the other language keeps."""
    return "&".join(part for part in request.url.query.split("&") if part and not part.startswith("lang="))
