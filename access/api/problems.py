"""Errors as problems (RFC 9457): every one has a stable `type`, and none repeats what was sent."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from access.errors import (
    Conflict,
    DoorSilent,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Outdated,
    Refused,
    StandingBy,
    TotemError,
)

TYPE = "urn:totem:problem:"
MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[TotemError], tuple[HTTPStatus, str]] = {
    NotSignedIn: (HTTPStatus.UNAUTHORIZED, "not-signed-in"),
    NotAllowed: (HTTPStatus.FORBIDDEN, "not-allowed"),
    NotFound: (HTTPStatus.NOT_FOUND, "not-found"),
    Outdated: (HTTPStatus.PRECONDITION_FAILED, "outdated"),
    Refused: (HTTPStatus.CONFLICT, "command-refused"),
    DoorSilent: (HTTPStatus.GATEWAY_TIMEOUT, "door-silent"),
    StandingBy: (HTTPStatus.SERVICE_UNAVAILABLE, "standing-by"),
    Conflict: (HTTPStatus.CONFLICT, "conflict"),
    Invalid: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
}


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "stable: a program can tell problems apart by it"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
}
DESCRIBED: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "a problem (RFC 9457)", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
}
"""What every operation may answer but success, as the interface's description tells it."""


class PreconditionMissing(TotemError):
    """A write came without the version that it is about."""


class InvalidFile(Invalid):
    """A file has faults; each is told with its line and column."""

    def __init__(self, faults: Sequence[Mapping[str, object]]) -> None:
        super().__init__(f"the file has {len(faults)} faults; nothing was changed")
        self.faults = faults


def problem(
    status: int,
    name: str,
    detail: str,
    instance: str,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return a problem."""
    body = {
        "type": f"{TYPE}{name}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "instance": instance,
    }
    sent = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(body | more), status, sent, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error leave as a problem."""
    app.add_exception_handler(TotemError, _totem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def of_error(error: Exception, path: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return what went wrong at `path` as a problem."""
    if isinstance(error, PreconditionMissing):
        status, name = HTTPStatus.PRECONDITION_REQUIRED, "precondition-required"
    else:
        status, name = next(
            (found for kind, found in _STATUS.items() if isinstance(error, kind)),
            (HTTPStatus.INTERNAL_SERVER_ERROR, "fault"),
        )
    more = {"faults": error.faults} if isinstance(error, InvalidFile) else {}
    if isinstance(error, StandingBy):
        headers = {**(headers or {}), "Retry-After": "1"}
    return problem(status, name, str(error), path, headers, **more)


def _totem(request: Request, error: Exception) -> Response:
    return of_error(error, request.url.path)


def _validation(request: Request, error: Exception) -> Response:
    errors: list[dict[str, Any]] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    places = [{"at": ".".join(map(str, each["loc"])), "message": str(each["msg"])} for each in errors]
    detail = "; ".join(f"{place['at']}: {place['message']}" for place in places)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", detail, request.url.path, errors=places)


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return problem(error.status_code, name, error.detail, request.url.path, error.headers)


def _fault(request: Request, _error: Exception) -> Response:
    detail = "the server failed; the log says why"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", detail, request.url.path)
