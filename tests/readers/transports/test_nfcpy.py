"""The nfcpy transport over nfcpy's udp link: reader and card are two sockets with nfcpy's own driver between them."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from socket import SOCK_DGRAM
from typing import Self

import nfc
import nfc.clf
import pytest

from readers.credentials.atr import Technology, recognise
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from readers.transports.nfcpy import NfcpyTransport
from tests.programs import free_port
from tests.readers.credentials.driving import transmit

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

UID = bytes.fromhex("04a1b2c3d4e5f6")
SELECT = bytes.fromhex("00a4040000")
NOT_FOUND = bytes.fromhex("6a82")
PROCESSOR, STORAGE = 0x20, 0x00  # SAK (ISO/IEC 14443-3, section 6.5.3.4)
DEADLINE_S = 20

_ATS = bytes.fromhex("0578809000")
_RATS, _R_NAK = 0xE0, 0xB2


class CardOnTheLink:
    """A card at the other end of the link, in a thread: it finds no file and has no memory, but it is there."""

    def __init__(self, path: str, sak: int) -> None:
        self._path, self._sak = path, sak
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._lie_in_field)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.take_away()
        self._thread.join()

    def take_away(self) -> None:
        self._gone.set()

    def _lie_in_field(self) -> None:
        target = nfc.clf.LocalTarget(
            "106A",
            sens_res=bytearray.fromhex("4403"),
            sdd_res=bytearray(UID),
            sel_res=bytearray((self._sak,)),
        )
        with nfc.ContactlessFrontend(self._path) as frontend:
            while not self._gone.is_set():
                activated = frontend.listen(target, timeout=0.5)
                if activated is not None:
                    self._converse(frontend, activated.tt4_cmd or activated.tt2_cmd)

    def _converse(self, frontend, frame) -> None:
        try:
            while frame and not self._gone.is_set():
                frame = frontend.exchange(bytearray(_answer(frame)), timeout=0.5)
        except nfc.clf.CommunicationError:
            return  # the reader has switched its field off, or says nothing


def _answer(frame: bytearray) -> bytes:
    if frame[0] == _RATS:
        return _ATS
    if frame[0] & 0xFE == _R_NAK:
        return bytes((0xA2 | frame[0] & 1,))
    return bytes(frame[:1]) + NOT_FOUND


@pytest.fixture
def path() -> str:
    return f"udp:localhost:{free_port(SOCK_DGRAM)}"


@pytest.fixture
async def transport(path) -> AsyncIterator[NfcpyTransport]:
    transport = NfcpyTransport(path, asyncio.get_running_loop())
    yield transport
    await transport.close()


async def test_a_reader_that_is_away_is_told_by_its_outage_and_not_at_every_attempt(caplog):
    caplog.set_level(logging.INFO)
    transport = NfcpyTransport("tty:NOWHERE:pn533", asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(TransportDown, match="no such device"):
            await transport.next_card()
        await transport.close()
    assert caplog.messages == []


async def test_a_processor_card_gives_its_number_and_answers_until_it_is_taken_away(path, transport):
    with CardOnTheLink(path, PROCESSOR) as lying:
        async with asyncio.timeout(DEADLINE_S):
            card = await transport.next_card()
            assert recognise(card.atr) is Technology.PROCESSOR
            assert await transmit(card, GET_UID) == UID + b"\x90\x00"
            assert await transmit(card, SELECT) == NOT_FOUND
            lying.take_away()
            await card.removed()
            with pytest.raises(CardGone):
                await transmit(card, SELECT)


async def test_a_storage_card_gives_its_number_and_refuses_the_rest(path, transport):
    with CardOnTheLink(path, STORAGE) as lying:
        async with asyncio.timeout(DEADLINE_S):
            card = await transport.next_card()
            assert recognise(card.atr) is Technology.STORAGE
            assert await transmit(card, GET_UID) == UID + b"\x90\x00"
            assert await transmit(card, SELECT) == bytes.fromhex("6a81")
            lying.take_away()
            await card.removed()


async def test_a_device_that_is_not_there_is_an_outage():
    transport = NfcpyTransport("tty:NOSUCH:pn532", asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(TransportDown, match="NOSUCH"):
            await transport.next_card()
        await transport.close()
