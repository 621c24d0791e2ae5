"""A rig of a door on the outputs and inputs of an OSDP reader."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from emulators import osdp_door
from emulators.osdp import EmulatedLine, EmulatedPeripheral
from emulators.osdp_door import DOOR_HEAD, DoorOnPeripheral
from policies.ids import DoorId
from readers.actuators.heads import Head
from readers.actuators.osdp import OsdpDoor
from readers.feedback import Feedbacks, signals
from readers.hardware import Osdp, OsdpInput
from readers.osdp.panel import ControlPanel
from readers.ports import DoorHardware, Input
from tests.ports.doors import EVERY_INPUT, QUICK, Rig, a_door


class OsdpDoorRig:
    """A reader's head with an output and inputs; breaking the output is cutting its wires."""

    wired = EVERY_INPUT - {Input.CONTACT_FAULT}
    is_supervised = False
    inputs_survive = False
    falls_by_itself = True
    renewed_within_s = QUICK.hold_s + 0.4
    hardware: DoorHardware

    def __init__(self) -> None:
        self.door = a_door()
        self._key = secrets.token_bytes(16)
        self._head = EmulatedPeripheral(1, self._key, DOOR_HEAD)
        self._wired = DoorOnPeripheral(self.door, self._head, asyncio.get_running_loop())
        self._line = EmulatedLine(self._head)
        self._line.__enter__()
        self.told: list[Input] = []

    async def break_output(self) -> None:
        self._head.is_cut = True

    async def mend_output(self) -> None:
        self._head.is_cut = False

    async def start(self) -> None:
        self._panel = ControlPanel(self._line.path, 115200, {1: self._key}, asyncio.get_running_loop())
        peripheral = self._panel.peripherals[1]
        head = Head(peripheral, signals(Feedbacks()), "fr")
        self.hardware = self._driver = OsdpDoor(osdp_wiring(), peripheral, head, QUICK)
        self.hardware.listen(self.told.append)
        self.hardware.lock()
        async with asyncio.timeout(10):
            while not {Input.CONTACT_OPEN, Input.CONTACT_CLOSED} & self.hardware.senses():  # noqa: ASYNC110  (the line tells by itself)
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self._driver.close()
        await self._panel.close()

    async def die(self) -> None:
        await self._panel.close()

    def put_away(self) -> None:
        self._line.__exit__()


def osdp_wiring() -> Osdp:
    return Osdp(
        DoorId("agora"),
        "head",
        contact=OsdpInput(osdp_door.CONTACT),
        exit=OsdpInput(osdp_door.EXIT, when="active"),
        release=OsdpInput(osdp_door.RELEASE),
        asks=False,
    )


@asynccontextmanager
async def osdp(_: Path) -> AsyncIterator[Rig]:
    rig = OsdpDoorRig()
    await rig.start()
    yield rig
    await rig.stop()
    rig.put_away()
