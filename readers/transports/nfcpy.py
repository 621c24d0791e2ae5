"""A contactless reader by nfcpy: the one file that imports `nfc`.

nfcpy speaks to the card itself, where PC/SC speaks to a reader that speaks to it. So this adapter answers in the
reader's name what PC/SC gives to such a reader: the answer to reset, and GET DATA for the serial number (part 3,
sections 3.1.3.2.3 and 3.2.2.1.3). A storage card's name is not known, so its answer tells the technology alone.

Chips of the PN53x family are asked for two cards at once, which nfcpy itself never does: two are told as something
that cannot be read, instead of one of them at random. A serial PN532 watches its field by itself; others are asked.
"""

import asyncio
import errno
import logging
import os
import select
import time
from pathlib import Path
from typing import Any, TypeAlias

import nfc
import nfc.clf
import nfc.clf.pn53x
import nfc.clf.pn532
import nfc.clf.transport
import nfc.tag
import nfc.tag.tt4

from readers.credentials.apdu import Response, Status
from readers.credentials.atr import TYPE_A_PART_3, storage_card_atr
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from readers.transports.contactless import TypeA, parse_ats, parse_targets
from readers.transports.isodep import IsoDepLink, card_at_fault, switch_off
from readers.transports.pn532 import LIST_TARGETS, TYPE_A_106, Watch, serial_port
from readers.transports.threaded import Link, ThreadedTransport

_Nfcpy: TypeAlias = Any
"""Something of nfcpy's, which has no types."""

_PAUSE_S = 0.07  # between two rounds of asking for cards: found soon enough for a hand
_TYPE_B_EVERY = 10  # cards of type B are rare at doors, and asking for them costs four commands to the chip
_UNNAMED = 0x0000
_MOST_HISTORICAL = 15
_BOTH = 2
_LIST_WITHIN_S = 1.0
_RATS = bytes.fromhex("e080")  # frames of up to 256 bytes may come back (ISO/IEC 14443-4, section 5.1)
_ATS_WITHIN_S = 0.03
_HEAD, _EXTENDED = 6, 0xFF  # of a chip's frame: UM0701-02, section 6.2.1
_LEAST_WAIT_S = 0.05
_STILL_ON_THE_WAY_S = 0.005  # a frame that crossed a word to stop, at 115,200 baud


class NfcpyTransport(ThreadedTransport):
    """The reader at a path of nfcpy's: `usb:072f:2200`, `tty:AMA0:pn532`, `udp:localhost:54321`.

    A serial PN532 may be named by any path, too: `tty:/dev/serial/by-path/…`, the same plug after every start.
    """

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_NfcpyDriver(path), loop)


class _NfcpyDriver:
    """Senses cards of type A and B in rounds of a second at most, so that it needs no interruption."""

    def __init__(self, path: str) -> None:
        # What it says of every attempt to open a reader that is away is told once, by the outage.
        logging.getLogger("nfc").setLevel(logging.CRITICAL)
        self._path = path
        self._frontend = nfc.ContactlessFrontend()
        self._watch: Watch | None = None
        self._round = 0

    def __str__(self) -> str:
        return f"nfcpy reader {self._path!r}"

    def open(self) -> None:
        try:
            port = serial_port(self._path)
            is_open = self._frontend.open(self._path) if port is None else self._open_port(port)
        except OSError as fault:
            raise TransportDown(f"{self}: {fault}") from fault
        if not is_open:
            raise TransportDown(f"{self}: no such device")

    def wait_for_card(self) -> Link | None:
        try:
            if self._watch is not None and not self._watch.feels_a_card():
                return None
            link = self._look()
        except OSError as fault:
            raise TransportDown(f"{self}: {fault}") from fault
        if link is None:
            time.sleep(_PAUSE_S)
        return link

    def interrupt(self) -> None:
        """Do nothing: a round is over by itself."""

    def close(self) -> None:
        device, self._watch = self._frontend.device, None
        try:
            self._frontend.close()
        except Exception:
            # nfcpy says goodbye to the chip first; over a line that was cut it never comes to closing the line.
            self._frontend.device = None
            _close_line(device)
            raise

    def _open_port(self, port: Path) -> bool:
        self._frontend.close()
        line = _Line(str(port.resolve()))
        try:
            self._frontend.device = nfc.clf.pn532.init(line)
        except BaseException:
            line.close()
            raise
        self._watch = Watch(self._frontend.device.chipset, line.drop)
        return True

    def _look(self) -> Link | None:
        """Look at the field once; the field is on already, or goes on by itself."""
        self._round += 1
        try:
            found = _cards_of_type_a(self._frontend)
            if len(found) > 1:
                return _UnreadableLink(self._frontend)
            if found:
                return _type_a_link(self._frontend, found[0])
            is_felt = self._watch is not None
            return self._look_for_type_b() if is_felt or self._round % _TYPE_B_EVERY == 0 else None
        except (nfc.clf.CommunicationError, nfc.clf.pn53x.Chipset.Error):
            switch_off(self._frontend)  # a card that was half selected hears nothing else before
            return None

    def _look_for_type_b(self) -> Link | None:
        target = self._frontend.sense(nfc.clf.RemoteTarget("106B"))
        tag = None if target is None else nfc.tag.activate(self._frontend, target)
        if not isinstance(tag, nfc.tag.tt4.Type4Tag):
            return None
        return IsoDepLink(self._frontend, bytes(tag.identifier), b"", tag._dep)  # noqa: SLF001 (nfcpy shows it nowhere)


class _Line(nfc.clf.transport.TTY):  # type: ignore[misc] # nfcpy has no types
    """A serial line that waits by itself: pyserial sets the whole port up anew for each other time to wait."""

    def read(self, timeout: int) -> bytearray | None:
        """Return a frame of the chip, or nothing without a line; wait `timeout` milliseconds for its beginning."""
        if self.tty is None:
            return None
        if not select.select((self.tty.fileno(),), (), (), max(timeout / 1000, _LEAST_WAIT_S))[0]:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        frame = bytearray(self.tty.read(_HEAD))
        if frame == nfc.clf.pn53x.Chipset.ACK or len(frame) < _HEAD:
            return frame
        length = frame[3]
        if length == _EXTENDED:
            frame += self.tty.read(3)
            length = int.from_bytes(frame[5:7], "big")
        frame += self.tty.read(length + 1)
        return frame

    def drop(self) -> None:
        """Forget what comes, or came, of a command that was stopped."""
        time.sleep(_STILL_ON_THE_WAY_S)
        self.tty.reset_input_buffer()


def _close_line(device: _Nfcpy) -> None:
    line = getattr(getattr(device, "chipset", None), "transport", None)
    port = getattr(line, "tty", None)
    if port is not None:
        port.close()


def _cards_of_type_a(frontend: _Nfcpy) -> tuple[TypeA, ...]:
    """Select the cards that came since the field went on; two where the chip can tell them apart."""
    if isinstance(frontend.device, nfc.clf.pn53x.Device):
        wanted = bytearray((_BOTH, TYPE_A_106))
        listed = frontend.device.chipset.command(LIST_TARGETS, wanted, timeout=_LIST_WITHIN_S)
        found = parse_targets(bytes(listed or b"")) or ()
        if len(found) == 1:
            frontend.target = _remote(found[0])
        return found
    target = frontend.sense(nfc.clf.RemoteTarget("106A"))
    if target is None or not target.sel_res:
        return ()
    return (TypeA(bytes(target.sens_res), target.sel_res[0], bytes(target.sdd_res)),)


def _remote(card: TypeA) -> _Nfcpy:
    return nfc.clf.RemoteTarget(
        "106A",
        sens_res=bytearray(card.sens_res),
        sel_res=bytearray((card.sak,)),
        sdd_res=bytearray(card.uid),
    )


def _type_a_link(frontend: _Nfcpy, card: TypeA) -> Link | None:
    if not card.speaks_apdu:
        return _StorageLink(frontend, card.uid)
    ats = parse_ats(bytes(frontend.exchange(bytearray(_RATS), _ATS_WITHIN_S) or b""))
    if ats is None:
        return _UnreadableLink(frontend)
    size = min(ats.frame_size, frontend.max_send_data_size)
    protocol = nfc.tag.tt4.IsoDepInitiator(frontend, size, ats.waiting_s)
    return IsoDepLink(frontend, card.uid, ats.historical[:_MOST_HISTORICAL], protocol)


class _StorageLink:
    """A card that has a number and nothing else to say here."""

    atr = storage_card_atr(standard=TYPE_A_PART_3, name=_UNNAMED)

    def __init__(self, frontend: _Nfcpy, uid: bytes) -> None:
        self._frontend, self._uid = frontend, uid

    def exchange(self, apdu: bytes) -> bytes:
        if apdu == GET_UID:
            return Response(self._uid, Status.OK).encode()
        return Response(b"", Status.FUNCTION_NOT_SUPPORTED).encode()

    def is_there(self) -> bool:
        wanted = nfc.clf.RemoteTarget("106A", sel_req=bytearray(self._uid))
        try:
            with card_at_fault():
                return self._frontend.sense(wanted) is not None
        except CardGone:
            return False

    def release(self) -> None:
        switch_off(self._frontend)


class _UnreadableLink:
    """Several cards at once, or one that speaks no sense, until the field is empty."""

    atr = b""

    def __init__(self, frontend: _Nfcpy) -> None:
        self._frontend = frontend

    def exchange(self, apdu: bytes) -> bytes:
        raise CardGone(f"what lies on the reader answers none of {len(apdu)} bytes")

    def is_there(self) -> bool:
        try:
            with card_at_fault():
                self._frontend.device.mute()
                return bool(_cards_of_type_a(self._frontend))
        except CardGone:
            return False

    def release(self) -> None:
        switch_off(self._frontend)
