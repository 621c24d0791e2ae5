"""`/v1/rollcall`: who may be inside, by name, for an alarm or a drill. Each look says why and is in the audit."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs, needs_within
from access.api.schemas import Id, Sent
from access.api.sheets import AsForm, described, sheet
from access.errors import NotFound
from access.services.rights import Actor, Scope
from access.services.rollcall import Listed, Muster, Unnamed, lines_and_total, time_to_accounted
from policies.ids import PersonId

routes = APIRouter(prefix="/v1/rollcall", tags=["roll-call"])

_Reads = Annotated[Actor, Depends(needs_within(Scope.ROLLCALL_READ))]
_Marks = Annotated[Actor, Depends(needs_within(Scope.ROLLCALL_WRITE))]
_Writes = Annotated[Actor, Depends(needs(Scope.ROLLCALL_WRITE))]

_Told = TypeVar("_Told", Listed, Unnamed)

_HEADS = (
    "space", "name", "person", "kind", "organisation", "door", "seen_at", "confirmed",
    "inside_at", "left_at", "left_by", "unnamed", "unnamed_low", "unnamed_high",
)  # fmt: skip  # a table


class ListedBody(BaseModel):
    """Somebody who may be inside; not `confirmed` where they are only inferred to have left.

    During a release by the building's own wiring, `inside_at` is its beginning for whoever was inside then, and
    nobody drops from the list: who was seen going out since has `left_at`, and the door (`left_by`) unless somebody's
    word says so.
    """

    person: str
    name: str
    kind: str
    organisation: str | None
    space: str
    door: str
    seen_at: datetime
    confirmed: bool
    inside_at: datetime | None
    left_at: datetime | None
    left_by: str | None


class ReleaseBody(BaseModel):
    """A release that lasts: since when, and which doors are not re-armed."""

    since: datetime
    doors: list[str]


class SafeBody(BaseModel):
    """Who was marked safe, when, and by whom."""

    person: str
    at: datetime
    actor: str


class UnnamedBody(BaseModel):
    """How many more a space counts than are known by name, never negative; the truth lies from `low` to `high`.

    A space above others counts the sum of theirs.
    """

    space: str
    count: int
    low: int
    high: int


class MusterBody(BaseModel):
    """A roll-call. `accounted_s` is how long it took until nine in ten were safe or had left.

    `unnamed` is who was counted and known by no name when it was opened.
    """

    id: str
    opened_at: datetime
    opened_by: str
    is_drill: bool
    closed_at: datetime | None
    people: list[ListedBody]
    safe: list[SafeBody]
    unnamed: list[UnnamedBody]
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
    """List who may be inside now; during a release, who was inside when it began and who left since."""
    listed, _ = await _now(desk, actor, reason)
    return [ListedBody.model_validate(msgspec.to_builtins(one)) for one in listed]


@routes.get("/now.csv", response_class=Response, responses=described("who may be inside"))
async def read_sheet(
    desk: AtDesk, actor: _Reads, reason: Annotated[str, Query(min_length=1, max_length=200)], form: AsForm
) -> Response:
    """List who may be inside now, as CSV."""
    listed, more = await _now(desk, actor, reason)
    return sheet("roll-call", _HEADS, [*map(_row, listed), *_more(desk, more)], form)


@routes.get("/unnamed")
async def read_unnamed(desk: AtDesk, actor: _Reads) -> list[UnnamedBody]:
    """Count for each space who is inside now and known by no name: the roll-call lists none of them."""
    desk.services.live.advance(desk.now())
    rollcall = desk.services.rollcall
    told = _theirs(desk, actor, rollcall.unnamed(rollcall.look()))
    return [UnnamedBody.model_validate(msgspec.to_builtins(one)) for one in told]


@routes.get("/release")
async def read_release(desk: AtDesk, _actor: _Reads) -> ReleaseBody | None:
    """Tell of a release by the building's own wiring that lasts; null while there is none."""
    desk.services.live.advance(desk.now())
    release = desk.services.rollcall.release()
    return ReleaseBody(since=release.since, doors=list(release.doors)) if release is not None else None


@routes.post("", status_code=HTTPStatus.CREATED)
async def open_muster(asked: Opening, desk: AtDesk, actor: _Writes) -> MusterBody:
    """Open a roll-call: the list stands still from now on."""
    rollcall = desk.services.rollcall
    desk.services.live.advance(desk.now())
    seen = rollcall.look()
    muster = await run_in_threadpool(rollcall.open, seen, actor.name, desk.now(), is_drill=asked.is_drill)
    return _body(muster, muster.people, muster.unnamed)


@routes.get("/{muster}")
async def read_muster(muster: str, desk: AtDesk, actor: _Reads) -> MusterBody:
    """Read a roll-call with who is safe and who was seen going out."""
    found = await _followed(desk, muster)
    return _body(found, _theirs(desk, actor, found.people), _theirs(desk, actor, found.unnamed))


@routes.get("/{muster}/people.csv", response_class=Response, responses=described("the roll-call's people"))
async def read_muster_sheet(muster: str, desk: AtDesk, actor: _Reads, form: AsForm) -> Response:
    """Read a roll-call's list as CSV, with when each was marked safe, and by whom."""
    found = await _followed(desk, muster)
    safe = {one.person: (one.at, one.actor) for one in found.safe}
    theirs = _theirs(desk, actor, found.people)
    rows = [(*_row(one), *safe.get(one.person, ("", ""))) for one in theirs]
    more = [(*row, "", "") for row in _more(desk, _theirs(desk, actor, found.unnamed))]
    return sheet(f"roll-call-{found.id}", (*_HEADS, "safe_at", "safe_by"), [*rows, *more], form)


@routes.post("/{muster}/safe")
async def mark_safe(muster: str, asked: MarkedSafe, desk: AtDesk, actor: _Marks) -> MusterBody:
    """Mark people safe; several wardens share one state, and nothing is marked twice."""
    whom, rollcall = [PersonId(person) for person in asked.people], desk.services.rollcall
    opened = await run_in_threadpool(rollcall.get, muster)
    theirs = {one.person for one in _theirs(desk, actor, opened.people)}
    if unknown := [person for person in whom if person not in theirs]:
        raise NotFound(f"person {unknown[0]}: not on this roll-call")
    marked = await run_in_threadpool(rollcall.mark_safe, muster, whom, actor.name, desk.now())
    found = rollcall.follow(marked)
    return _body(found, _theirs(desk, actor, found.people), _theirs(desk, actor, found.unnamed))


@routes.post("/{muster}/close")
async def close(muster: str, desk: AtDesk, actor: _Writes) -> MusterBody:
    """End a roll-call: whoever is safe is out of the building."""
    followed = await _followed(desk, muster)
    found, events = await run_in_threadpool(desk.services.rollcall.close, followed, actor.name, desk.now())
    if events:
        desk.services.news.tell(events)
    return _body(found, found.people, found.unnamed)


async def _now(desk: Desk, actor: Actor, reason: str) -> tuple[tuple[Listed, ...], tuple[Unnamed, ...]]:
    """Return who may be inside, and how many more are counted without a name: both by one look."""
    rollcall = desk.services.rollcall
    desk.services.live.advance(desk.now())
    seen = rollcall.look()
    listed = await run_in_threadpool(rollcall.now, seen, reason, actor.name, desk.now())
    return _theirs(desk, actor, listed), _theirs(desk, actor, rollcall.unnamed(seen))


async def _followed(desk: Desk, muster: str) -> Muster:
    rollcall = desk.services.rollcall
    found = await run_in_threadpool(rollcall.get, muster)
    return rollcall.follow(found)


def _row(one: Listed) -> tuple[object, ...]:
    """Return somebody as a line of a table."""
    told = msgspec.to_builtins(one, builtin_types=(datetime,))
    return tuple("" if told.get(head) is None else told[head] for head in _HEADS)


def _more(desk: Desk, told: Sequence[Unnamed]) -> list[tuple[object, ...]]:
    """Return who is counted without a name as lines of a table: each space, then the whole; none where nobody is."""
    lines, total = lines_and_total(desk.services.building, told)
    blank = ("",) * (len(_HEADS) - 4)
    shown = dict.fromkeys(one for one in (*lines, *total) if one.count)
    return [(one.space, *blank, one.count, one.low, one.high) for one in shown]


def _theirs(desk: Desk, actor: Actor, listed: Iterable[_Told]) -> tuple[_Told, ...]:
    """Return of a list what is where the actor's rights hold."""
    building = desk.services.building
    return tuple(one for one in listed if actor.reach.covers(building, one.space))


def _body(muster: Muster, listed: Sequence[Listed], unnamed: Sequence[Unnamed]) -> MusterBody:
    """Return a roll-call as far as it is told: those listed, and which of them are safe."""
    took, told = time_to_accounted(muster), {one.person for one in listed}
    more = {
        "accounted_s": took.total_seconds() if took is not None else None,
        "people": msgspec.to_builtins(listed),
        "unnamed": msgspec.to_builtins(unnamed),
        "safe": [msgspec.to_builtins(one) for one in muster.safe if one.person in told],
    }
    return MusterBody.model_validate(msgspec.to_builtins(muster) | more)
