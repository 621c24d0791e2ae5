"""`/v1/keys`: what machines ask with. A secret is told in the answer that makes it and nowhere else.

These answers are not kept under an Idempotency-Key: what is told once must not stand in the database.
"""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from access.api.desk import AtDesk, needs
from access.api.paging import Page, Paged
from access.api.schemas import Id, Instant, Name, Sent, Word
from access.api.sheets import AsForm, described, table
from access.services.keys import KeyFilter, KeyRecord, expect_no_more_than_own
from access.services.listing import every
from access.services.rights import Actor, Scope
from policies.ids import OrganisationId

routes = APIRouter(prefix="/v1/keys", tags=["keys"])

_Reads = Annotated[Actor, Depends(needs(Scope.KEYS_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.KEYS_WRITE))]
_Scope = Annotated[str, Field(min_length=1, max_length=128, examples=["building:read", "reader:agora"])]


_Sort = Literal["id", "-id", "created_at", "-created_at", "expires_at", "-expires_at"]


def _chosen(
    organisation: Id | None = None, created_by: Word | None = None, *, revoked: bool | None = None
) -> KeyFilter:
    return KeyFilter(OrganisationId(organisation) if organisation else None, created_by, revoked)


_Chosen = Annotated[KeyFilter, Depends(_chosen)]


class NewKey(Sent):
    """A key to make. With `organisation` its scopes hold for that organisation's people only."""

    name: Name
    scopes: Annotated[list[_Scope], Field(min_length=1, max_length=200)]
    expires_at: Instant | None = None
    organisation: Id | None = None


class KeyBody(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    scopes: list[str]
    organisation: str | None
    created_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None
    revoked_at: AwareDatetime | None


class NewKeyBody(KeyBody):
    """A key with its secret, told this once."""

    secret: str


@routes.get("")
def list_keys(
    paging: Paged, desk: AtDesk, _actor: _Reads, chosen: _Chosen, sort: _Sort = "id"
) -> Page[KeyBody]:
    """List keys, those that ended too."""
    return paging.page(desk.services.keys.page(chosen, paging.listing(sort)), sort, _body)


@routes.get(".csv", response_class=Response, responses=described("every key that is chosen"))
def export(desk: AtDesk, _actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "id") -> Response:
    """Download keys, without their secrets, as CSV."""
    rows = every(partial(desk.services.keys.page, chosen), sort)
    return table("keys", KeyBody, map(_body, rows), form)


@routes.post("", status_code=HTTPStatus.CREATED)
def create(new: NewKey, response: Response, desk: AtDesk, actor: _Writes) -> NewKeyBody:
    """Make a key with scopes that you hold yourself, or `reader:DOOR`."""
    scopes = tuple(dict.fromkeys(new.scopes))
    expect_no_more_than_own(actor, scopes)
    organisation = OrganisationId(new.organisation) if new.organisation is not None else None
    record, secret = desk.services.keys.issue(
        new.name, scopes, actor.name, desk.now(), new.expires_at, organisation
    )
    response.headers["Location"] = f"/v1/keys/{record.id}"
    return NewKeyBody.model_validate(msgspec.to_builtins(record) | {"secret": secret})


@routes.get("/{key}")
def read(key: str, desk: AtDesk, _actor: _Reads) -> KeyBody:
    """Read a key without its secret."""
    return _body(desk.services.keys.get(key))


@routes.delete("/{key}", status_code=HTTPStatus.NO_CONTENT)
def revoke(
    key: str,
    desk: AtDesk,
    actor: _Writes,
    *,
    keep_keys: Annotated[bool, Query(description="leave the keys alive that were made with it")] = False,
) -> None:
    """End a key, and those made with it, at once."""
    desk.services.keys.revoke(key, actor.name, desk.now(), keep_keys=keep_keys)


def _body(key: KeyRecord) -> KeyBody:
    return KeyBody.model_validate(msgspec.to_builtins(key))
