"""A rig of a door on a UHPPOTE board."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import SOCK_DGRAM

from emulators.uhppote import SERIAL, EmulatedBoard
from policies.ids import DoorId
from readers.actuators.uhppoted import Board
from readers.hardware import Uhppote, UhppoteBoard
from readers.ports import DoorHardware, Input
from tests.ports.doors import EVERY_INPUT, QUICK_BOARD, Rig, a_door
from tests.programs import free_port


class UhppoteRig:
    """A board on the network; breaking the output is a board that is dead."""

    wired = EVERY_INPUT - {Input.TAMPERED}
    inputs_survive = False
    is_supervised = False
    falls_by_itself = True
    renewed_within_s = QUICK_BOARD.hold_s + 0.4
    hardware: DoorHardware

    def __init__(self) -> None:
        self.door = a_door()
        self.board = EmulatedBoard(self.door)
        self.told: list[Input] = []
        self._events = f"127.0.0.1:{free_port(SOCK_DGRAM)}"

    async def break_output(self) -> None:
        self.board.is_dead = True

    async def mend_output(self) -> None:
        self.board.is_dead = False

    async def start(self) -> None:
        wiring = UhppoteBoard("b24", SERIAL, self.board.address, self._events, self._events)
        self._driver = Board(wiring, QUICK_BOARD)
        self.hardware = self._driver.door(Uhppote(DoorId("agora"), "b24", 1, release=True))
        self.hardware.listen(self.told.append)
        self._driver.open()
        self.hardware.lock()
        async with asyncio.timeout(10):
            while not self._is_known():  # noqa: ASYNC110  (the board tells when it is asked)
                await asyncio.sleep(0.01)

    def _is_known(self) -> bool:
        sensed = self.hardware.senses()
        return Input.OUTPUT_RESTORED in sensed and bool({Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & sensed)

    async def stop(self) -> None:
        await self._driver.close()

    async def die(self) -> None:
        """Let nothing of what the driver says arrive any more."""
        self.board.is_dead = True


@asynccontextmanager
async def uhppote(_: Path) -> AsyncIterator[Rig]:
    rig = UhppoteRig()
    async with rig.board:
        await rig.start()
        yield rig
        await rig.stop()
