"""`/v1/operators`: who signs in, as what, and where. A one-time password is told in the answer and nowhere else.

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
from access.api.schemas import Id, Sent
from access.api.sheets import AsForm, described, table
from access.api.versions import Expected, tag
from access.services.listing import Key, every
from access.services.operators import OneTime, OperatorFilter, OperatorRecord, expect_may_appoint
from access.services.rights import Actor, Reach, Role, Scope
from policies.ids import OrganisationId, SpaceId

routes = APIRouter(prefix="/v1/operators", tags=["operators"])

_Reads = Annotated[Actor, Depends(needs(Scope.OPERATORS_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.OPERATORS_WRITE))]
_Name = Annotated[str, Field(min_length=1, max_length=64, examples=["grace"])]


_Sort = Literal["name", "-name", "created_at", "-created_at"]
_KEY: Key = ("name",)


def _chosen(
    role: Role | None = None, organisation: Id | None = None, *, disabled: bool | None = None
) -> OperatorFilter:
    within = OrganisationId(organisation) if organisation else None
    return OperatorFilter(role.value if role else None, within, disabled)


_Chosen = Annotated[OperatorFilter, Depends(_chosen)]


class NewOperator(Sent):
    """An operator to add. With `organisation` or `space` the role holds there only."""

    name: _Name
    role: Role
    organisation: Id | None = None
    space: Id | None = None


class OperatorChange(Sent):
    """What to change of an operator; what is not sent stays."""

    role: Role = Role.VIEWER
    organisation: Id | None = None
    space: Id | None = None
    disabled: bool = False


class OperatorBody(BaseModel):
    """An operator. `one_time`: they have not chosen their own password yet."""

    name: str
    role: Role
    organisation: str | None
    space: str | None
    disabled: bool
    one_time: bool
    locked_until: AwareDatetime | None
    created_at: AwareDatetime
    version: int


class NewOperatorBody(OperatorBody):
    """An operator with the password that works once, told this once."""

    one_time_password: str


@routes.get("")
def list_operators(
    paging: Paged, desk: AtDesk, _actor: _Reads, chosen: _Chosen, sort: _Sort = "name"
) -> Page[OperatorBody]:
    """List operators."""
    return paging.page(desk.services.operators.page(chosen, paging.listing(sort)), sort, _body, _KEY)


@routes.get(".csv", response_class=Response, responses=described("every operator who is chosen"))
def export(desk: AtDesk, _actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "name") -> Response:
    """Download operators as CSV."""
    rows = every(partial(desk.services.operators.page, chosen), sort, _KEY)
    return table("operators", OperatorBody, map(_body, rows), form)


@routes.post("", status_code=HTTPStatus.CREATED)
def create(new: NewOperator, response: Response, desk: AtDesk, actor: _Writes) -> NewOperatorBody:
    """Add an operator who may no more than you; an administrator may add any."""
    reach = _reach(new)
    expect_may_appoint(actor, new.role, reach)
    made = desk.services.operators.create(new.name, new.role, actor.name, desk.now(), reach)
    response.headers["Location"] = f"/v1/operators/{new.name}"
    return _once(response, made)


@routes.get("/{name}")
def read(name: str, response: Response, desk: AtDesk, _actor: _Reads) -> OperatorBody:
    """Read an operator."""
    found = desk.services.operators.get(name)
    tag(response, found.version)
    return _body(found)


@routes.patch("/{name}")
def change(
    name: str, changes: OperatorChange, response: Response, desk: AtDesk, actor: _Writes, expected: Expected
) -> OperatorBody:
    """Change what is sent of an operator (RFC 7396); it holds from their next request on."""
    sent = changes.model_dump(include=changes.model_fields_set, mode="json")

    def edit(before: OperatorRecord) -> OperatorRecord:
        after = msgspec.structs.replace(before, **sent)
        for each in (before, after):
            _expect_may_appoint(actor, each)
        return after

    after = desk.services.operators.change(name, edit, actor.name, desk.now(), expected)
    tag(response, after.version)
    return _body(after)


@routes.post("/{name}/reset-password")
def reset(name: str, response: Response, desk: AtDesk, actor: _Writes) -> NewOperatorBody:
    """Give an operator a new one-time password; the old one and all their sessions end."""
    allow = partial(_expect_may_appoint, actor)
    return _once(response, desk.services.operators.reset(name, actor.name, desk.now(), allow))


@routes.delete("/{name}", status_code=HTTPStatus.NO_CONTENT)
def remove(
    name: str,
    desk: AtDesk,
    actor: _Writes,
    *,
    keep_keys: Annotated[bool, Query(description="leave the keys alive that they made and saw")] = False,
) -> None:
    """Remove an operator: sessions, streams and the keys that they made end at once."""
    allow = partial(_expect_may_appoint, actor)
    desk.services.operators.remove(name, actor.name, desk.now(), allow, keep_keys=keep_keys)


def _expect_may_appoint(actor: Actor, operator: OperatorRecord) -> None:
    expect_may_appoint(actor, Role(operator.role), Reach(operator.organisation, operator.space))


def _reach(new: NewOperator) -> Reach:
    return Reach(
        OrganisationId(new.organisation) if new.organisation is not None else None,
        SpaceId(new.space) if new.space is not None else None,
    )


def _body(operator: OperatorRecord) -> OperatorBody:
    return OperatorBody.model_validate(msgspec.to_builtins(operator))


def _once(response: Response, given: OneTime) -> NewOperatorBody:
    tag(response, given.operator.version)
    told = msgspec.to_builtins(given.operator) | {"one_time_password": given.password}
    return NewOperatorBody.model_validate(told)
