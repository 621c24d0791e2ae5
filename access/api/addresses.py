"""No address with U+0000 in it: PostgreSQL keeps no such text, so nothing is called so, and nothing is asked for it."""

from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from access.api.problems import language_of, problem


class WithoutNul:
    """ASGI middleware: answers 422 where the path or the query has one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (
            "\0" in scope["path"] or b"\0" in unquote_to_bytes(scope["query_string"])
        ):
            request = Request(scope)
            path, detail = request.url.path, "address: expected text without U+0000"
            refused = problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, path, language=language_of(request)
            )
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)
