"""An address that no other route has, opened in a browser: a page in the visitor's language that leads back.

A program asks for JSON, or for an address of the API: it gets the problem that every other error is.
"""

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import Scope

from access.dashboard.front import Front, go
from access.dashboard.guard import GuardedRoute

_API = "/v1/"


def nowhere(front: Front) -> APIRouter:
    """Return the route of every other page; it comes after all others."""
    page = _Nowhere(front)
    routes = APIRouter(route_class=_OpenedInABrowser, include_in_schema=False)
    routes.add_api_route("/{path:path}", page.astray, methods=["GET"])
    return routes


class _OpenedInABrowser(GuardedRoute):
    """A route for what a browser opens; an address with a slash too many is first tried without it."""

    def matches(self, scope: Scope) -> tuple[Match, dict[str, Any]]:
        path = scope["path"]
        is_page = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")
        if not is_page or path.startswith(_API) or path.endswith("/"):
            return Match.NONE, {}
        match, child = super().matches(scope)
        return (match, dict(child)) if match is Match.FULL else (Match.NONE, {})


class _Nowhere:
    def __init__(self, front: Front) -> None:
        self._front = front

    async def astray(self, request: Request) -> Response:
        operator = await self._front.operator(request)
        return go("/sign-in") if operator is None else self._front.astray(request, operator)
