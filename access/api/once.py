"""Idempotency-Key: a POST that is sent twice is done once, and answered twice alike while the asker may ask as much.

Only answers of success are kept; what was refused is asked anew.
"""

import hashlib
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from access.api.desk import anyone, desk
from access.services.idempotency import AnswerRecord

HEADER = "Idempotency-Key"
_KEPT_HEADERS = ("content-type", "etag", "location")


class OnceRoute(APIRoute):
    """A route that honours the key on POST."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if request.method != "POST" or key is None:
                return await handle(request)
            return await _once(request, key, handle)

        return once


async def _once(
    request: Request, key: str, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    at_desk = desk(request)
    actor = await run_in_threadpool(anyone, request, at_desk)
    # Whoever lost a right since is told nothing that took it; what was done is done once all the same.
    rights = f"{sorted(actor.scopes)} {actor.reach}"
    asked = f"{request.url.path}\n{request.url.query}\n{rights}\n".encode() + await request.body()
    digest = hashlib.sha256(asked).hexdigest()
    answers, now = at_desk.services.idempotency, at_desk.now()
    known = await run_in_threadpool(answers.begin, actor.name, key, digest, now)
    if known is not None:
        return Response(known.body, known.status, known.headers | {"Idempotency-Replayed": "true"})
    try:
        response = await handle(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            await run_in_threadpool(answers.abandon, actor.name, key)
            return response
    except BaseException:
        await run_in_threadpool(answers.abandon, actor.name, key)
        raise
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    record = AnswerRecord(actor.name, key, digest, now, response.status_code, headers, bytes(response.body))
    await run_in_threadpool(answers.finish, record)
    return response
