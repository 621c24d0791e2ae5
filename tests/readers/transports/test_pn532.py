"""A PN532 that watches its field by itself: nfcpy's driver for the chip, the chip emulated, between them a wire."""

import asyncio
import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from nfc.clf.pn532 import Chipset

from emulators.cards.uid import UidCard
from emulators.pn532 import ACK, Code, Pn532, SerialPn532
from readers.errors import CardGone
from readers.transports.nfcpy import NfcpyTransport
from readers.transports.pn532 import LIST_TARGETS, Watch, serial_port
from tests.readers.credentials.driving import transmit

UID, OTHER_UID = bytes.fromhex("04a1b2c3d4e5f6"), bytes.fromhex("04ffeeddccbbaa")
TYPE_A, TYPE_B = bytes((1, 0)), bytes((1, 3, 0))
DEADLINE_S = 20


class Wire:
    """The serial line, without its time: what does not come at once never comes."""

    def __init__(self) -> None:
        self.chip = Pn532()
        self.asked: list[tuple[int, bytes]] = []
        self.meanwhile: Callable[[], bytes] = bytes
        self._coming = bytearray()
        self._watch = Watch(Chipset(self, logging.getLogger("nfc")), self.drop)

    def feels(self) -> bool:
        return self._watch.feels_a_card()

    def write(self, frame: bytes) -> None:
        if frame != ACK:
            self.asked.append((frame[6], bytes(frame[7:-2])))
        self._coming += self.chip.hear(bytes(frame))

    def read(self, timeout: int) -> bytearray:
        del timeout
        if not self._coming:
            self._coming += self.meanwhile()
        if not self._coming:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        length = 6 if self._coming.startswith(ACK) else self._coming[3] + 7
        frame = self._coming[:length]
        del self._coming[:length]
        return frame

    def drop(self) -> None:
        self._coming.clear()


@pytest.fixture
def wire() -> Wire:
    return Wire()


def listed(wire: Wire) -> bytes:
    """Return the cards that the chip tells of, their number first."""
    chip = Chipset(wire, logging.getLogger("nfc"))
    return bytes(chip.command(LIST_TARGETS, bytearray((2, 0)), timeout=1.0))


def test_a_second_in_which_nothing_comes_is_three_commands(wire):
    assert not wire.feels()
    wire.asked.clear()
    assert not wire.feels()
    assert [code for code, _ in wire.asked] == [
        Code.IN_LIST_PASSIVE_TARGET,
        Code.IN_LIST_PASSIVE_TARGET,
        Code.RF_CONFIGURATION,
    ]
    assert [body for code, body in wire.asked if code == LIST_TARGETS] == [TYPE_A, TYPE_B]


def test_a_card_that_comes_while_the_chip_looks_is_felt_and_then_asked_for_in_vain_only_once(wire):
    wire.meanwhile = lambda: wire.chip.present(UidCard(UID))
    assert wire.feels()
    assert listed(wire)[0] == 1
    wire.chip.remove()
    assert listed(wire) == b"\x00", "the chip does not look for ever any more"
    assert wire.feels(), "and does again"


class LateWire(Wire):
    """The answer to the first look is on its way when the wait for it ends."""

    is_late = False

    def read(self, timeout: int) -> bytearray:
        try:
            return super().read(timeout)
        except OSError:
            if not self.is_late:
                self.is_late = True
                self._coming += self.chip.present(UidCard(UID))
            raise


def test_a_card_whose_answer_crossed_the_word_to_stop_is_felt_in_the_next_round():
    wire = LateWire()
    assert not wire.feels()
    assert wire.is_late
    assert wire.feels()
    assert listed(wire)[0] == 1


def test_a_chip_that_answers_nothing_is_a_fault_of_the_line(wire):
    wire.chip.hear = lambda _: b""
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        wire.feels()


async def test_two_cards_brought_together_are_something_that_cannot_be_read():
    with SerialPn532() as chip:
        transport = NfcpyTransport(f"tty:{chip.path}", asyncio.get_running_loop())
        try:
            async with asyncio.timeout(DEADLINE_S):
                for _ in range(2):
                    chip.present(UidCard(UID), UidCard(OTHER_UID))
                    several = await transport.next_card()
                    assert several.atr == b""
                    with pytest.raises(CardGone):
                        await transmit(several, b"\xff\xca\x00\x00\x00")
                    chip.remove()
                    await several.removed()
        finally:
            await transport.close()


@pytest.mark.parametrize(
    ("path", "port"),
    [
        ("tty:AMA0:pn532", "/dev/ttyAMA0"),
        ("tty:USB0", "/dev/ttyUSB0"),
        ("tty:/dev/ttyS1:pn532", "/dev/ttyS1"),
        (
            "tty:/dev/serial/by-path/pci-0000:00:14.0-usb-0:1.3:1.0-port0",
            "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1.3:1.0-port0",
        ),
        ("tty:USB0:arygon", None),
        ("tty:", None),
        ("usb:072f:2200", None),
        ("udp:localhost:54321", None),
    ],
)
def test_a_serial_pn532_is_named_by_its_port_and_other_devices_are_nfcpys(path, port):
    assert serial_port(path) == (port and Path(port))
