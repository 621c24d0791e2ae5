"""`/v1/spaces`, `/v1/doors` and `/v1/readers`: the building as it is configured, and as its doors are now.

These answer from memory, on the event loop, where the live view is kept. The building is small: no pages.
"""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends

from access.api.desk import AtDesk, Desk, needs
from access.api.shapes import DoorBody, ReaderBody, SpaceBody
from access.errors import NotFound
from access.services.rights import Actor, Scope
from policies.building import Door, Reader, Space
from policies.ids import DoorId, ReaderId, SpaceId
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
async def list_doors(desk: AtDesk, _actor: _Sees) -> list[DoorBody]:
    """List the doors in the building's order, with their states."""
    return [_door(door, desk) for door in desk.services.building.doors.values()]


@routes.get("/doors/{door}")
async def read_door(door: str, desk: AtDesk, _actor: _Sees) -> DoorBody:
    """Read a door with its state."""
    found = desk.services.building.doors.get(DoorId(door))
    if found is None:
        raise NotFound(f"door {door}: there is no such door")
    return _door(found, desk)


@routes.get("/readers")
async def list_readers(desk: AtDesk, _actor: _Sees) -> list[ReaderBody]:
    """List the readers in the building's order."""
    return [_reader(reader) for reader in desk.services.building.readers.values()]


@routes.get("/readers/{reader}")
async def read_reader(reader: str, desk: AtDesk, _actor: _Sees) -> ReaderBody:
    """Read a reader."""
    found = desk.services.building.readers.get(ReaderId(reader))
    if found is None:
        raise NotFound(f"reader {reader}: there is no such reader")
    return _reader(found)


def _space(space: Space) -> SpaceBody:
    return SpaceBody.model_validate(msgspec.to_builtins(space))


def _door(door: Door, desk: Desk) -> DoorBody:
    building, view = desk.services.building, desk.services.live.doors()[door.id]
    told = view.told or DoorStatus(Shown.LOCKED, desk.now())
    more = {
        "readers": [reader.id for reader in building.readers.values() if reader.door == door.id],
        "state": view.state.value,
        "mode": told.mode,
        "mode_by": told.by,
        "mode_until": told.until,
        "alarms": told.alarms,
        "waits_for_first": told.waits,
        "maintenance": told.maintenance,
    }
    return DoorBody.model_validate(msgspec.to_builtins(door) | more)


def _reader(reader: Reader) -> ReaderBody:
    return ReaderBody.model_validate(msgspec.to_builtins(reader))
