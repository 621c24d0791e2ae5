"""`/v1/holds`: events that are kept for an incident, because two operators say so."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel

from access.api.desk import AtDesk, needs
from access.api.paging import Page, Paged
from access.api.schemas import Id, Instant, Reason, Sent, Word
from access.api.sheets import AsForm, described, table
from access.services.holds import Hold
from access.services.listing import every
from access.services.rights import Actor, Scope
from policies.ids import PersonId

routes = APIRouter(prefix="/v1/holds", tags=["privacy"])

_Reads = Annotated[Actor, Depends(needs(Scope.PRIVACY_READ))]
_Writes = Annotated[Actor, Depends(needs(Scope.HOLDS_WRITE))]
_Sort = Literal["id", "-id", "asked_at", "-asked_at", "expires_at", "-expires_at"]


class NewHold(Sent):
    """Whose events of which time to hold (everybody's without a person), why, and until when."""

    person: Id | None = None
    since: Instant
    until: Instant
    reason: Reason
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


@routes.get("")
def list_holds(
    paging: Paged, desk: AtDesk, _actor: _Reads, person: Word | None = None, sort: _Sort = "id"
) -> Page[HoldBody]:
    """List legal holds, those that ended too; those on one person's events only, if asked."""
    found = desk.services.holds.page(_named(person), paging.listing(sort))
    return paging.page(found, sort, _body)


@routes.get(".csv", response_class=Response, responses=described("every legal hold that is chosen"))
def export(
    desk: AtDesk, _actor: _Reads, form: AsForm, person: Word | None = None, sort: _Sort = "id"
) -> Response:
    """Download legal holds as CSV."""
    rows = every(partial(desk.services.holds.page, _named(person)), sort)
    return table("holds", HoldBody, map(_body, rows), form)


def _named(person: str | None) -> PersonId | None:
    return PersonId(person) if person is not None else None


@routes.post("", status_code=HTTPStatus.CREATED)
def ask(new: NewHold, response: Response, desk: AtDesk, actor: _Writes) -> HoldBody:
    """Ask for a legal hold."""
    person, window = _named(new.person), (new.since, new.until)
    hold = desk.services.holds.ask(person, window, new.reason, new.expires_at, actor.name, desk.now())
    response.headers["Location"] = f"/v1/holds/{hold.id}"
    return _body(hold)


@routes.get("/{hold}")
def read(hold: str, desk: AtDesk, _actor: _Reads) -> HoldBody:
    """Read a legal hold."""
    return _body(desk.services.holds.get(hold))


@routes.post("/{hold}/approve")
def approve(hold: str, desk: AtDesk, actor: _Writes) -> HoldBody:
    """Let a hold bind; somebody else than who asked for it."""
    return _body(desk.services.holds.approve(hold, actor.name, desk.now()))


@routes.post("/{hold}/lift")
def lift(hold: str, desk: AtDesk, actor: _Writes) -> HoldBody:
    """End a hold."""
    return _body(desk.services.holds.lift(hold, actor.name, desk.now()))


def _body(hold: Hold) -> HoldBody:
    return HoldBody.model_validate(msgspec.structs.asdict(hold))
