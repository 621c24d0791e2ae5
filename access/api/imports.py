"""`/v1/imports`: people from a file. The difference first; with `apply` all of it or nothing.

The file is the body, CSV or JSON. It is read only once it is known who asks: it may be larger than any other body.
"""

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, needs_within
from access.api.paging import Page, Paged
from access.api.problems import InvalidFile, faults_in, language_of
from access.api.sheets import AsForm, described, table
from access.errors import Invalid
from access.languages import Language
from access.services.imports import ImportRecord, Outcome, from_csv, from_json
from access.services.listing import every
from access.services.rights import Actor, Scope

routes = APIRouter(prefix="/v1/imports", tags=["imports"])

_Writes = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_IMPORT))]
_Sort = Literal["at", "-at", "id", "-id"]
_READERS = {"text/csv": from_csv, "application/json": from_json}
_ROW = {
    "type": "object",
    "required": ["external_id"],
    "properties": {
        "external_id": {"type": "string"},
        "name": {"type": "string"},
        "type": {"type": "string"},
        "organisation": {"type": ["string", "null"]},
        "tiers": {"type": ["array", "string", "null"], "items": {"type": "string"}},
        "valid_from": {"type": ["string", "null"]},
        "valid_until": {"type": ["string", "null"]},
        "id": {"type": ["string", "null"], "description": "whom the row is about, before its external id"},
        "suspended": {"type": ["string", "null"], "description": "as it is: no file changes it"},
        "host": {"type": ["string", "null"], "description": "as it is: no file changes it"},
    },
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": _ROW}},
        },
    }
}


class ImportedBody(BaseModel):
    """Somebody whom a file speaks of; `columns` are those in which they differ."""

    person: str
    external_id: str | None
    name: str
    columns: list[str] = []


class FaultBody(BaseModel):
    """What is wrong with a file at one place."""

    line: int
    column: str | None
    message: str


class OutcomeBody(BaseModel):
    """What a file changes. `ended` are those missing from it; `id` is that of the import once it is applied."""

    id: str | None
    applied: bool
    added: list[ImportedBody]
    changed: list[ImportedBody]
    ended: list[ImportedBody]
    unchanged: int
    faults: list[FaultBody]


class ImportBody(BaseModel):
    """A file that was applied."""

    id: str
    at: AwareDatetime
    actor: str
    digest: str
    organisation: str | None
    added: int
    changed: int
    ended: int
    unchanged: int


class UnderWayBody(BaseModel):
    """A file that is being written: how many people of how many; all of them count at its end, or none."""

    actor: str
    begun_at: AwareDatetime
    organisation: str | None
    rows: int
    written: int


@routes.get("")
def list_imports(paging: Paged, desk: AtDesk, actor: _Writes, sort: _Sort = "-at") -> Page[ImportBody]:
    """List the files that were applied, the newest first if not asked otherwise."""
    found = desk.services.imports.within(actor.reach).page(paging.listing(sort))
    return paging.page(found, sort, _applied)


@routes.get(".csv", response_class=Response, responses=described("every file that was applied"))
def export(desk: AtDesk, actor: _Writes, form: AsForm, sort: _Sort = "-at") -> Response:
    """Download as CSV which files were applied."""
    rows = every(desk.services.imports.within(actor.reach).page, sort)
    return table("imports", ImportBody, map(_applied, rows), form)


@routes.get("/under-way")
def list_under_way(desk: AtDesk, actor: _Writes) -> list[UnderWayBody]:
    """Tell which file this server is writing now, and how far it has come: one at most."""
    found = desk.services.imports.within(actor.reach).under_way()
    return [UnderWayBody.model_validate(msgspec.structs.asdict(found))] if found is not None else []


@routes.post("", openapi_extra=_FILE, response_model=OutcomeBody)
async def take(
    request: Request,
    desk: AtDesk,
    actor: _Writes,
    *,
    apply: Annotated[bool, Query(description="apply it; without, nothing is changed")] = False,
    end: Annotated[int | None, Query(ge=0, le=100_000, description="how many are missing: end them")] = None,
) -> Response:
    """Compare a file of people with those known, or apply it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    read = _READERS.get(kind)
    if read is None:
        raise Invalid(f"Content-Type: expected one of {', '.join(_READERS)}")
    content, timezone = await request.body(), desk.services.policy.calendar.timezone
    imports = desk.services.imports.within(actor.reach)

    def work() -> Response:
        wanted, faults = read(content, timezone)
        if not apply:
            outcome = imports.propose(wanted, faults, desk.now())
        else:
            outcome = imports.apply(wanted, faults, content, actor.name, desk.now(), end=end)
            if outcome.faults:
                raise InvalidFile(list(map(msgspec.structs.asdict, outcome.faults)))
        # Here too: a file may have a hundred thousand faults, and nobody waits while they are told.
        return Response(_body(outcome, language_of(request)).model_dump_json(), media_type="application/json")

    return await run_in_threadpool(work)


def _applied(record: ImportRecord) -> ImportBody:
    return ImportBody.model_validate(msgspec.structs.asdict(record))


def _body(outcome: Outcome, language: Language) -> OutcomeBody:
    found = outcome.difference
    changed = [
        ImportedBody(
            person=one.after.id,
            external_id=one.after.external_id,
            name=one.after.name,
            columns=list(one.columns),
        )
        for one in found.changed
    ]
    added, ended = (
        [ImportedBody(person=one.id, external_id=one.external_id, name=one.name) for one in people]
        for people in (found.added, found.ended)
    )
    return OutcomeBody(
        id=outcome.applied.id if outcome.applied is not None else None,
        applied=outcome.applied is not None,
        added=added,
        changed=changed,
        ended=ended,
        unchanged=found.unchanged,
        faults=[
            FaultBody.model_validate(fault)
            for fault in faults_in(language, list(map(msgspec.structs.asdict, outcome.faults)))
        ],
    )
