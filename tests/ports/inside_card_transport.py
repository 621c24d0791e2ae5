"""The conformance of the PC/SC transport: pyscard, pcscd and vpcd are real. Cutting it is killing pcscd."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from emulators.cards.card import VirtualCard
from emulators.vpcd import VpcdSlot
from readers.ports import CardTransport
from readers.transports.pcsc import PcscTransport
from tests.pcscd import FIRST_READER, FIRST_SLOT, Pcscd
from tests.ports.card_transport import *  # noqa: F403 (the suite itself)
from tests.ports.readers import CuttableRig


class PcscRig:
    def __init__(self, pcscd: Pcscd) -> None:
        self._pcscd, self._slot = pcscd, VpcdSlot(port=FIRST_SLOT)
        self.transport: CardTransport = PcscTransport(FIRST_READER, asyncio.get_running_loop())

    async def hold(self, card: VirtualCard) -> None:
        await self._slot.insert(card)

    async def take_away(self) -> None:
        await self._slot.remove()

    async def cut(self) -> None:
        self._pcscd.end(signal.SIGKILL)

    async def mend(self) -> None:
        self._pcscd.start()


@pytest.fixture
async def rig() -> AsyncIterator[CuttableRig]:
    with Pcscd() as pcscd:
        rig = PcscRig(pcscd)
        yield rig
        await rig.transport.close()
        await rig.take_away()


@pytest.fixture
def cuttable(rig: CuttableRig) -> CuttableRig:
    return rig
