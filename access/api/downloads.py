"""A table that is being downloaded ends when whoever asked for it may no longer: it is read for as long as it is sent.

A client that reads slowly would otherwise go on being told for hours, of what came to be since too. The answer is cut
off, so that nobody takes the part for the whole.
"""

import logging
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.api.desk import anyone, asked_by, desk
from access.errors import NotSignedIn

_log = logging.getLogger(__name__)

_TABLE = "text/csv"
"""Streams of events end by themselves (`access/dashboard/watchers.py`), at once."""


class _CutOffError(Exception):
    """What makes an application stop in the middle of its answer."""


class Downloads:
    """ASGI middleware: before each further piece of a table it asks anew who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, is_table, pieces = Request(scope), False, 0

        async def checked(message: Message) -> None:
            nonlocal is_table, pieces
            if message["type"] == "http.response.start":
                is_table = Headers(raw=message["headers"]).get("content-type", "").startswith(_TABLE)
            elif is_table:
                pieces += 1
                if pieces > 1 and not await run_in_threadpool(partial(_is_as_before, request)):
                    raise _CutOffError
            await send(message)

        try:
            await self._app(scope, receive, checked)
        except _CutOffError:
            _log.warning("download-cut-off", extra={"path": scope["path"], "pieces": pieces})


def _is_as_before(request: Request) -> bool:
    """Return whether who asks may do what they might when they asked; what is open to everybody stays so."""
    before = asked_by(request)
    try:
        return before is None or anyone(request, desk(request)) == before
    except NotSignedIn:
        return False
