"""A PC/SC reader by pyscard: the one file that imports `smartcard`.

It uses the plain functions of PC/SC part 5, since pyscard's own monitor thread does not outlive pcscd. The card is
connected exclusively: a door's reader is nobody else's, and a second program in the same session could use what this
one has authenticated. Result codes become `CardGone` or `TransportDown`; nothing is decided here.
"""

import asyncio

from smartcard import scard

from readers.errors import CardGone, TransportDown
from readers.transports.threaded import Link, ThreadedTransport

_LOOKS_AGAIN_MS = 500
"""How long a change may go unseen. Before 2.0.1 libpcsclite keeps one table of readers for all threads of a process: of
two that look at once, one may compare with the other's older copy, and would sleep through a card for a minute."""

_CONNECT_AGAIN_MS = 100  # another program may hold the card for a moment
_AT_ONCE_MS = 0
_FEELS_IT_LEAVE_MS = 450  # pcscd asks readers that do not tell by themselves every 400 ms
_COUNTER_SHIFT = 16  # pcsc-lite counts insertions and removals in the upper half of the state
_STATUS_LENGTH = 2  # every answer ends in two bytes; a driver that gives fewer has lost the card (vpcd does)
_ABSENT_READER = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE


class PcscTransport(ThreadedTransport):
    """The reader of this exact name, as `pcsc_scan` shows it."""

    def __init__(self, reader_name: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(PcscDriver(reader_name), loop)


class PcscDriver:
    """Waits for cards by blocking status requests to pcscd."""

    def __init__(self, reader_name: str) -> None:
        self._name = reader_name
        self._context: int | None = None
        self._state: int = scard.SCARD_STATE_UNAWARE

    def __str__(self) -> str:
        return f"PC/SC reader {self._name!r}"

    def open(self) -> None:
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            self._context = None
            raise self._outage(result)
        self._look(_AT_ONCE_MS)

    def wait_for_card(self) -> Link | None:
        if not self._state & scard.SCARD_STATE_PRESENT:
            self._look(_LOOKS_AGAIN_MS)
        if not self._state & scard.SCARD_STATE_PRESENT:
            return None
        if self._state & scard.SCARD_STATE_MUTE:
            return _MuteLink(self)
        result, handle, protocol = scard.SCardConnect(
            self._context,
            self._name,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if result != scard.SCARD_S_SUCCESS:
            self._look(_CONNECT_AGAIN_MS)
            return None
        status, *_, atr = scard.SCardStatus(handle)
        if status != scard.SCARD_S_SUCCESS or not atr:  # lost since it was connected
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
            self._look(_CONNECT_AGAIN_MS)
            return None
        return _PcscLink(self, handle, protocol, bytes(atr))

    def interrupt(self) -> None:
        context = self._context  # the driver's thread may let go of it meanwhile; a stale one is only refused
        if context is not None:
            scard.SCardCancel(context)

    def close(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            scard.SCardReleaseContext(context)

    def card_counter(self, *, wait_ms: int = _AT_ONCE_MS) -> int | None:
        """Look again, and wait so long for another state; give what counts insertions while a card is there."""
        self._look(wait_ms)
        return self._state >> _COUNTER_SHIFT if self._state & scard.SCARD_STATE_PRESENT else None

    def _look(self, timeout_ms: int) -> None:
        """Wait until the reader's state is another than the one known; at once, whatever it is, without a time."""
        # Of a state that is known pcsc-lite waits at least a millisecond for another.
        is_wait = timeout_ms != _AT_ONCE_MS
        known = self._state & ~scard.SCARD_STATE_CHANGED if is_wait else scard.SCARD_STATE_UNAWARE
        result, states = scard.SCardGetStatusChange(self._context, timeout_ms, [(self._name, known)])
        if result in (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED):
            return
        if result != scard.SCARD_S_SUCCESS:
            raise self._outage(result)
        self._state = states[0][1]
        if self._state & _ABSENT_READER:
            raise self._outage(scard.SCARD_E_UNKNOWN_READER)

    def _outage(self, result: int) -> TransportDown:
        return TransportDown(f"{self}: {scard.SCardGetErrorMessage(result)}")


class _Visit:
    """One stay of a card on the reader: over when the reader counts another."""

    def __init__(self, driver: PcscDriver) -> None:
        self._driver = driver
        self._counter = driver.card_counter()
        self._is_there = True

    def is_there(self, *, wait_ms: int = _AT_ONCE_MS) -> bool:
        counter = self._counter
        self._is_there = counter is not None and self._driver.card_counter(wait_ms=wait_ms) == counter
        return self._is_there


class _MuteLink(_Visit):
    """Something that the reader feels and cannot wake: a card upside down, two at once, a coin."""

    atr = b""

    def exchange(self, apdu: bytes) -> bytes:
        raise CardGone(f"{self._driver}: what lies on it answers none of {len(apdu)} bytes")

    def release(self) -> None:
        """Do nothing: it was never connected."""


class _PcscLink(_Visit):
    """A connected card."""

    def __init__(self, driver: PcscDriver, handle: int, protocol: int, atr: bytes) -> None:
        super().__init__(driver)
        self._handle = handle
        self._pci = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        self.atr = atr

    def exchange(self, apdu: bytes) -> bytes:
        result, answer = scard.SCardTransmit(self._handle, self._pci, list(apdu))
        if result != scard.SCARD_S_SUCCESS:
            raise self._torn(scard.SCardGetErrorMessage(result))
        if len(answer) < _STATUS_LENGTH:
            raise self._torn("the answer was cut short")
        return bytes(answer)

    def _torn(self, why: str) -> CardGone:
        """Say what went wrong, once the reader has had time to feel whether the card has left."""
        self.is_there(wait_ms=_FEELS_IT_LEAVE_MS)
        return CardGone(f"{self._driver}: {why}")

    def release(self) -> None:
        # Reset, so that the next program does not inherit what this one has authenticated. Where the card has left, a
        # reset would power the next one up before pcscd has counted its insertion, and it would be found twice.
        is_gone = not self._is_there
        scard.SCardDisconnect(self._handle, scard.SCARD_LEAVE_CARD if is_gone else scard.SCARD_RESET_CARD)
