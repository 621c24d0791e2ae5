"""No body larger than anything that means something: nobody, signed in or not, fills the machine's memory.

Most bodies are read before it is known who sends them, so what is begun and not yet answered is bounded together too,
and so is how long it may take to come.
"""

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.api.problems import language_of, problem

MOST_BYTES = 1024 * 1024
"""A person with all their rights takes a few kilobytes."""

_LARGER = {"/v1/imports": 16 * 1024 * 1024}
"""A file of 100,000 people; it is read only once it is known who sends it."""

MOST_TOGETHER = 64 * 1024 * 1024
"""Of all bodies larger than everyday ones, until they are answered."""

_EVERYDAY = 16 * 1024

WITHIN_S = 60.0
"""The largest comes in this over a line of two megabits a second."""

_Refusal = tuple[HTTPStatus, str, str]


class BoundedBodies:
    """ASGI middleware: counts what comes, announced or not, and refuses instead of reading on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.together = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        most = _LARGER.get(scope["path"], MOST_BYTES)
        if not announced.isdecimal() or int(announced[:20]) > most:
            await _refuse(scope, receive, send, _too_large(most))
            return
        body = _Body(self, scope, receive, send, most)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            self.together -= body.held


class _Body:
    """One body on its way through `bounds`; `held` is what it counts there."""

    def __init__(self, bounds: BoundedBodies, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        self._bounds, self._scope, self._receive, self._send = bounds, scope, receive, send
        self._most, self._received, self.held = most, 0, 0
        self._is_whole = self._is_begun = self._is_refused = False
        self._until: float | None = None

    async def receive(self) -> Message:
        if self._is_refused:
            return {"type": "http.disconnect"}
        if self._is_whole:
            return await self._receive()
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + WITHIN_S
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            detail = f"the body did not come within {WITHIN_S:g} s"
            return await self._cut((HTTPStatus.REQUEST_TIMEOUT, "body-too-slow", detail))
        self._count(len(message.get("body", b"")))
        self._is_whole = not message.get("more_body", False)
        if self._received > self._most:
            return await self._cut(_too_large(self._most))
        if self.held and self._bounds.together > MOST_TOGETHER:
            detail = "too many large bodies at once: ask again"
            return await self._cut((HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", detail))
        return message

    def _count(self, number: int) -> None:
        self._received += number
        if self._received > _EVERYDAY:
            self._bounds.together += self._received - self.held
            self.held = self._received

    async def _cut(self, refusal: _Refusal) -> Message:
        """Refuse to read on, unless the answer is on its way; the application hears that whoever sent it has gone."""
        if not self._is_begun and not self._is_refused:
            self._is_refused = True
            await _refuse(self._scope, self._receive, self._send, refusal)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if not self._is_refused:
            self._is_begun = True
            await self._send(message)


def _too_large(most: int) -> _Refusal:
    detail = f"the body is too large: expected up to {most} bytes"
    return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", detail


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: _Refusal) -> None:
    request, (status, name, detail) = Request(scope), refusal
    headers = {"Connection": "close"}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    response = problem(status, name, detail, request.url.path, headers, language_of(request))
    await response(scope, receive, send)
