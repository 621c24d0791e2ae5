"""Every frame between libosdp's two ends, checked by a listener with a computation of its own."""

import asyncio
import secrets

import pytest

from emulators.osdp import READER_WITH_ALL, EmulatedLine, EmulatedPeripheral
from readers.osdp.messages import Beep, CardData, Completion
from readers.osdp.panel import PUBLIC_KEY, ControlPanel
from tests.readers.credentials.published import VECTORS, unhex
from tests.readers.osdp.overheard import Overheard, SessionKeys, checksum, crc

UID = bytes.fromhex("04a1b2c3d4e5f6")
DEADLINE_S = 20
POLL, OUTPUT_OR_BUZZER, ACK, CARD_READ = 0x60, 0x6A, 0x140, 0x150


class HeardPeripheral(EmulatedPeripheral):
    """A reader with somebody listening at its wires."""

    def __init__(self, address: int, key: bytes) -> None:
        super().__init__(address, key, READER_WITH_ALL)
        self.overheard = Overheard(key)
        self.broken: AssertionError | None = None

    def hear(self, data: bytes) -> None:
        self._listen(data, is_reply=False)
        super().hear(data)

    def write(self, data: bytes) -> int:
        self._listen(data, is_reply=True)
        return super().write(data)

    def _listen(self, data: bytes, *, is_reply: bool) -> None:
        if self.broken is not None:
            return
        try:
            self.overheard.hear(data, is_reply=is_reply)
        except AssertionError as wrong:
            self.broken = wrong


def test_the_session_of_annex_e_is_computed():
    vector = {name: unhex(value) for name, value in VECTORS["osdp-sc-annex-e"].items() if name in _HEX}
    keys = SessionKeys(vector["scbk"], vector["cp_random"], vector["pd_random"])
    assert (keys.enc, keys.mac1, keys.mac2) == (vector["s_enc"], vector["s_mac1"], vector["s_mac2"])
    assert (keys.server, keys.client) == (vector["cp_cryptogram"], vector["pd_cryptogram"])
    assert keys.first_mac == vector["rmac_i"]
    assert vector["scbk"] == PUBLIC_KEY, "the key that this panel refuses"


_HEX = {
    "scbk",
    "cp_random",
    "pd_random",
    "s_enc",
    "s_mac1",
    "s_mac2",
    "cp_cryptogram",
    "pd_cryptogram",
    "rmac_i",
}


def test_the_check_sums_of_the_standards_frames_are_computed():
    for case in VECTORS["osdp-crc"]["crc"]:
        assert crc(unhex(case["msg"])) == unhex(case["crc_le"])
    for case in VECTORS["osdp-crc"]["checksum"]:
        assert checksum(unhex(case["msg"])) == int(case["sum"], 16)


async def converse(key: bytes, reader: HeardPeripheral) -> None:
    """Let a panel and a reader find each other, a card be read and the buzzer sound."""
    with EmulatedLine(reader) as line:
        panel = ControlPanel(line.path, 115200, {1: key}, asyncio.get_running_loop())
        peripheral = panel.peripherals[1]
        online, read = asyncio.Event(), asyncio.Event()
        peripheral.watch(lambda outage: None if outage else online.set())
        peripheral.listen(lambda report: read.set() if report == CardData(56, UID) else None)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await online.wait()
                reader.read_card(UID)
                await read.wait()
                for _ in range(3):
                    assert await peripheral.order(Beep()) is Completion.DONE
        finally:
            await panel.close()


async def test_all_that_is_said_through_the_secure_channel_is_as_the_standard_has_it():
    key = secrets.token_bytes(16)
    reader = HeardPeripheral(1, key)
    await converse(key, reader)
    assert reader.broken is None
    assert reader.overheard.protected >= 8
    said = reader.overheard.said
    assert {POLL, OUTPUT_OR_BUZZER, ACK} <= {code for code, _ in said}
    told = [data for code, data in said if code == CARD_READ]
    assert told == [bytes((0, 0, 56, 0)) + UID], "the card's number, deciphered"


async def test_the_listener_hears_a_wrong_key():
    key = secrets.token_bytes(16)
    reader = HeardPeripheral(1, key)
    reader.overheard = Overheard(bytes(16))
    await converse(key, reader)
    with pytest.raises(AssertionError, match="cryptogram"):
        raise reader.broken or RuntimeError("nothing was wrong")
