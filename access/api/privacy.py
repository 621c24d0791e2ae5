"""What people may ask for (`/v1/people/{id}/export|erase`), how long they are known, and what is held.

`/v1/retention` tells and sets how long who passed is known, and proves it; `/v1/holds` keeps events for an incident.
"""

from collections.abc import Iterator
from enum import Enum
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field

from access.api.desk import AtDesk, needs
from access.api.paging import LIMIT, After, Limit, Page, number_after, page
from access.api.schemas import Id, Instant, Sent
from access.api.sheets import sheet
from access.services.erasure import Dossier
from access.services.holds import Hold
from access.services.retention import Kind
from access.services.rights import Actor, Scope
from policies.ids import PersonId

routes = APIRouter(prefix="/v1", tags=["privacy"])

_Reads = Annotated[Actor, Depends(needs(Scope.PRIVACY_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.PRIVACY_WRITE))]
_Holds = Annotated[Actor, Depends(needs(Scope.HOLDS_WRITE))]
_Reason = Annotated[str, Field(min_length=1, max_length=300)]
_HEADS = ("what", "number", "field", "value")


class Asked(Sent):
    """Why; the audit keeps it."""

    reason: _Reason


class Format(Enum):
    """How an export is written."""

    JSON = "json"
    CSV = "csv"


class ErasedBody(BaseModel):
    """The name that counts know them by since."""

    pseudonym: str


class KeptBody(BaseModel):
    """How long a kind is kept. `overdue` should have gone and has not: 0 proves that forgetting works."""

    kind: Kind
    hours: int
    legal_hours: int
    override: str | None
    overdue: int
    held: int


class KeepFor(Sent):
    """How long to keep; longer than the legal time needs an `override`, a reason that the audit keeps."""

    hours: Annotated[int, Field(ge=1, le=87_600)]
    override: _Reason | None = None


class PurgeBody(BaseModel):
    """What was forgotten: `digest` is the SHA-256 over the ids of the events, a line each, the oldest first."""

    seq: int
    at: AwareDatetime
    kind: Kind
    before: AwareDatetime
    number: int
    digest: str
    left: int
    held: int


class NewHold(Sent):
    """Whose events of which time to hold (everybody's without a person), why, and until when."""

    person: Id | None = None
    since: Instant
    until: Instant
    reason: _Reason
    expires_at: Instant


class HoldBody(BaseModel):
    """A legal hold. It binds once somebody else approved it, and for two days before."""

    id: str
    person: str | None
    since: AwareDatetime
    until: AwareDatetime
    reason: str
    asked_by: str
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    approved_by: str | None
    approved_at: AwareDatetime | None
    lifted_by: str | None
    lifted_at: AwareDatetime | None


_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "everything that is kept about somebody",
        "content": {"application/json": {"schema": {"type": "object"}}, "text/csv": {}},
    }
}


@routes.post("/people/{person}/export", response_class=Response, responses=_EXPORT)
def export(
    person: str,
    asked: Asked,
    desk: AtDesk,
    actor: _Writes,
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> Response:
    """Hand out everything that is kept about a person."""
    dossier = desk.services.erasures.export(PersonId(person), asked.reason, actor.name, desk.now())
    if form is Format.CSV:
        return sheet("person", _HEADS, _cells(dossier))
    return JSONResponse(msgspec.to_builtins(dossier))


@routes.post("/people/{person}/erase")
def erase(person: str, asked: Asked, desk: AtDesk, actor: _Writes) -> ErasedBody:
    """Forget a person for good: counts stay, their badges are dead and nobody's."""
    pseudonym = desk.services.erasures.erase(PersonId(person), asked.reason, actor.name, desk.now())
    return ErasedBody(pseudonym=pseudonym)


@routes.get("/retention")
def kept(desk: AtDesk, _actor: _Reads) -> list[KeptBody]:
    """Tell how long each kind is kept, and prove that nothing older is there."""
    found = desk.services.retention.kept(desk.now())
    return [KeptBody.model_validate(msgspec.structs.asdict(one)) for one in found]


@routes.put("/retention/{kind}", status_code=HTTPStatus.NO_CONTENT)
def keep_for(kind: Kind, asked: KeepFor, desk: AtDesk, actor: _Writes) -> None:
    """Keep a kind for so long from now on."""
    desk.services.retention.keep_for(kind, asked.hours, asked.override, actor.name, desk.now())


@routes.get("/retention/purges")
def purges(
    request: Request,
    response: Response,
    desk: AtDesk,
    _actor: _Reads,
    limit: Limit = LIMIT,
    after: After = None,
) -> Page[PurgeBody]:
    """List what was forgotten, the newest first."""
    found = desk.services.retention.purges(number_after(after, "purges"), limit + 1)
    shown = [PurgeBody.model_validate(msgspec.structs.asdict(one)) for one in found]
    return page(request, response, shown, limit, lambda one: str(one.seq))


@routes.get("/holds")
def list_holds(
    request: Request,
    response: Response,
    desk: AtDesk,
    _actor: _Reads,
    limit: Limit = LIMIT,
    after: After = None,
) -> Page[HoldBody]:
    """List legal holds by id, those that ended too."""
    found = desk.services.holds.page(after, limit + 1)
    return page(request, response, [_hold(one) for one in found], limit, lambda one: one.id)


@routes.post("/holds", status_code=HTTPStatus.CREATED)
def ask(new: NewHold, response: Response, desk: AtDesk, actor: _Holds) -> HoldBody:
    """Ask for a legal hold."""
    person, window = PersonId(new.person) if new.person is not None else None, (new.since, new.until)
    hold = desk.services.holds.ask(person, window, new.reason, new.expires_at, actor.name, desk.now())
    response.headers["Location"] = f"/v1/holds/{hold.id}"
    return _hold(hold)


@routes.get("/holds/{hold}")
def read_hold(hold: str, desk: AtDesk, _actor: _Reads) -> HoldBody:
    """Read a legal hold."""
    return _hold(desk.services.holds.get(hold))


@routes.post("/holds/{hold}/approve")
def approve(hold: str, desk: AtDesk, actor: _Holds) -> HoldBody:
    """Let a hold bind; somebody else than who asked for it."""
    return _hold(desk.services.holds.approve(hold, actor.name, desk.now()))


@routes.post("/holds/{hold}/lift")
def lift(hold: str, desk: AtDesk, actor: _Holds) -> HoldBody:
    """End a hold."""
    return _hold(desk.services.holds.lift(hold, actor.name, desk.now()))


def _hold(hold: Hold) -> HoldBody:
    return HoldBody.model_validate(msgspec.structs.asdict(hold))


def _cells(dossier: Dossier) -> Iterator[tuple[object, ...]]:
    """Yield a dossier as rows of what, which of them, field and value."""
    told: dict[str, Any] = msgspec.to_builtins(dossier)
    for what, kept in told.items():
        for number, record in enumerate(kept if isinstance(kept, list | tuple) else [kept], start=1):
            for field, value in record.items():
                shown = value if value is None or isinstance(value, str | int) else _json(value)
                yield what, number, field, shown


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
