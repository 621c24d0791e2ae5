"""Errors as problems (RFC 9457): every one has a stable `type`, and none repeats what was sent."""

import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as WaitedTooLong
from starlette.exceptions import HTTPException

from access.api.titles import title
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
from access.languages import Language, preferred, worded

_log = logging.getLogger(__name__)

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


_PRIMARY = 0xFF
"""Where SQLite keeps what kind of error it is; the rest of the code tells more of it (sqlite.org/rescode.html)."""

_WRONG = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY})
"""A statement that is wrong, or writes where only reading is allowed, will be wrong again."""

_UNREADABLE = "There was an error parsing the body"
"""FastAPI's words for a body that no JSON parser takes, whatever the reason."""

_EXPECTED_JSON = (
    "body: expected JSON in UTF-8, not compressed, without deep nesting or numbers of thousands of digits"
)
_NOT_JSON = "a JSON object is expected, with Content-Type application/json in its head"


class PreconditionMissing(TotemError):
    """A write came without the version that it is about."""


class InvalidFile(Invalid):
    """A file has faults; each is told with its line and column."""

    def __init__(self, faults: Sequence[Mapping[str, object]]) -> None:
        super().__init__(
            f"the file has {len(faults)} faults; nothing was changed"
            if len(faults) > 1
            else "the file has a fault; nothing was changed"
        )
        self.faults = faults


def problem(
    status: int,
    name: str,
    detail: str,
    instance: str,
    headers: Mapping[str, str] | None = None,
    language: Language = Language.EN,
    **more: object,
) -> Response:
    """Return a problem, its title and detail in the language asked for."""
    body = {
        "type": f"{TYPE}{name}",
        "title": title(name, status, language),
        "status": int(status),
        "detail": worded(detail, language),
        "instance": instance,
    }
    sent = {"Content-Language": language.value, "Vary": "Accept-Language", **(headers or {})}
    if status == HTTPStatus.UNAUTHORIZED:
        sent["WWW-Authenticate"] = "Bearer"
    return Response(msgspec.json.encode(body | more), status, sent, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error leave as a problem."""
    app.add_exception_handler(TotemError, _totem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _store)
    app.add_exception_handler(WaitedTooLong, _store)
    app.add_exception_handler(Exception, _fault)


def language_of(request: Request) -> Language:
    """Return the language that whoever asks reads best; English if they do not say."""
    return preferred(request.headers.get("accept-language", ""), Language.EN)


def of_error(
    error: Exception,
    path: str,
    headers: Mapping[str, str] | None = None,
    language: Language = Language.EN,
) -> Response:
    """Return what went wrong at `path` as a problem."""
    if isinstance(error, PreconditionMissing):
        status, name = HTTPStatus.PRECONDITION_REQUIRED, "precondition-required"
    else:
        status, name = next(
            (found for kind, found in _STATUS.items() if isinstance(error, kind)),
            (HTTPStatus.INTERNAL_SERVER_ERROR, "fault"),
        )
    more = {"faults": faults_in(language, error.faults)} if isinstance(error, InvalidFile) else {}
    if isinstance(error, StandingBy):
        headers = {**(headers or {}), "Retry-After": "1"}
    return problem(status, name, str(error), path, headers, language, **more)


def faults_in(language: Language, faults: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """Return the faults of a file, each told in a language; it takes its time over a hundred thousand."""
    told = _each_once((fault["message"] for fault in faults), language)
    return [{**fault, "message": told[fault["message"]]} for fault in faults]


def _each_once(messages: Iterable[object], language: Language) -> dict[object, str]:
    """Return what each says in a language: of a hundred thousand places most say the same."""
    return {message: worded(str(message), language) for message in dict.fromkeys(messages)}


def _totem(request: Request, error: Exception) -> Response:
    return of_error(error, request.url.path, language=language_of(request))


def _validation(request: Request, error: Exception) -> Response:
    errors: list[dict[str, Any]] = list(error.errors()) if isinstance(error, RequestValidationError) else []
    status, language = HTTPStatus.UNPROCESSABLE_ENTITY, language_of(request)
    messages = [_NOT_JSON if _misses_json(each, request) else each["msg"] for each in errors]
    told = _each_once(messages, language)
    places = [
        {"at": ".".join(map(str, each["loc"])), "message": told[message]}
        for each, message in zip(errors, messages, strict=True)
    ]
    colon = " : " if language is Language.FR else ": "
    detail = "; ".join(f"{place['at']}{colon}{place['message']}" for place in places)
    return problem(status, "invalid", detail, request.url.path, language=language, errors=places)


def _misses_json(error: Mapping[str, Any], request: Request) -> bool:
    """Return whether a body is refused because it was sent as something else than JSON, as `curl -d` alone does."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return tuple(error["loc"]) == ("body",) and kind != "application/json"


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    path, language = request.url.path, language_of(request)
    detail = _EXPECTED_JSON if error.detail == _UNREADABLE else error.detail
    return problem(error.status_code, name, detail, path, error.headers, language)


def _store(request: Request, error: Exception) -> Response:
    """Tell that the database is away or was written to for too long; what was asked may be committed already."""
    told = getattr(error, "orig", None)  # by the driver: nothing where nobody asked it yet
    code = getattr(told, "sqlite_errorcode", None)
    if code is not None and code & _PRIMARY in _WRONG:
        raise error
    fault = {
        "path": request.url.path,
        "fault": type(error).__name__,
        "code": code or getattr(told, "sqlstate", None),
    }
    _log.error("store-unavailable", extra=fault)
    detail = "the database does not answer in time; it may have been done: look before you ask again"
    status, language = HTTPStatus.SERVICE_UNAVAILABLE, language_of(request)
    return problem(
        status, "store-unavailable", detail, request.url.path, {"Retry-After": "2"}, language=language
    )


def _fault(request: Request, _error: Exception) -> Response:
    detail = "the server failed; the log says why"
    status, language = HTTPStatus.INTERNAL_SERVER_ERROR, language_of(request)
    return problem(status, "fault", detail, request.url.path, language=language)
