"""A contactless reader by nfcpy: the one file that imports `nfc`.

nfcpy speaks to the card itself, where PC/SC speaks to a reader that speaks to it. So this adapter answers in the
reader's name what PC/SC gives to such a reader: the answer to reset, and GET DATA for the serial number (part 3,
sections 3.1.3.2.3 and 3.2.2.1.3). nfcpy keeps neither the historical bytes nor the card's name, so the answer to reset
tells the technology alone.
"""

import asyncio
import time
from typing import Any

import nfc
import nfc.clf
import nfc.tag
import nfc.tag.tt4

from readers.credentials.apdu import Response, Status
from readers.credentials.atr import TYPE_A_PART_3, processor_card_atr, storage_card_atr
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from readers.transports.threaded import ThreadedTransport

_PAUSE_S = 0.05  # between two rounds of sensing: a card is found within a twentieth of a second
_UNNAMED = 0x0000


class NfcpyTransport(ThreadedTransport):
    """The reader at a path of nfcpy's: `usb:072f:2200`, `tty:USB0:pn532`, `udp:localhost:54321`."""

    def __init__(self, path: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_NfcpyDriver(path), loop)


class _NfcpyDriver:
    """Senses cards of type A and B in single rounds, so that it needs no interruption."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._frontend = nfc.ContactlessFrontend()

    def __str__(self) -> str:
        return f"nfcpy reader {self._path!r}"

    def open(self) -> None:
        try:
            is_open = self._frontend.open(self._path)
        except OSError as fault:
            raise TransportDown(f"{self}: {fault}") from fault
        if not is_open:
            raise TransportDown(f"{self}: no such device")

    def wait_for_card(self) -> "_NfcpyLink | None":
        technologies = (nfc.clf.RemoteTarget("106A"), nfc.clf.RemoteTarget("106B"))
        try:
            target = self._frontend.sense(*technologies)
            tag = None if target is None else nfc.tag.activate(self._frontend, target)
        except nfc.clf.CommunicationError:
            return None
        except OSError as fault:
            raise TransportDown(f"{self}: {fault}") from fault
        if tag is None:
            time.sleep(_PAUSE_S)
            return None
        return _NfcpyLink(self._frontend, tag)

    def interrupt(self) -> None:
        """Do nothing: a wait is over by itself after one round."""

    def close(self) -> None:
        self._frontend.close()


class _NfcpyLink:
    """An activated tag. nfcpy has no types, so what comes from it is turned into ours at once."""

    def __init__(self, frontend: Any, tag: Any) -> None:  # noqa: ANN401 (nfcpy has no types)
        self._frontend, self._tag = frontend, tag
        self._speaks_apdu = isinstance(tag, nfc.tag.tt4.Type4Tag)
        self._uid = bytes(tag.identifier)
        storage = storage_card_atr(standard=TYPE_A_PART_3, name=_UNNAMED)
        self.atr = processor_card_atr(b"") if self._speaks_apdu else storage

    def exchange(self, apdu: bytes) -> bytes:
        if apdu == GET_UID:
            return Response(self._uid, Status.OK).encode()
        if not self._speaks_apdu:
            return Response(b"", Status.FUNCTION_NOT_SUPPORTED).encode()
        try:
            return bytes(self._tag.transceive(bytearray(apdu)))
        except (nfc.clf.CommunicationError, nfc.tag.TagCommandError) as fault:
            raise CardGone(f"the card answers no more: {fault}") from fault
        except OSError as fault:
            raise TransportDown(f"the reader answers no more: {fault}") from fault

    def is_there(self) -> bool:
        try:
            return bool(self._tag.is_present) if self._speaks_apdu else self._answers_to_its_number()
        except nfc.clf.CommunicationError:
            return False
        except OSError as fault:
            raise TransportDown(f"the reader answers no more: {fault}") from fault

    def release(self) -> None:
        """Do nothing: the field goes off when the next round begins."""

    def _answers_to_its_number(self) -> bool:
        wanted = nfc.clf.RemoteTarget("106A", sel_req=bytearray(self._uid))
        return self._frontend.sense(wanted) is not None
