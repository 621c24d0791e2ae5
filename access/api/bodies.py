"""No body larger than anything that means something: nobody, signed in or not, fills the machine's memory."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.api.problems import language_of, problem

MOST_BYTES = 1024 * 1024
"""A person with all their rights takes a few kilobytes."""

_LARGER = {"/v1/imports": 16 * 1024 * 1024}
"""A file of 100,000 people; it is read only once it is known who sends it."""


class BoundedBodies:
    """ASGI middleware: counts what comes, announced or not, and answers 413 instead of reading on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        most = _LARGER.get(scope["path"], MOST_BYTES)
        if not announced.isdecimal() or int(announced[:20]) > most:
            await _refuse(scope, receive, send, most)
            return
        received, is_begun, is_refused = 0, False, False

        async def counted() -> Message:
            nonlocal received, is_refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > most and not is_begun:
                is_refused = True
                await _refuse(scope, receive, send, most)
            if received > most:
                return {"type": "http.disconnect"}
            return message

        async def noted(message: Message) -> None:
            nonlocal is_begun
            if not is_refused:
                is_begun = True
                await send(message)

        await self._app(scope, counted, noted)


async def _refuse(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    request = Request(scope)
    response = problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "content-too-large",
        f"the body is too large: expected up to {most} bytes",
        request.url.path,
        {"Connection": "close"},
        language_of(request),
    )
    await response(scope, receive, send)
