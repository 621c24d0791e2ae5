"""A hand at the emulated readers and doors: what only an emulated site has, to try badges and doors without any."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from access.api.desk import needs
from access.errors import Invalid, NotFound
from access.services import Services
from access.services.rights import Scope
from emulators.building import EmulatedBuilding
from emulators.cards.uid import UidCard
from emulators.strike import EmulatedDoor
from policies.decision import Effect, Message, Reason, message
from policies.ids import DoorId, ReaderId, RuleId
from readers.wire.events import Event, EventType

_APPROACH_S = 1.0
_HELD_S = 0.5
_WAIT_S = 5.0
_HELD_OPEN_S = 3600.0


class Tap(BaseModel):
    """A card with a serial number, held to a reader; `push` walks through where the card was let in."""

    model_config = ConfigDict(extra="forbid")

    reader: str
    badge: str = Field(pattern="^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$", description="UID in hex")
    push: bool = True


class Act(Enum):
    """What a person, or the fire panel, does to a door."""

    PUSH = "push"
    PRESS = "press"
    LEAVE = "leave"
    FORCE = "force"
    HOLD = "hold"
    LET_GO = "let-go"
    RELEASE = "release"
    REARM = "rearm"


class Moved(BaseModel):
    """Whether the leaf stands open now, and whether it gives way."""

    is_open: bool
    is_released: bool


class Seen(msgspec.Struct, frozen=True):
    """The decision as it reached the store, and whether the leaf gave way."""

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...]
    message: Message
    event: str
    opened: bool


def emulation(devices: EmulatedBuilding, services: Services) -> APIRouter:
    """Return the routes of an emulated site."""
    routes = APIRouter(prefix="/emulation", tags=["emulation"])

    @routes.post("/tap", dependencies=[Depends(needs(Scope.BADGES_WRITE))], response_class=Response)
    async def tap(asked: Tap) -> Response:
        """Walk up to an emulated reader, hold a card to it, and tell what was decided, once it is stored."""
        reader = ReaderId(asked.reader)
        if reader not in devices.antennas:
            raise NotFound(f"reader {reader}: there is no such reader")
        await devices.clock.sleep(_APPROACH_S)
        decided = _next_decision(services, reader)
        devices.antennas[reader].present(UidCard(bytes.fromhex(asked.badge)))
        try:
            event = await asyncio.wait_for(decided, _WAIT_S)
        except TimeoutError as error:
            raise Invalid(f"reader {reader}: no decision came within {_WAIT_S:.0f} s") from error
        finally:
            devices.clock.call_later(_HELD_S, devices.antennas[reader].remove)
        door = devices.doors[services.building.readers[reader].door]
        body = msgspec.json.encode(
            _seen(event, opened=asked.push and event.effect is Effect.GRANT and door.push())
        )
        return Response(body, HTTPStatus.OK, media_type="application/json")

    @routes.post("/doors/{door}/{act}", dependencies=[Depends(needs(Scope.BADGES_WRITE))])
    async def touch(door: str, act: Act) -> Moved:
        """Do to an emulated door what a person or the fire panel does: `release` breaks its green box."""
        hardware = devices.doors.get(DoorId(door))
        if hardware is None:
            raise NotFound(f"door {door}: there is no such door")
        _TOUCHES[act](hardware)
        return Moved(is_open=hardware.is_open, is_released=hardware.is_released)

    return routes


_TOUCHES: Mapping[Act, Callable[[EmulatedDoor], object]] = {
    Act.PUSH: EmulatedDoor.push,
    Act.PRESS: EmulatedDoor.press,
    Act.LEAVE: EmulatedDoor.leave,
    Act.FORCE: EmulatedDoor.force,
    Act.HOLD: lambda door: door.hold(_HELD_OPEN_S),
    Act.LET_GO: EmulatedDoor.let_go,
    Act.RELEASE: EmulatedDoor.release,
    Act.REARM: EmulatedDoor.rearm,
}


def _next_decision(services: Services, reader: ReaderId) -> "asyncio.Future[Event]":
    """Return the next decision at the reader, when it is stored."""
    found: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

    def look(events: Sequence[Event]) -> None:
        for event in events:
            if event.type is EventType.DECISION and event.reader == reader and not found.done():
                found.set_result(event)

    stop = services.news.listen(look)
    found.add_done_callback(lambda _: stop())
    return found


def _seen(event: Event, *, opened: bool) -> Seen:
    reason = event.reason or Reason.OTHER
    return Seen(event.effect or Effect.DENY, reason, event.rules, message(reason), event.id, opened)
