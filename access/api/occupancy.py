"""`/v1/occupancy`: how many people are where now; and an operator's count of a space.

Answers from memory, on the event loop, where the live view is kept. Companies are answered with what is disclosed
(docs/domain.md, 6). Nothing here names anybody, but the correction that says that somebody has left.
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs, needs_within
from access.api.schemas import Reason, Sent
from access.errors import NotAllowed, NotFound
from access.occupancy.disclosure import DisclosedCount
from access.occupancy.live import SpaceCount
from access.services.rights import Actor, Scope
from policies.ids import PersonId, SpaceId
from readers.wire.events import Event

routes = APIRouter(prefix="/v1", tags=["occupancy"])

_Counts = Annotated[Actor, Depends(needs_within(Scope.OCCUPANCY_READ))]
_Corrects = Annotated[Actor, Depends(needs(Scope.OCCUPANCY_WRITE))]
_CorrectsThere = Annotated[Actor, Depends(needs_within(Scope.OCCUPANCY_WRITE))]


class CountBody(BaseModel):
    """How many people are in a space, how sure that is, and how old the newest event is that this knows of.

    Companies are told the number at the beginning of the quarter-hour `as_of`, null where a group is under eleven or
    would let one be worked out, and nothing of how sure it is.
    """

    space: str
    count: int | None
    low: int | None
    high: int | None
    inferred: float | None
    why: str
    limit: int
    capacity: int | None
    as_of: datetime | None
    age_s: float | None


class CountSet(Sent):
    """How many people were counted in a space, and why it is said."""

    count: Annotated[int, Field(ge=0, le=100_000)]
    reason: Reason


class Left(Sent):
    """Why somebody is known not to be inside."""

    reason: Reason


class Said(BaseModel):
    """The event that keeps a correction."""

    event: str


@routes.get("/occupancy")
async def count_all(desk: AtDesk, actor: _Counts) -> list[CountBody]:
    """Count every space now."""
    return list(_counted(desk, actor).values())


@routes.get("/occupancy/{space}")
async def count_one(space: str, desk: AtDesk, actor: _Counts) -> CountBody:
    """Count one space now."""
    found = _counted(desk, actor).get(SpaceId(space))
    if found is None:
        raise NotFound(f"space {space}: nobody is counted there")
    return found


@routes.post("/spaces/{space}/count", status_code=HTTPStatus.CREATED)
async def set_count(space: str, asked: CountSet, desk: AtDesk, actor: _CorrectsThere) -> Said:
    """Say how many people are in a space; it holds from now on."""
    if not actor.reach.covers(desk.services.building, SpaceId(space)):
        raise NotAllowed(f"space {space}: your rights do not hold there")
    counting = desk.services.counting
    event = await run_in_threadpool(
        counting.set_count, SpaceId(space), asked.count, asked.reason, actor.name, desk.now()
    )
    return _told(desk, event)


@routes.post("/people/{person}/out", status_code=HTTPStatus.CREATED)
async def out(person: str, asked: Left, desk: AtDesk, actor: _Corrects) -> Said:
    """Say that somebody is not in the building: no longer counted, and off the roll-call."""
    counting = desk.services.counting
    event = await run_in_threadpool(
        counting.remove_person, PersonId(person), asked.reason, actor.name, desk.now()
    )
    return _told(desk, event)


def _told(desk: Desk, event: Event) -> Said:
    desk.services.news.tell([event])
    return Said(event=event.id)


def _counted(desk: Desk, actor: Actor) -> dict[SpaceId, CountBody]:
    now, services = desk.now(), desk.services
    if actor.reach.sees_disclosed_only:
        disclosed = services.disclosure.at(now)
        return {space: _disclosed(count, now) for space, count in disclosed.items()}
    services.live.advance(now)
    return {space: _count(count, now) for space, count in services.live.counts().items()}


def _count(count: SpaceCount, now: datetime) -> CountBody:
    return CountBody(
        space=count.space,
        count=count.count,
        low=count.low,
        high=count.high,
        inferred=count.inferred,
        why=count.why.value,
        limit=count.limit.value,
        capacity=count.capacity,
        as_of=count.as_of,
        age_s=None if count.as_of is None else max((now - count.as_of).total_seconds(), 0.0),
    )


def _disclosed(count: DisclosedCount, now: datetime) -> CountBody:
    return CountBody(
        space=count.space,
        count=count.count,
        low=None,
        high=None,
        inferred=None,
        why="disclosed" if count.count is not None else "suppressed",
        limit=0,
        capacity=count.capacity,
        as_of=count.as_of,
        age_s=(now - count.as_of).total_seconds(),
    )
