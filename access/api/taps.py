"""`POST /v1/authorize` answered in front of the application: read, decided, kept and sent without a layer between.

Whatever is not a plain tap with a key goes on to the application, which knows the same address (dry runs, operators)
and documents it. Who asks is known before the body is read; what is wrong is refused without deciding anything.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from access.api.asked import MOST_BYTES, question_of, read_reservation, read_tap, within_s
from access.api.headers import SECURITY_HEADERS
from access.api.problems import of_error, problem
from access.errors import Invalid, NotAllowed, TotemError
from access.services.decisions import Answer, Decides
from access.services.keyring import KeyRing, ReaderKey, digest_of
from policies.building import Building
from policies.ids import DoorId
from readers.wire.reservations import PATH as RESERVATIONS

PATH = "/v1/authorize"
_PATHS = frozenset({PATH, RESERVATIONS})
ARRIVED = "totem.arrived"
"""In the scope, if the server says so: when the request was read off its line, in seconds of `time.monotonic`."""

WHOLE = "totem.whole"
"""In the scope, if the server says so: the body is there, and nothing is to be waited for."""

KNOWN = "totem.known"
"""In the scope, for the server: this request came with a key."""

BODY_WITHIN_S = 2.0
"""A tap is one packet; whoever sends it by drops is no controller."""

MOST_AT_ONCE = 512
"""More taps than this at once wait for a disk that does not keep up: the next are better off asking again."""

_encode = msgspec.json.Encoder().encode
ANSWER_HEADERS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
ANSWER_HEADERS.append((b"content-type", b"application/json"))

_TELLS_OF_MORE = frozenset({b"transfer-encoding", b"expect", b"connection", b"upgrade"})
"""Headers by which a request is more than a head and a body of a length."""


class Taps:
    """An ASGI application before `app`."""

    def __init__(
        self,
        app: ASGIApp,
        building: Building,
        authorizer: Decides,
        ring: KeyRing,
        now: Callable[[], datetime],
    ) -> None:
        self._app, self._authorizer, self._ring, self._now = app, authorizer, ring, now
        self._doors: Mapping[str, DoorId] = {side.id: side.door for side in building.readers.values()}
        self._asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] in _PATHS and scope["method"] == "POST":
            secret = _bearer(scope["headers"])
            if secret is not None and not scope["query_string"]:
                refused = await self._answer(scope, secret, receive, send)
                if refused is not None:
                    await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, secret: bytes, receive: Receive, send: Send) -> Response | None:
        """Answer a tap; return what refuses a request that is none."""
        arrived: float = scope.get(ARRIVED) or monotonic()
        now = self._now()
        key = self._ring.of(secret, now) or await self._look_again(secret)
        if key is None:
            return _problem(HTTPStatus.UNAUTHORIZED, "not-signed-in", "the key is not valid")
        scope[KNOWN] = True
        if self._asked >= MOST_AT_ONCE:
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "too many taps at once: ask again")
        self._asked += 1
        try:
            body = await (_body(receive) if WHOLE in scope else _body_in_time(receive))
            if not isinstance(body, bytes):
                return body
            if scope["path"] == RESERVATIONS:
                return await self._reserve(body, key, arrived, send)
            tap = read_tap(body)
            self._expect_own(tap.reader, key)
            answer = await self._authorizer.decide(
                question_of(tap), now, arrived=arrived, within_s=within_s(tap)
            )
        except TotemError as error:
            return of_error(error, scope["path"], SECURITY_HEADERS)
        finally:
            self._asked -= 1
        await _send(send, _encode(answer))
        return None

    def quick(self, digest: bytes, body: bytes, arrived: float, send: Callable[[bytes], None]) -> bool:
        """Begin to answer a plain tap; `send` gets the answer. For anything else return False, and do nothing."""
        now = self._now()
        key = self._ring.of_digest(digest, now)
        if key is None or self._asked >= MOST_AT_ONCE or len(body) > MOST_BYTES:
            return False
        try:
            tap = read_tap(body)
            self._expect_own(tap.reader, key)
        except TotemError:
            return False
        question = question_of(tap)
        if tap.pin is not None or not self._authorizer.may_answer(question.reader):
            return False
        if tap.id is not None and self._authorizer.was_asked(question):
            return False
        self._asked += 1
        answered = partial(self._answered, send)
        try:
            self._authorizer.ask(question, now, answered, arrived=arrived, within_s=within_s(tap))
        except BaseException:
            self._asked -= 1  # else so many faults later everybody is told that too many ask
            raise
        return True

    def _answered(self, send: Callable[[bytes], None], answer: Answer) -> None:
        self._asked -= 1
        send(_encode(answer))

    async def _reserve(self, body: bytes, key: ReaderKey, arrived: float, send: Send) -> Response | None:
        """Answer a door computer that asks what only the site knows."""
        asked = read_reservation(body)
        self._expect_own(asked.reader, key)
        verdict = await self._authorizer.reserve(asked, self._now(), arrived=arrived)
        if verdict is None:
            detail = "the verdict could not be kept in time: the door's fallback holds"
            return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "too-late", detail)
        await _send(send, _encode(verdict))
        return None

    async def _look_again(self, secret: bytes) -> ReaderKey | None:
        """Return the key if it was made a moment ago; a flood of wrong ones does not ask the database each time."""
        if not self._ring.may_look_again:
            return None
        await asyncio.to_thread(self._ring.look_again)
        return self._ring.of(secret, self._now())

    def _expect_own(self, reader: str, key: ReaderKey) -> None:
        """Raise for a reader that does not exist, or that is at another door than the key is for."""
        door = self._doors.get(reader)
        if door is None:
            raise Invalid("reader: there is no such reader")
        if door not in key.doors:
            raise NotAllowed(f"key:{key.id}: this needs the right reader:{door}")


def key_digest_of(scope: Mapping[str, Any], length: int) -> bytes | None:
    """Return the digest of the key of a plain tap; None where the request is not its head and so many bytes."""
    headers = scope["headers"]
    said = [value for name, value in headers if name == b"content-length"]
    is_tap = scope["path"] == PATH and scope["method"] == "POST" and not scope["query_string"]
    is_plain = scope["http_version"] == "1.1" and said == [b"%d" % length]
    if not (is_tap and is_plain) or any(name in _TELLS_OF_MORE for name, _ in headers):
        return None
    secret = _bearer(headers)
    return None if secret is None else digest_of(secret)


def _bearer(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the secret of an `Authorization: Bearer`; None without one."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, secret = value.partition(b" ")
            return secret.strip() if scheme.lower() == b"bearer" else None
    return None


async def _body(receive: Receive) -> bytes | Response:
    """Return the body; where it is too large, what to answer before hanging up."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > MOST_BYTES:
        detail = f"the body is too large: expected up to {MOST_BYTES} bytes"
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", detail, "close")
    return body


async def _body_in_time(receive: Receive) -> bytes | Response:
    """Return the body; where it does not come, what to answer before hanging up."""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return await _body(receive)
    except TimeoutError:
        detail = f"the body did not come within {BODY_WITHIN_S:g} s"
        return _problem(HTTPStatus.REQUEST_TIMEOUT, "body-too-slow", detail, "close")


async def _send(send: Send, body: bytes) -> None:
    headers = [*ANSWER_HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(status: HTTPStatus, name: str, detail: str, connection: str | None = None) -> Response:
    headers = dict(SECURITY_HEADERS)
    if connection is not None:
        headers["Connection"] = connection
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    return problem(status, name, detail, PATH, headers)
