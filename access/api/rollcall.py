"""`/v1/rollcall`: who may be inside, by name, for an alarm or a drill. Each look says why and is in the audit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs, needs_within
from access.api.schemas import Id, Sent
from access.errors import NotFound
from access.services.rights import Actor, Scope
from access.services.rollcall import Listed, Muster, time_to_accounted
from policies.ids import PersonId

routes = APIRouter(prefix="/v1/rollcall", tags=["roll-call"])

_Reads = Annotated[Actor, Depends(needs_within(Scope.ROLLCALL_READ))]
_Marks = Annotated[Actor, Depends(needs_within(Scope.ROLLCALL_WRITE))]
_Writes = Annotated[Actor, Depends(needs(Scope.ROLLCALL_WRITE))]


class ListedBody(BaseModel):
    """Somebody who may be inside; not `confirmed` where they are only inferred to have left."""

    person: str
    name: str
    kind: str
    organisation: str | None
    space: str
    door: str
    seen_at: datetime
    confirmed: bool


class SafeBody(BaseModel):
    """Who was marked safe, when, and by whom."""

    person: str
    at: datetime
    actor: str


class MusterBody(BaseModel):
    """A roll-call. `accounted_s` is how long it took until nine in ten were safe."""

    id: str
    opened_at: datetime
    opened_by: str
    is_drill: bool
    closed_at: datetime | None
    people: list[ListedBody]
    safe: list[SafeBody]
    accounted_s: float | None


class Opening(Sent):
    """Whether it is a drill."""

    is_drill: bool = False


class MarkedSafe(Sent):
    """Whom a warden has seen."""

    people: list[Id]


@routes.get("")
async def read(
    desk: AtDesk, actor: _Reads, reason: Annotated[str, Query(min_length=1, max_length=200)]
) -> list[ListedBody]:
    """List who may be inside now."""
    rollcall = desk.services.rollcall
    desk.services.live.advance(desk.now())
    listed = await run_in_threadpool(rollcall.now, rollcall.look(), reason, actor.name, desk.now())
    return [ListedBody.model_validate(msgspec.to_builtins(one)) for one in _theirs(desk, actor, listed)]


@routes.post("", status_code=HTTPStatus.CREATED)
async def open_muster(asked: Opening, desk: AtDesk, actor: _Writes) -> MusterBody:
    """Open a roll-call: the list stands still from now on."""
    rollcall = desk.services.rollcall
    desk.services.live.advance(desk.now())
    seen = rollcall.look()
    muster = await run_in_threadpool(rollcall.open, seen, actor.name, desk.now(), is_drill=asked.is_drill)
    return _body(muster, muster.people)


@routes.get("/{muster}")
def read_muster(muster: str, desk: AtDesk, actor: _Reads) -> MusterBody:
    """Read a roll-call with who is safe."""
    found = desk.services.rollcall.get(muster)
    return _body(found, _theirs(desk, actor, found.people))


@routes.post("/{muster}/safe")
def mark_safe(muster: str, asked: MarkedSafe, desk: AtDesk, actor: _Marks) -> MusterBody:
    """Mark people safe; several wardens share one state, and nothing is marked twice."""
    whom = [PersonId(person) for person in asked.people]
    theirs = {one.person for one in _theirs(desk, actor, desk.services.rollcall.get(muster).people)}
    if unknown := [person for person in whom if person not in theirs]:
        raise NotFound(f"person {unknown[0]}: not on this roll-call")
    found = desk.services.rollcall.mark_safe(muster, whom, actor.name, desk.now())
    return _body(found, _theirs(desk, actor, found.people))


@routes.post("/{muster}/close")
async def close(muster: str, desk: AtDesk, actor: _Writes) -> MusterBody:
    """End a roll-call: whoever is safe is out of the building."""
    found, events = await run_in_threadpool(desk.services.rollcall.close, muster, actor.name, desk.now())
    if events:
        desk.services.news.tell(events)
    return _body(found, found.people)


def _theirs(desk: Desk, actor: Actor, listed: Iterable[Listed]) -> tuple[Listed, ...]:
    """Return those of a list that were last seen where the actor's rights hold."""
    building = desk.services.building
    return tuple(one for one in listed if actor.reach.covers(building, one.space))


def _body(muster: Muster, listed: Sequence[Listed]) -> MusterBody:
    """Return a roll-call as far as it is told: those listed, and which of them are safe."""
    took, told = time_to_accounted(muster), {one.person for one in listed}
    more = {
        "accounted_s": took.total_seconds() if took is not None else None,
        "people": msgspec.to_builtins(listed),
        "safe": [msgspec.to_builtins(one) for one in muster.safe if one.person in told],
    }
    return MusterBody.model_validate(msgspec.to_builtins(muster) | more)
