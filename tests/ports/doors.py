"""What every rig for door hardware is made of: its port, a hasty clock, and the emulated door behind all wires."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from emulators.strike import EmulatedDoor
from policies.building import Door, Label
from policies.ids import DoorId, SpaceId
from readers.actuators.bolt import Pace
from readers.clock import SystemClock
from readers.ports import DoorHardware, Input, Timer

EVERY_INPUT = frozenset(Input)
_HASTE = 20
QUICK = Pace(hold_s=1.6, renew_s=0.5, check_s=1.0, retry_s=0.3, answer_s=0.8)
QUICK_BOARD = Pace(hold_s=1, renew_s=0.3, check_s=0.5, retry_s=0.3, answer_s=0.5)


class HastyClock:
    """Seconds of a door's closer, twenty times as fast as the wall's."""

    def __init__(self) -> None:
        self._wall = SystemClock()
        self._start = self._wall.now()

    def now(self) -> datetime:
        return self._start + _HASTE * (self._wall.now() - self._start)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        return self._wall.call_later(delay_s / _HASTE, callback)

    async def sleep(self, delay_s: float) -> None:
        await self._wall.sleep(timedelta(seconds=delay_s / _HASTE).total_seconds())


def a_door(*, supervised: bool = False) -> EmulatedDoor:
    """Return a door with all that can be wired to one."""
    door = Door(
        DoorId("agora"), Label("Agora", "Agora"), SpaceId("outside"), SpaceId("agora"), release_input=True
    )
    return EmulatedDoor(door, HastyClock(), supervised=supervised)


class Rig(Protocol):
    """A driver under test, and what happens to its wires. `told` has what the driver told.

    `wired` is what it can tell; a driver renews its hold on the strike within `renewed_within_s`.
    """

    hardware: DoorHardware
    door: EmulatedDoor
    told: list[Input]
    wired: frozenset[Input]
    is_supervised: bool
    inputs_survive: bool
    falls_by_itself: bool
    renewed_within_s: float

    async def break_output(self) -> None: ...

    async def mend_output(self) -> None: ...

    async def stop(self) -> None: ...

    async def start(self) -> None: ...

    async def die(self) -> None: ...


class EmulatedRig:
    """The emulated door is its own driver: it never stops, and nothing but its power can die."""

    wired = EVERY_INPUT
    inputs_survive = True
    falls_by_itself = True
    renewed_within_s = 0.0

    def __init__(self, *, supervised: bool) -> None:
        self.is_supervised = supervised
        self.door = a_door(supervised=supervised)
        self.hardware: DoorHardware = self.door
        self.told: list[Input] = []
        self.door.listen(self.told.append)

    async def break_output(self) -> None:
        self.door.break_relay()

    async def mend_output(self) -> None:
        self.door.mend_relay()

    async def stop(self) -> None:
        """Do nothing."""

    async def start(self) -> None:
        """Do nothing."""

    async def die(self) -> None:
        self.door.faults.power_cut = True


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (another machine, or physics: there is no event to wait for)
            await asyncio.sleep(0.005)


RigMaker = Callable[[Path], AbstractAsyncContextManager[Rig]]


@asynccontextmanager
async def emulated(_: Path) -> AsyncIterator[Rig]:
    yield EmulatedRig(supervised=False)


@asynccontextmanager
async def emulated_supervised(_: Path) -> AsyncIterator[Rig]:
    yield EmulatedRig(supervised=True)
