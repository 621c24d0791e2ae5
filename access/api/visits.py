"""`/v1/visits`: visitors expected, arrived, left or cancelled."""

from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, model_validator

from access.api.desk import AtDesk, needs_within
from access.api.once import OnceRoute
from access.api.paging import Page, Paged
from access.api.schemas import BadgeIdentifier, Id, Instant, Name, Sent
from access.api.sheets import AsForm, cells, described, sheet
from access.api.versions import PerhapsExpected, tag
from access.services.listing import every
from access.services.rights import Actor, Scope
from access.services.visits import VisitFilter, VisitRecord, VisitState, fresh_id
from policies.ids import BadgeId, DoorId, PersonId, SpaceId

routes = APIRouter(prefix="/v1/visits", tags=["visits"], route_class=OnceRoute)

_Reads = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_READ))]
_Writes = Annotated[Actor, Depends(needs_within(Scope.PEOPLE_WRITE))]
_Sort = Literal["id", "-id", "valid_from", "-valid_from", "valid_until", "-valid_until"]
_Since = Annotated[Instant | None, Query(description="those that end after this moment")]
_Until = Annotated[Instant | None, Query(description="those that begin before this moment")]


class NewVisit(Sent):
    """A visitor to expect: either `person`, who is known, or the `name` of somebody new."""

    person: Id | None = None
    name: Name | None = None
    host: Id
    valid_from: Instant
    valid_until: Instant
    doors: tuple[Id, ...] = ()
    spaces: tuple[Id, ...] = ()
    escorted: bool = False

    @model_validator(mode="after")
    def _is_one_visitor(self) -> "NewVisit":
        if (self.person is None) is (self.name is None):
            raise ValueError("expected either the person of a known visitor or the name of a new one")
        return self


class Arrival(Sent):
    """The badge of the desk that a visitor is lent, if any."""

    badge: BadgeIdentifier | None = None


class VisitShown(BaseModel):
    """A visit."""

    id: str
    person: str
    host: str
    valid_from: datetime
    valid_until: datetime
    doors: list[str]
    spaces: list[str]
    escorted: bool
    state: VisitState
    badge: str | None
    arrived_at: datetime | None
    left_at: datetime | None
    version: int


def _chosen(
    state: VisitState | None = None,
    host: str | None = None,
    person: str | None = None,
    since: _Since = None,
    until: _Until = None,
) -> VisitFilter:
    return VisitFilter(
        state, PersonId(host) if host else None, PersonId(person) if person else None, since, until
    )


_Chosen = Annotated[VisitFilter, Depends(_chosen)]


@routes.get("")
def list_visits(
    paging: Paged,
    desk: AtDesk,
    actor: _Reads,
    chosen: _Chosen,
    sort: _Sort = "id",
) -> Page[VisitShown]:
    """List visits; in one state, of one host or visitor, or that touch a time only, if asked."""
    found = desk.services.visits.within(actor.reach).page(chosen, paging.listing(sort))
    return paging.page(found, sort, _shown)


@routes.get(".csv", response_class=Response, responses=described("every visit that is chosen"))
def export(desk: AtDesk, actor: _Reads, form: AsForm, chosen: _Chosen, sort: _Sort = "id") -> Response:
    """Download visits as CSV, with the names of visitors and hosts."""
    visits = desk.services.visits.within(actor.reach)
    stays = desk.services.welcome.named(every(partial(visits.page, chosen), sort))
    heads = tuple(VisitShown.model_fields)
    rows = ([*cells(_shown(stay.visit), heads), stay.visitor, stay.host] for stay in stays)
    return sheet("visits", (*heads, "visitor_name", "host_name"), rows, form)


@routes.post("", status_code=HTTPStatus.CREATED)
def expect(new: NewVisit, response: Response, desk: AtDesk, actor: _Writes) -> VisitShown:
    """Expect a visitor."""
    record = VisitRecord(
        fresh_id(),
        PersonId(new.person or fresh_id()),
        PersonId(new.host),
        new.valid_from,
        new.valid_until,
        tuple(map(DoorId, new.doors)),
        tuple(map(SpaceId, new.spaces)),
        new.escorted,
    )
    visit = desk.services.visits.within(actor.reach).expect(record, new.name, actor.name, desk.now())
    response.headers["Location"] = f"/v1/visits/{visit.id}"
    return _tagged(visit, response)


@routes.get("/{visit}")
def read(visit: str, response: Response, desk: AtDesk, actor: _Reads) -> VisitShown:
    """Read a visit."""
    return _tagged(desk.services.visits.within(actor.reach).get(visit), response)


@routes.post("/{visit}/arrive")
def arrive(
    visit: str, arrival: Arrival, response: Response, desk: AtDesk, actor: _Writes, expected: PerhapsExpected
) -> VisitShown:
    """Let a visitor in: their rights begin, and the badge is theirs meanwhile."""
    badge = BadgeId(arrival.badge) if arrival.badge is not None else None
    return _tagged(
        desk.services.visits.within(actor.reach).arrive(visit, badge, actor.name, desk.now(), expected),
        response,
    )


@routes.post("/{visit}/leave")
def leave(
    visit: str, response: Response, desk: AtDesk, actor: _Writes, expected: PerhapsExpected
) -> VisitShown:
    """Let a visitor go: their rights end, and the badge is the desk's again."""
    return _tagged(
        desk.services.visits.within(actor.reach).leave(visit, actor.name, desk.now(), expected), response
    )


@routes.post("/{visit}/cancel")
def cancel(
    visit: str, response: Response, desk: AtDesk, actor: _Writes, expected: PerhapsExpected
) -> VisitShown:
    """Expect a visitor no longer."""
    return _tagged(
        desk.services.visits.within(actor.reach).cancel(visit, actor.name, desk.now(), expected), response
    )


def _tagged(visit: VisitRecord, response: Response) -> VisitShown:
    tag(response, visit.version)
    return _shown(visit)


def _shown(visit: VisitRecord) -> VisitShown:
    return VisitShown.model_validate(msgspec.structs.asdict(visit))
