"""`/v1/grants`: temporary rights of one person, with who gave them, why, and how often they may open."""

import secrets
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import Id, Instant, Sent
from access.api.sheets import AsForm, cells, described, sheet
from access.services.grants import GrantFilter, GrantRecord, Grants
from access.services.listing import every
from access.services.rights import Actor, Scope
from policies.ids import DoorId, GrantId, PersonId, SpaceId

routes = APIRouter(prefix="/v1/grants", tags=["grants"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_WRITE))]
_Sort = Literal["id", "-id", "valid_from", "-valid_from", "valid_until", "-valid_until"]


class NewGrant(Sent):
    """A right to give; without an id it is given one. `most_uses` is how often it opens, null without end."""

    id: Id | None = None
    person: Id
    valid_from: Instant
    valid_until: Instant
    doors: tuple[Id, ...] = ()
    spaces: tuple[Id, ...] = ()
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    most_uses: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class GrantShown(BaseModel):
    """A temporary right, with who gave it and how often it was used."""

    id: str
    person: str
    valid_from: datetime
    valid_until: datetime
    doors: list[str]
    spaces: list[str]
    given_by: str
    reason: str
    most_uses: int | None
    uses: int


def _visible(desk: AtDesk, actor: _Reads) -> Grants:
    return desk.services.grants.within(actor.reach)


_Visible = Annotated[Grants, Depends(_visible)]


def _chosen(
    person: str | None = None,
    at: Annotated[Instant | None, Query(description="those that hold at this moment")] = None,
) -> GrantFilter:
    return GrantFilter(PersonId(person) if person else None, at)


_Chosen = Annotated[GrantFilter, Depends(_chosen)]


@routes.get("")
def list_grants(
    paging: Paged,
    grants: _Visible,
    chosen: _Chosen,
    sort: _Sort = "id",
) -> Page[GrantShown]:
    """List grants; those of one person, or that hold at a moment only, if asked."""
    found = grants.page(chosen, paging.listing(sort))
    return paging.page(found, sort, _shown)


@routes.get(".csv", response_class=Response, responses=described("every grant that is chosen"))
def export(grants: _Visible, form: AsForm, chosen: _Chosen, sort: _Sort = "id") -> Response:
    """Download grants as CSV."""
    rows = every(partial(grants.page, chosen), sort)
    heads = tuple(GrantShown.model_fields)
    return sheet("grants", heads, (cells(_shown(grant), heads) for grant in rows), form)


@routes.post(
    "", status_code=HTTPStatus.CREATED, responses={404: {"description": "there is nobody with this id"}}
)
def give(new: NewGrant, response: Response, desk: AtDesk, actor: _Writes) -> GrantShown:
    """Give a person a temporary right."""
    record = GrantRecord(
        GrantId(new.id or f"g-{secrets.token_hex(8)}"),
        new.valid_from,
        new.valid_until,
        tuple(map(DoorId, new.doors)),
        tuple(map(SpaceId, new.spaces)),
        person=PersonId(new.person),
        reason=new.reason,
        most_uses=new.most_uses,
    )
    given = desk.services.grants.within(actor.reach).give(record, actor.name, desk.now())
    response.headers["Location"] = f"/v1/grants/{given.id}"
    return _shown(given)


@routes.get("/{grant}")
def read(grant: str, grants: _Visible) -> GrantShown:
    """Read a grant."""
    return _shown(grants.get(GrantId(grant)))


@routes.delete("/{grant}", status_code=HTTPStatus.NO_CONTENT)
def end(grant: str, desk: AtDesk, actor: _Writes) -> None:
    """End a grant before its time; doors know within moments."""
    desk.services.grants.within(actor.reach).end(GrantId(grant), actor.name, desk.now())


def _shown(grant: GrantRecord) -> GrantShown:
    return GrantShown.model_validate(msgspec.structs.asdict(grant))
