"""`/v1/spaces`, `/v1/doors` and `/v1/readers`: the building as it is configured, and as its doors are now.

These answer from memory, on the event loop, where the live view is kept. The building is small: no pages.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool

from access.api.desk import AtDesk, Desk, needs
from access.api.shapes import ComputerBody, DoorBody, ReaderBody, SpaceBody
from access.errors import NotFound
from access.services.followers import Follower
from access.services.rights import Actor, Scope
from policies.building import Door, Reader, Space
from policies.ids import DoorId, ReaderId, SourceId, SpaceId
from readers.wire.signals import DoorStatus, Shown

routes = APIRouter(prefix="/v1", tags=["building"])

_Sees = Annotated[Actor, Depends(needs(Scope.BUILDING_READ))]


@routes.get("/spaces")
async def list_spaces(desk: AtDesk, _actor: _Sees) -> list[SpaceBody]:
    """List the spaces in the building's order."""
    return [_space(space) for space in desk.services.building.spaces.values()]


@routes.get("/spaces/{space}")
async def read_space(space: str, desk: AtDesk, _actor: _Sees) -> SpaceBody:
    """Read a space."""
    found = desk.services.building.spaces.get(SpaceId(space))
    if found is None:
        raise NotFound(f"space {space}: there is no such space")
    return _space(found)


@routes.get("/doors")
async def list_doors(
    desk: AtDesk,
    actor: _Sees,
    behind: Annotated[bool, Query(description="those whose computer lacks rights")] = False,  # noqa: FBT002  (a query)
) -> list[DoorBody]:
    """List the doors in the building's order, with their states."""
    followers = await _followers(desk)
    bodies = [_door(door, desk, followers, actor) for door in desk.services.building.doors.values()]
    return [body for body in bodies if not behind or (body.computer and body.computer.behind_since)]


@routes.get("/doors/{door}")
async def read_door(door: str, desk: AtDesk, actor: _Sees) -> DoorBody:
    """Read a door with its state."""
    found = desk.services.building.doors.get(DoorId(door))
    if found is None:
        raise NotFound(f"door {door}: there is no such door")
    return _door(found, desk, await _followers(desk), actor)


@routes.get("/readers")
async def list_readers(desk: AtDesk, actor: _Sees) -> list[ReaderBody]:
    """List the readers in the building's order, with their states."""
    followers = await _followers(desk)
    return [_reader(reader, desk, followers, actor) for reader in desk.services.building.readers.values()]


@routes.get("/readers/{reader}")
async def read_reader(reader: str, desk: AtDesk, actor: _Sees) -> ReaderBody:
    """Read a reader with its state."""
    found = desk.services.building.readers.get(ReaderId(reader))
    if found is None:
        raise NotFound(f"reader {reader}: there is no such reader")
    return _reader(found, desk, await _followers(desk), actor)


_Followers = Mapping[SourceId, Follower]


async def _followers(desk: Desk) -> _Followers:
    """Return the door computers: from the live view on its loop, and the store away from it."""
    services = desk.services
    return await run_in_threadpool(services.followers.look, services.live.sources())


def _space(space: Space) -> SpaceBody:
    return SpaceBody.model_validate(msgspec.to_builtins(space))


def _door(door: Door, desk: Desk, followers: _Followers, actor: Actor) -> DoorBody:
    readers = [reader.id for reader in desk.services.building.readers.values() if reader.door == door.id]
    more = {"readers": readers, "computer": _computer(door.id, desk, followers, actor)}
    # Whoever sees every opening of every door counts the passages of small groups, which companies are not told.
    heard = dict.fromkeys(_HEARD) if actor.reach.sees_disclosed_only else _heard(door, desk)
    return DoorBody.model_validate(msgspec.to_builtins(door) | more | heard)


_HEARD = ("state", "mode", "mode_by", "mode_until", "alarms", "waits_for_first", "maintenance")


def _heard(door: Door, desk: Desk) -> dict[str, object]:
    """Return what was last heard of a door."""
    view = desk.services.live.doors()[door.id]
    told = view.told or DoorStatus(Shown.LOCKED, desk.now())
    values = (view.state.value, told.mode, told.by, told.until, told.alarms, told.waits, told.maintenance)
    return dict(zip(_HEARD, values, strict=True))


def _reader(reader: Reader, desk: Desk, followers: _Followers, actor: Actor) -> ReaderBody:
    source = desk.services.followers.of_door.get(reader.door)
    seen = desk.services.live.sources().get(source) if source else None
    told = seen.told.readers.get(reader.id) if seen and seen.told else None
    more = {
        "state": told.state if told else None,
        "since": told.since if told else None,
        "fault": told.fault if told else None,
        "computer": _computer(reader.door, desk, followers, actor),
    }
    return ReaderBody.model_validate(msgspec.to_builtins(reader) | more)


def _computer(door: DoorId, desk: Desk, followers: _Followers, actor: Actor) -> ComputerBody | None:
    source = desk.services.followers.of_door.get(door)
    if source is None:
        return None
    found = followers[source]
    return ComputerBody(
        id=source,
        state=found.line,
        # Of a computer that is there, the moment of the last event at its doors: companies are not told it either.
        last_heard=None if actor.reach.sees_disclosed_only else found.last_heard,
        software=found.software,
        rights=found.version,
        rights_at=found.rights_at,
        rights_age_s=max(0.0, (desk.now() - found.rights_at).total_seconds()) if found.rights_at else None,
        behind_since=found.behind_since,
        clock_offset_s=found.offset.total_seconds() if found.offset is not None else None,
    )
