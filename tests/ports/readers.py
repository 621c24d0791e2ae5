"""Rigs for the conformance of card transports: a reader of each kind, and the hand that holds cards to it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from emulators.cards.card import VirtualCard
from emulators.cards.uid import UidCard
from emulators.field import Antenna
from emulators.osdp import BARE_READER, EmulatedLine, EmulatedPeripheral
from emulators.pn532 import SerialPn532
from emulators.udp import UdpField
from readers.clock import SystemClock
from readers.osdp.panel import ControlPanel
from readers.ports import CardTransport
from readers.transports.nfcpy import NfcpyTransport
from readers.transports.osdp import STAYS_S, OsdpTransport

UID, OTHER_UID = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("04ffeeddccbbaa")


class Rig(Protocol):
    """A reader under test, and what a hand does to it."""

    transport: CardTransport

    async def hold(self, card: VirtualCard) -> None: ...

    async def take_away(self) -> None: ...


class CuttableRig(Rig, Protocol):
    """A reader whose line can be cut and mended. A link over UDP is never down, so that it has none."""

    async def cut(self) -> None: ...

    async def mend(self) -> None: ...


class FieldRig:
    def __init__(self) -> None:
        self.antenna = Antenna(SystemClock())
        self.transport: CardTransport = self.antenna

    async def hold(self, card: VirtualCard) -> None:
        self.antenna.present(card)

    async def take_away(self) -> None:
        self.antenna.remove()

    async def cut(self) -> None:
        self.antenna.unplug()

    async def mend(self) -> None:
        self.antenna.plug()


class Pn532Rig:
    """The serial port is a link to the chip's terminal: cutting it is pulling the plug."""

    def __init__(self, port: Path) -> None:
        self._port, self._chip = port, SerialPn532()
        self._chip.__enter__()
        self._port.symlink_to(self._chip.path)
        self.transport: CardTransport = NfcpyTransport(f"tty:{port}", asyncio.get_running_loop())

    async def hold(self, card: VirtualCard) -> None:
        self._chip.present(card)

    async def take_away(self) -> None:
        self._chip.remove()

    async def cut(self) -> None:
        self._port.unlink()
        self._chip.__exit__()

    async def mend(self) -> None:
        self._chip = SerialPn532()
        self._chip.__enter__()
        self._port.symlink_to(self._chip.path)

    def put_away(self) -> None:
        self._chip.__exit__()


class UdpRig:
    def __init__(self, field: UdpField) -> None:
        self._field = field
        path = f"udp:localhost:{field.port}"
        self.transport: CardTransport = NfcpyTransport(path, asyncio.get_running_loop())

    async def hold(self, card: VirtualCard) -> None:
        self._field.insert(card)

    async def take_away(self) -> None:
        self._field.remove()


class OsdpRig:
    """A head that tells the card in its field again and again; cutting it is cutting the line to its converter."""

    def __init__(self, port: Path) -> None:
        self._key = secrets.token_bytes(16)
        self._port = port
        self._plug_in()
        loop = asyncio.get_running_loop()
        self.panel = ControlPanel(str(port), 115200, {1: self._key}, loop)
        self.transport: CardTransport = OsdpTransport(self.panel.peripherals[1], loop)
        self._lying: asyncio.Task[None] | None = None

    async def hold(self, card: VirtualCard) -> None:
        await self.take_away()
        self._lying = asyncio.create_task(self._tell(card.process(bytes.fromhex("ffca000000"))[:-2]))

    async def take_away(self) -> None:
        if self._lying is not None:
            self._lying.cancel()
            await asyncio.wait((self._lying,))

    async def cut(self) -> None:
        self._port.unlink()
        self._line.__exit__()

    async def mend(self) -> None:
        self._plug_in()

    def put_away(self) -> None:
        self._line.__exit__()

    def _plug_in(self) -> None:
        self._head = EmulatedPeripheral(1, self._key, BARE_READER)
        self._line = EmulatedLine(self._head)
        self._line.__enter__()
        self._port.symlink_to(self._line.path)

    async def _tell(self, number: bytes) -> None:
        while True:
            self._head.read_card(number)
            await asyncio.sleep(0.3 * STAYS_S)


RigMaker = Callable[[Path], AbstractAsyncContextManager[Rig]]


@asynccontextmanager
async def field(_: Path) -> AsyncIterator[Rig]:
    rig = FieldRig()
    yield rig
    await rig.transport.close()


@asynccontextmanager
async def pn532(folder: Path) -> AsyncIterator[Rig]:
    rig = Pn532Rig(folder / "ttyPN532")
    yield rig
    await rig.transport.close()
    rig.put_away()


@asynccontextmanager
async def udp(_: Path) -> AsyncIterator[Rig]:
    async with UdpField(port=0) as link:
        rig = UdpRig(link)
        yield rig
        await rig.hold(UidCard(UID))  # nfcpy's wait for an answer over UDP ends at once, then
        await rig.transport.close()


@asynccontextmanager
async def osdp(folder: Path) -> AsyncIterator[Rig]:
    rig = OsdpRig(folder / "ttyRS485")
    yield rig
    await rig.take_away()
    await rig.transport.close()
    await rig.panel.close()
    rig.put_away()
