"""`/v1/organisations`: add, read, change."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from access.api.desk import AtDesk, needs, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import (
    MovedOut,
    MovingOut,
    NewOrganisation,
    OrganisationBody,
    OrganisationChange,
    Word,
)
from access.api.sheets import AsForm, described, table
from access.api.versions import Expected, tag
from access.services.listing import every
from access.services.organisations import OrganisationRecord
from access.services.rights import Actor, Scope
from policies.ids import OrganisationId, TierId

routes = APIRouter(prefix="/v1/organisations", tags=["organisations"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.ORGANISATIONS_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.ORGANISATIONS_WRITE))]
_Sort = Literal["id", "-id", "name", "-name"]
_WithLetters = Annotated[
    Word | None,
    Query(description="each word of it begins one of theirs, without accents or capitals, in any order"),
]


@routes.get("")
def list_organisations(
    paging: Paged, desk: AtDesk, actor: _Reads, name: _WithLetters = None, sort: _Sort = "id"
) -> Page[OrganisationBody]:
    """List organisations."""
    found = desk.services.organisations.within(actor.reach).page(name, paging.listing(sort))
    return paging.page(found, sort, _body)


@routes.get(".csv", response_class=Response, responses=described("every organisation that is chosen"))
def export(
    desk: AtDesk, actor: _Reads, form: AsForm, name: _WithLetters = None, sort: _Sort = "id"
) -> Response:
    """Download organisations as CSV."""
    rows = every(partial(desk.services.organisations.within(actor.reach).page, name), sort)
    return table("organisations", OrganisationBody, map(_body, rows), form)


@routes.post("", status_code=HTTPStatus.CREATED)
def add(new: NewOrganisation, response: Response, desk: AtDesk, actor: _Writes) -> OrganisationBody:
    """Add an organisation."""
    tiers = tuple(map(TierId, new.tiers))
    record = OrganisationRecord(OrganisationId(new.id), new.name, tiers=tiers)
    organisation = desk.services.organisations.within(actor.reach).add([record], actor.name, desk.now())[0]
    response.headers["Location"] = f"/v1/organisations/{organisation.id}"
    tag(response, organisation.version)
    return _body(organisation)


@routes.get("/{organisation}")
def read(organisation: str, response: Response, desk: AtDesk, actor: _Reads) -> OrganisationBody:
    """Read an organisation."""
    found = desk.services.organisations.within(actor.reach).get(OrganisationId(organisation))
    tag(response, found.version)
    return _body(found)


@routes.patch("/{organisation}")
def change(
    organisation: str,
    changes: OrganisationChange,
    response: Response,
    desk: AtDesk,
    actor: _Writes,
    expected: Expected,
) -> OrganisationBody:
    """Change what is sent of an organisation (RFC 7396)."""
    sent = {name: getattr(changes, name) for name in changes.model_fields_set}
    if "tiers" in sent:
        sent["tiers"] = tuple(map(TierId, changes.tiers))
    after = desk.services.organisations.within(actor.reach).change(
        OrganisationId(organisation),
        lambda before: msgspec.structs.replace(before, **sent),
        actor.name,
        desk.now(),
        expected,
    )
    tag(response, after.version)
    return _body(after)


@routes.post("/{organisation}/leave")
def leave(organisation: str, asked: MovingOut, response: Response, desk: AtDesk, actor: _Writes) -> MovedOut:
    """End every right and badge of an organisation that leaves whole, and let its own operators and keys do nothing."""
    actor.require(Scope.PEOPLE_WRITE)
    gone = desk.services.leaving.move_out(OrganisationId(organisation), asked.people, actor.name, desk.now())
    tag(response, gone.organisation.version)
    return MovedOut.model_validate(msgspec.to_builtins(gone))


def _body(organisation: OrganisationRecord) -> OrganisationBody:
    return OrganisationBody.model_validate(msgspec.to_builtins(organisation))
