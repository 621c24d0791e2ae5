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
HEAD, REPLY, USES_CRC, HAS_SCB, POLL, CARD_READ = 5, 0x80, 0x04, 0x08, 0x60, 0x50


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
    """A reader with somebody at its wires, who answers polls before it, in clear, that a card was read."""

    def __init__(self, key: bytes) -> None:
        super().__init__(ADDRESS, key, BARE_READER)
        self._control: int | None = None
        self._forged = 0
        self.has_forged = threading.Event()

    def hear(self, data: bytes) -> None:
        self._control = polled(data)
        super().hear(data)

    def write(self, data: bytes) -> int:
        if self._control is not None:
            super().write(told_in_clear(self._control))
            self._forged += 1
            if self._forged == ENOUGH:
                self.has_forged.set()
        return super().write(data)


def polled(data: bytes) -> int | None:
    """Return the sequence number of a poll of the reader; None for anything else."""
    begin = data.find(bytes((SOM, ADDRESS)))
    frame = data[begin:] if begin >= 0 else b""
    if len(frame) < HEAD + 1:
        return None
    at = HEAD + (frame[HEAD] if frame[HEAD - 1] & HAS_SCB else 0)
    return frame[HEAD - 1] & 0x03 if frame[at : at + 1] == bytes((POLL,)) else None


def told_in_clear(sequence: int) -> bytes:
    """Return the frame by which a reader without a secure channel tells of a card."""
    body = bytes((CARD_READ, 0, 0, 8 * len(FORGED), 0)) + FORGED
    head = bytes((SOM, ADDRESS | REPLY, HEAD + len(body) + 2, 0, sequence | USES_CRC))
    return b"\xff" + head + body + crc(head + body)


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
