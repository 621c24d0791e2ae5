"""`/v1/people`: enrol, read, change."""

import secrets
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import Departed, Id, NewPerson, PersonBody, PersonChange, Word
from access.api.sheets import AsForm, cells, described, sheet
from access.api.versions import Expected, PerhapsExpected, tag
from access.services.listing import every
from access.services.people import PersonFilter, PersonRecord
from access.services.rights import Actor, Scope
from policies.ids import CertificationId, DoorId, GrantId, OrganisationId, PersonId, SpaceId, TierId
from policies.roster import Certification, Grant, ResidentType

routes = APIRouter(prefix="/v1/people", tags=["people"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_WRITE))]
_Sort = Literal["id", "-id", "name", "-name", "organisation", "-organisation", "valid_until", "-valid_until"]
_HEADS = (
    "id", "external_id", "name", "type", "organisation", "tiers", "valid_from", "valid_until", "suspended", "host",
)  # fmt: skip  # a table


def _chosen(
    *,
    organisation: Id | None = None,
    kind: Annotated[ResidentType | None, Query(alias="type")] = None,
    tier: Id | None = None,
    suspended: bool | None = None,
    name: Annotated[
        Word | None,
        Query(description="each word of it begins one of theirs, without accents or capitals, in any order"),
    ] = None,
) -> PersonFilter:
    return PersonFilter(
        OrganisationId(organisation) if organisation else None,
        kind,
        TierId(tier) if tier else None,
        suspended,
        name,
    )


_Chosen = Annotated[PersonFilter, Depends(_chosen)]


@routes.get("")
def list_people(
    paging: Paged,
    desk: AtDesk,
    actor: _Reads,
    chosen: _Chosen,
    sort: _Sort = "id",
) -> Page[PersonBody]:
    """List people."""
    found = desk.services.people.within(actor.reach).page(chosen, paging.listing(sort))
    return paging.page(found, sort, _body)


@routes.get(".csv", response_class=Response, responses=described("everybody who is chosen"))
def export(desk: AtDesk, actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "id") -> Response:
    """Download people as CSV, with the columns of an import among them."""
    people = desk.services.people.within(actor.reach)
    rows = every(partial(people.page, chosen), sort)
    return sheet("people", _HEADS, (cells(_body(person), _HEADS) for person in rows), form)


@routes.post("", status_code=HTTPStatus.CREATED)
def enrol(new: NewPerson, response: Response, desk: AtDesk, actor: _Writes) -> PersonBody:
    """Enrol a person."""
    identifier = PersonId(new.id or f"p-{secrets.token_hex(8)}")
    record = _changed(PersonRecord(identifier, new.type, name=new.name), new)
    if "organisation" not in new.model_fields_set:
        record = msgspec.structs.replace(record, organisation=actor.reach.organisation)
    person = desk.services.people.within(actor.reach).add([record], actor.name, desk.now())[0]
    response.headers["Location"] = f"/v1/people/{person.id}"
    tag(response, person.version)
    return _body(person)


@routes.get("/{person}")
def read(person: str, response: Response, desk: AtDesk, actor: _Reads) -> PersonBody:
    """Read a person."""
    found = desk.services.people.within(actor.reach).get(PersonId(person))
    tag(response, found.version)
    return _body(found)


@routes.patch("/{person}")
def change(
    person: str, changes: PersonChange, response: Response, desk: AtDesk, actor: _Writes, expected: Expected
) -> PersonBody:
    """Change what is sent of a person (RFC 7396)."""
    after = desk.services.people.within(actor.reach).change(
        PersonId(person), lambda before: _changed(before, changes), actor.name, desk.now(), expected
    )
    tag(response, after.version)
    return _body(after)


@routes.post("/{person}/leave")
def leave(
    person: str, response: Response, desk: AtDesk, actor: _Writes, expected: PerhapsExpected
) -> Departed:
    """End every right and badge of somebody who leaves, and the visits they expect."""
    leaving = desk.services.leaving.within(actor.reach)
    departure = leaving.leave(PersonId(person), actor.name, desk.now(), expected)
    tag(response, departure.person.version)
    return Departed(
        person=_body(departure.person), badges=list(departure.badges), visits=list(departure.visits)
    )


def _body(person: PersonRecord) -> PersonBody:
    return PersonBody.model_validate(msgspec.to_builtins(person))


def _changed(before: PersonRecord, changes: PersonChange) -> PersonRecord:
    """Return the person with everything that was sent in its place."""
    sent: dict[str, object] = {
        name: getattr(changes, name) for name in changes.model_fields_set - {"id", "version"}
    }
    if "tiers" in sent:
        sent["tiers"] = tuple(map(TierId, changes.tiers))
    if "certifications" in sent:
        sent["certifications"] = tuple(
            Certification(CertificationId(held.id), held.until) for held in changes.certifications
        )
    if "grants" in sent:
        sent["grants"] = tuple(
            Grant(
                GrantId(grant.id),
                grant.valid_from,
                grant.valid_until,
                tuple(map(DoorId, grant.doors)),
                tuple(map(SpaceId, grant.spaces)),
            )
            for grant in changes.grants
        )
    return msgspec.structs.replace(before, **sent)
