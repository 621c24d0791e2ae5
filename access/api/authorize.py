"""`POST /v1/authorize` as the application knows it: dry runs, and the description of what `taps` answers before it.

A refusal is an answer, 200, like a grant.
"""

from http import HTTPStatus
from time import monotonic
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel

from access.api.asked import Tap, question_of, read_reservation, read_tap, schema, within_s
from access.api.desk import AtDesk, Settled
from access.api.schemas import FIRST_YEAR, LAST_YEAR, Instant
from access.errors import Invalid, NotFound
from access.services.rights import READER
from policies.decision import Effect, Reason
from policies.ids import ReaderId
from readers.wire.reservations import Reserve

routes = APIRouter(prefix="/v1", tags=["authorize"])


class MessageBody(BaseModel):
    """One sentence for the person at the door."""

    fr: str
    en: str


class Decided(BaseModel):
    """The answer. `event` is null for a dry run, and where the deadline had passed before anything was decided.

    `epoch` only grows: an answer under a lower one than before is of an authorizer that was replaced.
    """

    effect: Effect
    reason: Reason
    rules: list[str]
    unlock_ms: int
    message: MessageBody
    event: str | None
    epoch: int


class VerdictBody(BaseModel):
    """The site's verdict. `epoch` only grows: an answer under a lower one is of an authorizer that was replaced."""

    effect: Effect
    reason: Reason
    epoch: int
    rules: list[str] = []
    reservation: str | None = None


def _body(asked: type[msgspec.Struct]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema(asked)}}}}


_TOO_LATE = {"description": "The verdict could not be kept in time: the door's declared fallback holds"}
_TOO_MANY = {
    "description": "Too many taps wait at once: ask again, after `Retry-After` seconds. Or (`standing-by`) another"
    " authorizer answers for the site: ask that one"
}


@routes.post("/authorize", openapi_extra=_body(Tap), responses={HTTPStatus.SERVICE_UNAVAILABLE: _TOO_MANY})
async def authorize(
    request: Request,
    desk: AtDesk,
    actor: Settled,
    *,
    dry_run: Annotated[bool, Query(description="decide without recording")] = False,
    at: Annotated[Instant | None, Query(description="when; for a dry run only")] = None,
) -> Decided:
    """Decide one tap at a reader, with a key that has `reader:DOOR` of its door."""
    arrived = monotonic()
    tap = read_tap(await request.body())
    side = desk.services.building.readers.get(ReaderId(tap.reader))
    if side is None:
        raise Invalid("reader: there is no such reader")
    actor.require(f"{READER}{side.door}")
    if at is not None and not dry_run:
        raise Invalid("at: only a dry run decides for another time")
    if at is not None and not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Invalid(f"at: expected a time from {FIRST_YEAR} to {LAST_YEAR}")
    if desk.authorizer is None:
        raise NotFound(
            'authorize: this server decides for no controllers (authorizer = "apart"): ask `totem authorizer`'
        )
    answer = await desk.authorizer.decide(
        question_of(tap), at or desk.now(), record=not dry_run, arrived=arrived, within_s=within_s(tap)
    )
    return Decided.model_validate(msgspec.to_builtins(answer))


@routes.post(
    "/reservations", openapi_extra=_body(Reserve), responses={HTTPStatus.SERVICE_UNAVAILABLE: _TOO_LATE}
)
async def reserve(request: Request, desk: AtDesk, actor: Settled) -> VerdictBody:
    """Give a door computer the site's verdict on a tap that it would grant, and reserve the seat."""
    arrived = monotonic()
    asked = read_reservation(await request.body())
    side = desk.services.building.readers.get(asked.reader)
    if side is None:
        raise Invalid("reader: there is no such reader")
    actor.require(f"{READER}{side.door}")
    verdict = None
    if desk.authorizer is not None:
        verdict = await desk.authorizer.reserve(asked, desk.now(), arrived=arrived)
    if verdict is None:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "no verdict in time: the door's fallback holds")
    return VerdictBody.model_validate(msgspec.to_builtins(verdict))
