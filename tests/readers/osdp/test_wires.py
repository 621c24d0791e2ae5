"""Bad wires and people at them: noise takes no reader away for long, and what is put on the line is not believed."""

import asyncio
import random
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from emulators.osdp import BARE_READER, EmulatedLine, EmulatedPeripheral
from readers.osdp.messages import CardData, Report
from readers.osdp.panel import ControlPanel
from tests.readers.osdp.overheard import SOM, crc
from tests.soak import soaked

ADDRESS = 1
UID, FORGED = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("04000000000001")
DEADLINE_S = 40
ENOUGH = 2
REPLY, USES_CRC, CARD_READ = 0x80, 0x04, 0x50


class NoisyPeripheral(EmulatedPeripheral):
    """A reader on bad wires: bytes before its frames, bits turned in them, and ends that are lost; from a seed."""

    def __init__(self, key: bytes, seed: int) -> None:
        super().__init__(ADDRESS, key, BARE_READER)
        self._random = random.Random(seed)
        self.spoilt = 0

    def write(self, data: bytes) -> int:
        chance = self._random.random()
        self.spoilt += chance < 0.15
        if chance < 0.05:
            return super().write(self._random.randbytes(self._random.randint(1, 20)) + data)
        if chance < 0.1:
            at = self._random.randrange(len(data))
            return super().write(
                data[:at] + bytes((data[at] ^ 1 << self._random.randrange(8),)) + data[at + 1 :]
            )
        return super().write(data[: self._random.randrange(len(data))] if chance < 0.15 else data)


class BetrayedPeripheral(EmulatedPeripheral):
    """A reader with somebody at its wires, who answers before it, in clear, that a card was read."""

    def __init__(self, key: bytes) -> None:
        super().__init__(ADDRESS, key, BARE_READER)
        self._sequence = self._forged = 0
        self.has_forged = threading.Event()

    def hear(self, data: bytes) -> None:
        begin = data.find(bytes((SOM, ADDRESS)))
        if 0 <= begin < len(data) - 4:
            self._sequence = data[begin + 4] & 0x03
        super().hear(data)

    def write(self, data: bytes) -> int:
        if self._sequence:
            body = bytes((CARD_READ, 0, 0, 8 * len(FORGED), 0)) + FORGED
            head = bytes((SOM, ADDRESS | REPLY, 5 + len(body) + 2, 0, self._sequence | USES_CRC))
            self._forged += 1
            super().write(b"\xff" + head + body + crc(head + body))
            if self._forged == ENOUGH:
                self.has_forged.set()
        return super().write(data)


@asynccontextmanager
async def heard(reader: EmulatedPeripheral, key: bytes) -> AsyncIterator[list[Report]]:
    with EmulatedLine(reader) as line:
        panel = ControlPanel(line.path, 115200, {ADDRESS: key}, asyncio.get_running_loop())
        reports: list[Report] = []
        panel.peripherals[ADDRESS].listen(reports.append)
        try:
            async with asyncio.timeout(DEADLINE_S):
                yield reports
        finally:
            await panel.close()


@pytest.mark.soak
@pytest.mark.parametrize("seed", soaked((0,), range(12)))
async def test_cards_are_read_over_noise_and_no_other_number_ever(seed):
    key = secrets.token_bytes(16)
    reader = NoisyPeripheral(key, seed)
    async with heard(reader, key) as reports:
        while len(reports) < 3 or not reader.spoilt:
            reader.read_card(UID)
            await asyncio.sleep(0.3)
    assert set(reports) == {CardData(56, UID)}


async def test_a_card_that_somebody_at_the_wires_tells_of_in_clear_is_never_believed():
    key = secrets.token_bytes(16)
    reader = BetrayedPeripheral(key)
    async with heard(reader, key) as reports:
        assert await asyncio.to_thread(reader.has_forged.wait, DEADLINE_S)
    assert reports == []
