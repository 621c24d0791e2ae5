"""What every answer of the dashboard carries, and the token that a form must bring back.

The content security policy lets nothing run or load that this server did not send as a file: no inline script, no
inline style, no other host. Forms are proven by a token that is both in a `SameSite=Strict` cookie and in the form
(OWASP, "Cross-Site Request Forgery Prevention", double submit).
"""

import secrets
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
CSRF_COOKIE = "totem_csrf"
_NUL = (b"%00", b"\0")
"""No form of ours sends it, and PostgreSQL's text can hold none."""
_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_SITE = "sec-fetch-site"
"""Where a browser says from where something is sent (W3C, "Fetch Metadata"): a neighbour under the same domain may set
our cookies, but not this."""
_OWN = frozenset({"same-origin", "none"})


class GuardedRoute(APIRoute):
    """A route whose every answer carries `HEADERS`, and is not kept by caches unless it says so itself."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            sent = await request.body() if request.method == "POST" else b""
            has_nul = any(nul in sent for nul in _NUL)
            response = Response(status_code=_UNPROCESSABLE) if has_nul else await handle(request)
            response.headers.update(HEADERS)
            response.headers.setdefault("cache-control", "no-store")
            return response

        return guarded


def csrf_token(request: Request) -> str:
    """Return the visitor's token, or a fresh one."""
    return request.cookies.get(CSRF_COOKIE) or secrets.token_urlsafe(24)


def keep(request: Request, response: Response, name: str, value: str, max_age_s: int | None = None) -> None:
    """Give the browser a cookie that no script reads and no other site sends."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def is_ours(request: Request, token: str) -> bool:
    """Return whether the form with this token was sent by a page that this server gave this browser."""
    if request.headers.get(_SITE, "same-origin") not in _OWN:
        return False
    expected = request.cookies.get(CSRF_COOKIE, "")
    return bool(expected) and secrets.compare_digest(expected.encode(), token.encode())
