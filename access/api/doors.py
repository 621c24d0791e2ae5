"""`/v1/doors/{id}/unlock|mode|maintenance|rearm` and `/v1/lockdown`: operators' word to doors, and what they answer.

An answer comes from the door itself, from its journal. A door that is not heard of in time answers nothing: what
happens once will then not happen any more, and a mode takes effect when the door is back.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs
from access.api.schemas import Id, Instant, Reason, Sent
from access.errors import DoorSilent, Refused
from access.services.answers import Answer
from access.services.doors import UNLOCKS_WITHIN, Act, Slot
from access.services.rights import Actor, Scope
from policies.ids import DoorId, SpaceId
from policies.request import DoorMode

routes = APIRouter(prefix="/v1", tags=["doors"])

_Commands = Annotated[Actor, Depends(needs(Scope.DOORS_WRITE))]
_LocksDown = Annotated[Actor, Depends(needs(Scope.LOCKDOWN_WRITE))]
_Sees = Annotated[Actor, Depends(needs(Scope.BUILDING_READ))]

_SILENT: dict[int | str, dict[str, Any]] = {
    504: {"description": "the door did not answer, and will not obey"}
}
_NO_SPACE: dict[int | str, dict[str, Any]] = {404: {"description": "there is no such space"}}

_ANSWERS_WITHIN_S = 2.0
"""How long a caller waits for doors to say that they have a mode; it takes effect without them, too."""


class Why(Sent):
    """The reason, for the audit."""

    reason: Reason


class ModeSet(Why):
    """A mode until an end time; null leaves the door to its schedule. `by` an operator, or an event elsewhere."""

    mode: DoorMode | None
    until: Instant | None = None
    by: Slot = Slot.OPERATOR


class MaintenanceSet(Why):
    """Until when people work on the door; null says that they have finished."""

    until: Instant | None


class LockdownBegun(Why):
    """A lockdown of a space and all in it, or of the whole site; until an end time, or until it is lifted."""

    space: Id | None = None
    until: Instant | None = None


class CommandBody(BaseModel):
    """A command, and how each door answered: `obeyed`, `refused` (and why), or `silent`."""

    command: str
    doors: dict[str, str]


class ModeSaidBody(CommandBody):
    """A mode as it was ordered. While it `waits_for` a `lockdown`, it is kept, and holds once the lockdown ends."""

    waits_for: Literal["lockdown"] | None


class LockdownBody(BaseModel):
    """A lockdown in force."""

    id: str
    space: str | None
    since: datetime
    until: datetime | None
    actor: str
    reason: str


@routes.post("/doors/{door}/unlock", responses=_SILENT)
async def unlock(door: str, asked: Why, desk: AtDesk, actor: _Commands) -> CommandBody:
    """Let somebody in once; the door has answered when this returns."""
    return await _once(desk, asked.reason, actor, partial(desk.services.doors.unlock, DoorId(door)))


@routes.post("/doors/{door}/rearm", responses=_SILENT)
async def rearm(door: str, asked: Why, desk: AtDesk, actor: _Commands) -> CommandBody:
    """Lock a door again after a release by the building's own wiring."""
    return await _once(desk, asked.reason, actor, partial(desk.services.doors.rearm, DoorId(door)))


@routes.post("/doors/{door}/mode")
async def set_mode(door: str, asked: ModeSet, desk: AtDesk, actor: _Commands) -> ModeSaidBody:
    """Set a door's mode until an end time, or leave it to its schedule again."""
    work = partial(desk.services.doors.set_mode, DoorId(door), asked.mode, asked.until, asked.by)
    told = await _told(desk, asked.reason, actor, work)
    is_below = asked.mode is not None and desk.services.doors.is_locked_down(DoorId(door), desk.now())
    return ModeSaidBody(command=told.command, doors=told.doors, waits_for="lockdown" if is_below else None)


@routes.post("/doors/{door}/maintenance")
async def set_maintenance(door: str, asked: MaintenanceSet, desk: AtDesk, actor: _Commands) -> CommandBody:
    """Say that people work on a door, so that what it tells is no alarm."""
    work = partial(desk.services.doors.set_maintenance, DoorId(door), asked.until)
    return await _told(desk, asked.reason, actor, work)


@routes.get("/lockdown")
def list_lockdowns(desk: AtDesk, _actor: _Sees) -> list[LockdownBody]:
    """List the lockdowns in force, the oldest first."""
    return [
        LockdownBody.model_validate(one, from_attributes=True)
        for one in desk.services.doors.lockdowns(desk.now())
    ]


@routes.post("/lockdown", responses=_NO_SPACE)
async def lock_down(asked: LockdownBegun, desk: AtDesk, actor: _LocksDown) -> CommandBody:
    """Let nobody but the exempt in; whoever is inside leaves as always."""
    work = partial(desk.services.doors.lock_down, _space(asked.space), asked.until)
    return await _told(desk, asked.reason, actor, work)


@routes.delete("/lockdown", responses=_NO_SPACE)
async def end_lockdown(
    desk: AtDesk,
    actor: _LocksDown,
    reason: Annotated[str, Query(min_length=1, max_length=300)],
    space: Annotated[str | None, Query(max_length=64)] = None,
) -> CommandBody:
    """End the lockdown of a space, or the site's."""
    return await _told(desk, reason, actor, partial(desk.services.doors.end_lockdown, _space(space)))


def _space(name: str | None) -> SpaceId | None:
    return None if name is None else SpaceId(name)


_WHY = {
    "refused: released": ": the building's wiring holds it released; mend that first",
    "refused: not-released": ": there is no release to end",
    "refused: lockdown": ": a lockdown is in force there; it ends by DELETE /v1/lockdown",
    "refused: interlock": ": another door of its interlock is open; shut that first",
}


_Work = Callable[[Act], tuple[DoorId, ...]]


async def _told(desk: Desk, reason: str, actor: Actor, work: _Work) -> CommandBody:
    """Do what changes registers; a door that does not answer now takes it up when it is back."""
    return await _answered(desk, _act(desk, reason, actor), work, _ANSWERS_WITHIN_S)


async def _once(desk: Desk, reason: str, actor: Actor, work: _Work) -> CommandBody:
    """Do what happens at once or never; raise `Refused` or `DoorSilent` where it did not."""
    act = _act(desk, reason, actor)
    if not desk.is_connected():
        raise DoorSilent("the bus is away: no door is told anything now")
    told = await _answered(desk, act, work, UNLOCKS_WITHIN.total_seconds())
    for door, said in told.doors.items():
        if said == "silent":
            raise DoorSilent(f"door {door}: it did not answer in time, and will not obey any more")
        if said != "obeyed":
            raise Refused(f"door {door}: {said}{_WHY.get(said, '')}")
    return told


async def _answered(desk: Desk, act: Act, work: _Work, within_s: float) -> CommandBody:
    waits_s = within_s if desk.is_connected() else 0
    send = partial(run_in_threadpool, work, act)
    answers = await desk.services.answers.asked(act.id, send, waits_s)
    return CommandBody(command=act.id, doors={str(door): _word(answer) for door, answer in answers.items()})


def _word(answer: Answer | None) -> str:
    if answer is None:
        return "silent"
    return "obeyed" if answer.obeyed else f"refused: {answer.cause}"


def _act(desk: Desk, reason: str, actor: Actor) -> Act:
    return Act(f"c-{secrets.token_hex(16)}", actor.name, reason, desk.now())
