"""What people may ask for (`/v1/people/{id}/export|erase`), and how long they are known.

`/v1/retention` tells and sets how long who passed is known, and proves it.
"""

from collections.abc import Iterator
from enum import Enum
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field

from access.api.desk import AtDesk, needs
from access.api.paging import Page, Paged
from access.api.schemas import Reason, Sent
from access.api.sheets import AsForm, described, sheet, table
from access.services.erasure import Dossier
from access.services.listing import SEQ, every
from access.services.retention import Kind, Purge
from access.services.rights import Actor, Scope
from policies.ids import PersonId

routes = APIRouter(prefix="/v1", tags=["privacy"])

_Reads = Annotated[Actor, Depends(needs(Scope.PRIVACY_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.PRIVACY_WRITE))]
_Sort = Literal["seq", "-seq"]
_HEADS = ("what", "number", "field", "value")


class Asked(Sent):
    """Why; the audit keeps it."""

    reason: Reason


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
    override: Reason | None = None


class PurgeBody(BaseModel):
    """What was forgotten: `digest` is the SHA-256 over the ids of the events, a line each, the oldest first.

    Of `visitor-records`, over the pseudonyms of the visitors who were erased; of `visits`, over the ids of these.
    """

    seq: int
    at: AwareDatetime
    kind: Kind
    before: AwareDatetime
    number: int
    digest: str
    left: int
    held: int


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
    form: AsForm,
    kind: Annotated[Format, Query(alias="format")] = Format.JSON,
) -> Response:
    """Hand out everything that is kept about a person."""
    dossier = desk.services.erasures.export(PersonId(person), asked.reason, actor.name, desk.now())
    if kind is Format.CSV:
        return sheet("person", _HEADS, _cells(dossier), form)
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
    paging: Paged, desk: AtDesk, _actor: _Reads, kind: Kind | None = None, sort: _Sort = "-seq"
) -> Page[PurgeBody]:
    """List what was forgotten, the newest first if not asked for the other way."""
    found = desk.services.retention.purges(kind, paging.listing(sort))
    return paging.page(found, sort, _purge, SEQ)


@routes.get("/retention/purges.csv", response_class=Response, responses=described("all that was forgotten"))
def export_purges(
    desk: AtDesk, _actor: _Reads, form: AsForm, kind: Kind | None = None, sort: _Sort = "-seq"
) -> Response:
    """Download as CSV what was forgotten."""
    rows = every(partial(desk.services.retention.purges, kind), sort, SEQ)
    return table("purges", PurgeBody, map(_purge, rows), form)


def _purge(purge: Purge) -> PurgeBody:
    return PurgeBody.model_validate(msgspec.structs.asdict(purge))


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
