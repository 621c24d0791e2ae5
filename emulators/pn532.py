"""A PN532 on a pseudo-terminal: the reader chip of small door readers, with emulated cards in its field.

`Pn532` is the chip: bytes of its high-speed UART in, bytes out (NXP UM0701-02, section 6.2.1 for the frames, 7 for the
commands). `SerialPn532` puts it behind a terminal that any driver opens as a serial port. It knows what a reader of
cards uses; any other command is answered as the chip answers nonsense.
"""

import os
import select
import threading
import tty
from collections.abc import Callable
from enum import IntEnum
from typing import ClassVar, Self

from emulators.cards.card import VirtualCard
from emulators.cards.contactless import Contactless, in_the_air

ACK = bytes.fromhex("0000ff00ff00")
_START = bytes.fromhex("00ff")
_SYNTAX_ERROR = bytes.fromhex("7f")
_FROM_HOST, _TO_HOST = 0xD4, 0xD5
_EXTENDED = b"\xff\xff"
_FIRMWARE = bytes.fromhex("32010607")  # PN532, version 1.6, all card types
_OK, _TIMED_OUT = b"\x00", b"\x01"
_NOBODY = b"\x00"
_FIFO_DATA = 0x6339
_REQA = 0x26
_MOST_NORMAL = 255
_TYPE_A_106 = 0x00
_RF_FIELD, _MAX_RETRIES = 0x01, 0x05
_FIELD_IS_ON, _FOR_EVER = 0x01, b"\xff"


class Code(IntEnum):
    """The commands that are answered."""

    DIAGNOSE = 0x00
    GET_FIRMWARE_VERSION = 0x02
    READ_REGISTER = 0x06
    WRITE_REGISTER = 0x08
    SET_SERIAL_BAUD_RATE = 0x10
    SET_PARAMETERS = 0x12
    SAM_CONFIGURATION = 0x14
    POWER_DOWN = 0x16
    RF_CONFIGURATION = 0x32
    IN_COMMUNICATE_THRU = 0x42
    IN_LIST_PASSIVE_TARGET = 0x4A
    IN_RELEASE = 0x52


class Pn532:
    """The chip and what is in its field."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._registers: dict[int, int] = {}
        self._field: list[Contactless] = []
        self._selected: Contactless | None = None
        self._looks_for_ever = False
        self._looking: bytes | None = None  # the command to list cards that waits for some to come

    def present(self, *cards: VirtualCard | Contactless) -> bytes:
        """Hold cards to the antenna, beside those that are there; return what the chip says if it looks for some."""
        self._field.extend(map(in_the_air, cards))
        looking, self._looking = self._looking, None
        return b"" if looking is None else self._answer(looking)

    def remove(self) -> None:
        """Take away whatever is in the field."""
        self._field.clear()
        self._selected = None

    def hear(self, data: bytes) -> bytes:
        """Take bytes from the host; return what the chip sends for every whole frame among all that came."""
        self._received += data
        said = b""
        while (frame := self._next_frame()) is not None:
            self._looking = None  # a new command ends an old one
            said += ACK + self._answer(frame)
        return said

    def _answer(self, command: bytes) -> bytes:
        answer = self._obey(command)
        return b"" if answer is None else _frame(answer)

    def _next_frame(self) -> bytes | None:
        """Cut the next command out of what has come; what is no frame, and the host's ACK, is passed over."""
        while True:
            start = self._received.find(_START)
            if start < 0 or len(self._received) < start + 5:
                return None
            rest = self._received[start + len(_START) :]
            is_extended = rest[:2] == _EXTENDED
            if is_extended:
                length, head = int.from_bytes(rest[2:4], "big"), 5
            else:
                length, head = rest[0], 2
            if length == 0 or (not is_extended and (rest[0] + rest[1]) & 0xFF):
                self._looking = None if length == 0 else self._looking  # the host's ACK ends a command
                del self._received[: start + 4]
                continue
            if len(rest) < head + length + 1:
                return None
            del self._received[: start + len(_START) + head + length + 1]
            body = bytes(rest[head : head + length])
            if (sum(body) + rest[head + length]) & 0xFF == 0 and body[0] == _FROM_HOST and len(body) > 1:
                return body[1:]

    def _obey(self, command: bytes) -> bytes | None:
        """Do what a command says; None where it goes on until something happens."""
        code, body = command[0], command[1:]
        act = self._ACTS.get(code)
        if act is None or len(body) < _LEAST_BODY.get(code, 0):
            return _SYNTAX_ERROR
        said = act(self, body)
        if code == Code.IN_LIST_PASSIVE_TARGET and self._looks_for_ever and said == _NOBODY:
            self._looking = command
            return None
        return bytes((_TO_HOST, code + 1)) + said

    def _echo(self, body: bytes) -> bytes:
        return body

    def _nod(self, _: bytes) -> bytes:
        """Take a setting that changes nothing here."""
        return b""

    def _tell_firmware(self, _: bytes) -> bytes:
        return _FIRMWARE

    def _read_registers(self, body: bytes) -> bytes:
        return bytes(
            self._register(int.from_bytes(body[at : at + 2], "big")) for at in range(0, len(body), 2)
        )

    def _write_registers(self, body: bytes) -> bytes:
        for at in range(0, len(body) - 2, 3):
            self._registers[int.from_bytes(body[at : at + 2], "big")] = body[at + 2]
        return b""

    def _configure_field(self, body: bytes) -> bytes:
        if body[0] == _RF_FIELD and not body[1] & _FIELD_IS_ON:
            self._switch_off()
        elif body[0] == _MAX_RETRIES:
            self._looks_for_ever = body[3:] == _FOR_EVER
        return b""

    def _let_go(self, _: bytes) -> bytes:
        self._switch_off()
        return _OK

    def _register(self, address: int) -> int:
        if address == _FIFO_DATA:
            return 0 if self._selected else _REQA  # a request that nobody answered is still in it
        return self._registers.get(address, 0)

    def _switch_off(self) -> None:
        self._selected = None
        for card in self._field:
            card.power_off()

    def _list(self, body: bytes) -> bytes:
        """Select up to as many cards as are wanted, by number where one is given."""
        most, kind, wanted = body[0], body[1], bytes(body[2:])
        found = [] if kind != _TYPE_A_106 else [card for card in self._field if not card.is_selected]
        if wanted:
            found = [card for card in found if b"".join(card.parts()) == wanted]
        listed = b""
        for number, card in enumerate(found[:most], start=1):
            card.is_selected = True
            self._selected = card
            listed += bytes((number, *reversed(card.sens_res), card.sak, len(card.uid))) + card.uid
        return bytes((len(found[:most]),)) + listed

    def _pass_on(self, frame: bytes) -> bytes:
        card = self._selected
        answer = None if card is None else card.hear(bytes(frame))
        is_torn = self._selected is not card  # away before its answer was out
        return _TIMED_OUT if answer is None or is_torn else _OK + answer

    _ACTS: ClassVar[dict[int, Callable[["Pn532", bytes], bytes]]] = {
        Code.DIAGNOSE: _echo,
        Code.GET_FIRMWARE_VERSION: _tell_firmware,
        Code.READ_REGISTER: _read_registers,
        Code.WRITE_REGISTER: _write_registers,
        Code.SET_SERIAL_BAUD_RATE: _nod,
        Code.SET_PARAMETERS: _nod,
        Code.SAM_CONFIGURATION: _nod,
        Code.POWER_DOWN: _let_go,
        Code.RF_CONFIGURATION: _configure_field,
        Code.IN_COMMUNICATE_THRU: _pass_on,
        Code.IN_LIST_PASSIVE_TARGET: _list,
        Code.IN_RELEASE: _let_go,
    }


_LEAST_BODY: dict[int, int] = {Code.RF_CONFIGURATION: 2, Code.IN_LIST_PASSIVE_TARGET: 2}
"""Bytes without which a command is none."""


def _frame(body: bytes) -> bytes:
    """Put a body into a frame, the extended one where it is long."""
    length = len(body)
    if length <= _MOST_NORMAL:
        head = bytes((length, -length & 0xFF))
    else:
        long = length.to_bytes(2, "big")
        head = _EXTENDED + long + bytes((-sum(long) & 0xFF,))
    return b"\x00" + _START + head + body + bytes((-sum(body) & 0xFF, 0))


class SerialPn532:
    """The chip behind a serial port at `path`, on a thread of its own, so that a driver under test may block."""

    def __init__(self) -> None:
        self._chip = Pn532()
        self._lock = threading.RLock()  # a card may have itself taken away in the middle of a command
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._bell = os.eventfd(0)
        self._thread = threading.Thread(target=self._live, name="PN532")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.eventfd_write(self._bell, 1)
        self._thread.join()
        for handle in (self._bell, self._master, self._slave):
            os.close(handle)

    def present(self, *cards: VirtualCard | Contactless) -> None:
        """Hold cards to the antenna, all at once."""
        with self._lock:
            said = self._chip.present(*cards)
            if said:
                os.write(self._master, said)

    def remove(self) -> None:
        """Take away whatever is in the field, even in the middle of an exchange."""
        with self._lock:
            self._chip.remove()

    def _live(self) -> None:
        while True:
            ready, _, _ = select.select((self._master, self._bell), (), ())
            if self._bell in ready:
                return
            data = os.read(self._master, 4096)
            with self._lock:
                os.write(self._master, self._chip.hear(data))
