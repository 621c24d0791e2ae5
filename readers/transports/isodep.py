"""A card that speaks ISO/IEC 14443-4, by nfcpy's block protocol, and an end to every command.

That protocol goes on for as long as a card asks it to: a card may ask for more time, acknowledge the wrong block or
begin one more part, again and again (ISO/IEC 14443-4, section 7). What nfcpy sends goes through `Bounded`, which ends a
command that has had its time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from readers.credentials.apdu import Response, Status
from readers.credentials.atr import processor_card_atr
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown

COMMAND_WITHIN_S = 1.5
"""Many times what an honest card takes over its longest command; a visit of a badge has two seconds in all."""


class Device(Protocol):
    """What is asked of nfcpy's chip."""

    def mute(self) -> None:
        """Switch the field off."""
        ...


class Frontend(Protocol):
    """What is asked of nfcpy's reader, by nfcpy's block protocol and here. `device` is None where it is gone."""

    device: Device | None

    def exchange(self, send_data: bytearray, timeout: float) -> bytearray:
        """Send one block and return the block that answers it."""
        ...


class Blocks(Protocol):
    """What is asked of nfcpy's block protocol. `clf` is what it sends through."""

    clf: "Bounded"

    def exchange(self, command: bytearray | None) -> bytearray:
        """Send a command and return its answer; None asks for an acknowledgement alone."""
        ...


class Bounded:
    """A reader that passes blocks on until the command's time is over."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self._until = 0.0

    def begin(self) -> None:
        """Begin a command."""
        self._until = time.monotonic() + COMMAND_WITHIN_S

    def exchange(self, send_data: bytearray, timeout: float) -> bytearray:
        """Send one block; raise `CardGone` once the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise CardGone(f"the card was not done with a command within {COMMAND_WITHIN_S} s")
        return self._frontend.exchange(send_data, min(timeout, left))


class IsoDepLink:
    """A card that speaks ISO/IEC 14443-4, by nfcpy's block protocol."""

    def __init__(self, frontend: Frontend, uid: bytes, historical: bytes, protocol: Blocks) -> None:
        self._frontend, self._uid, self._protocol = frontend, uid, protocol
        self._air = protocol.clf = Bounded(frontend)
        self.atr = processor_card_atr(historical)

    def exchange(self, apdu: bytes) -> bytes:
        if apdu == GET_UID:
            return Response(self._uid, Status.OK).encode()
        self._air.begin()
        with card_at_fault():
            return bytes(self._protocol.exchange(bytearray(apdu)))

    def is_there(self) -> bool:
        self._air.begin()
        try:
            with card_at_fault():
                self._protocol.exchange(None)  # R(NAK), which a card acknowledges at any time
        except CardGone:
            return False
        return True

    def release(self) -> None:
        switch_off(self._frontend)


@contextmanager
def card_at_fault() -> Iterator[None]:
    """Turn whatever nfcpy raises into `CardGone`: a card that answers nonsense makes it stumble in any way.

    Only an `OSError` is the reader's own: `TransportDown`.
    """
    try:
        yield
    except OSError as fault:
        raise TransportDown(f"the reader answers no more: {fault}") from fault
    except Exception as fault:
        raise CardGone(f"the card answers no more: {fault!r}") from fault


def switch_off(frontend: Frontend) -> None:
    """Cut the card's power, so that it forgets what it has authenticated; a reader that is gone has done so."""
    try:
        if frontend.device is not None:
            frontend.device.mute()
    except Exception:  # noqa: BLE001, S110 (the next round tells of it)
        pass
