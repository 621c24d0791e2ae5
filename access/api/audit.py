"""`/v1/audit`: who did what to whom, the newest first; the proof that nothing of it was rewritten; and all as CSV."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from access.api.desk import AtDesk, needs
from access.api.paging import Page, Paged
from access.api.schemas import Instant
from access.api.sheets import AsForm, described, table
from access.errors import Invalid
from access.services.audit import AuditEntry, AuditFilter
from access.services.listing import SEQ
from access.services.rights import Actor, Scope

routes = APIRouter(prefix="/v1", tags=["audit"])

_Reads = Annotated[Actor, Depends(needs(Scope.AUDIT_READ))]
_Word = Annotated[str | None, Query(max_length=200)]
_MOST_SEQ = 2**62
_Sort = Literal["seq", "-seq"]


class AuditBody(BaseModel):
    """An entry: `digest` is the SHA-256 of all the rest, `prev` that of the entry before.

    In it `sealed`, the SHA-256 of salt and subject, stands for the subject, who can so be forgotten.
    """

    seq: int
    at: AwareDatetime
    actor: str
    action: str
    subject: str
    purpose: str | None
    reason: str | None
    prev: str
    digest: str
    salt: str | None
    sealed: str | None


class CheckpointBody(BaseModel):
    """Where the record ends, signed by the site (Ed25519, hex). Keep it elsewhere, and ask about it later."""

    seq: int
    digest: str
    at: AwareDatetime
    signature: str
    key: str


class VerifiedBody(BaseModel):
    """What a look at the whole record found.

    `broken` is the first entry that is missing or not as it was written. `holds` is whether the checkpoint that was
    asked about is still part of the record; null where none was, or where that part has gone by age.
    """

    intact: bool
    entries: int
    gone: Annotated[int, Field(description="how many of the oldest have gone by age")]
    broken: int | None
    holds: bool | None
    checkpoint: CheckpointBody


def _chosen(
    since: Instant | None = None,
    until: Instant | None = None,
    actor: _Word = None,
    action: _Word = None,
    subject: _Word = None,
) -> AuditFilter:
    return AuditFilter(since, until, actor, action, subject)


_Chosen = Annotated[AuditFilter, Depends(_chosen)]


@routes.get("/audit")
def list_audit(
    paging: Paged, desk: AtDesk, _actor: _Reads, chosen: _Chosen, sort: _Sort = "-seq"
) -> Page[AuditBody]:
    """List entries, the newest first if not asked for the other way."""
    return paging.page(desk.services.audit.page(chosen, paging.listing(sort)), sort, _body, SEQ)


@routes.get("/audit/verify")
def verify(
    desk: AtDesk,
    _actor: _Reads,
    seq: Annotated[int | None, Query(ge=0, le=_MOST_SEQ, description="of a checkpoint kept before")] = None,
    digest: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> VerifiedBody:
    """Prove the record, entry by entry; with `seq` and `digest`, against a checkpoint kept before."""
    if (seq is None) != (digest is None):
        raise Invalid("seq, digest: expected both of a checkpoint, or neither")
    audit = desk.services.audit
    chain = audit.verify()
    return VerifiedBody(
        intact=chain.broken is None,
        entries=chain.seq - chain.gone,
        gone=chain.gone,
        broken=chain.broken,
        holds=audit.holds(seq, digest) if seq is not None and digest is not None else None,
        checkpoint=CheckpointBody.model_validate(msgspec.structs.asdict(audit.checkpoint(chain, desk.now()))),
    )


@routes.get(
    "/audit.csv",
    response_class=Response,
    responses=described("every entry that is chosen, the oldest first"),
)
def export(desk: AtDesk, actor: _Reads, form: AsForm, chosen: _Chosen) -> Response:
    """Download entries as CSV; that they were is an entry too."""
    entries = desk.services.audit.export(chosen, actor.name, desk.now())
    return table("audit", AuditBody, map(_body, entries), form)


def _body(entry: AuditEntry) -> AuditBody:
    return AuditBody.model_validate(msgspec.structs.asdict(entry))
