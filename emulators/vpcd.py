"""A card behind vsmartcard's vpcd: the real pcscd and every PC/SC program on the machine take it for a real one.

vpcd is a reader driver that listens; the card connects to it, one port a slot. Messages are a length of two bytes,
big-endian, and as many bytes; a message of one byte controls the card's power (vsmartcard, virtualsmartcard/src/vpcd).
"""

import asyncio
import socket
from enum import IntEnum

from emulators.cards.card import VirtualCard

FIRST_PORT = 35963
_LENGTH = 2


class Control(IntEnum):
    """What vpcd asks in messages of one byte."""

    OFF = 0
    ON = 1
    RESET = 2
    GET_ATR = 4


class VpcdSlot:
    """One slot of the virtual reader, with the verbs of the hand that holds the card."""

    def __init__(self, host: str = "127.0.0.1", port: int = FIRST_PORT) -> None:
        self._host, self._port = host, port
        self._visit: asyncio.Task[None] | None = None

    async def insert(self, card: VirtualCard) -> None:
        """Put a card into the slot; raise `OSError` where no vpcd listens."""
        await self.remove()
        line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        line.setblocking(False)  # noqa: FBT003 (the socket module's own signature)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.get_running_loop().sock_connect(line, (self._host, self._port))
        except BaseException:
            line.close()
            raise
        self._line = line
        self._visit = asyncio.create_task(_live_in_slot(card, line))

    async def remove(self) -> None:
        """Take the card out, even in the middle of an exchange."""
        if self._visit is not None:
            self._visit.cancel()
            await asyncio.wait((self._visit,))
            self._visit = None
            self._line.close()  # a visit that was ended before it began has closed nothing

    async def released(self) -> None:
        """Return once vpcd has let go of the card: pcscd has ended."""
        if self._visit is not None:
            await asyncio.wait((self._visit,))


async def _live_in_slot(card: VirtualCard, line: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    with line:
        try:
            while True:
                length = int.from_bytes(await _receive(line, _LENGTH), "big")
                answer = _answer(card, await _receive(line, length))
                if answer is not None:
                    await loop.sock_sendall(line, len(answer).to_bytes(_LENGTH, "big") + answer)
        except (EOFError, ConnectionError):
            card.reset()


def _answer(card: VirtualCard, message: bytes) -> bytes | None:
    """Do what a message says. Only commands and the question for the answer to reset are answered."""
    if len(message) != 1:
        return card.process(message)
    if message[0] == Control.GET_ATR:
        return card.atr
    card.reset()
    return None


async def _receive(line: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        # Linux falls back to delayed acknowledgements by itself; vpcd writes length and body apart, and Nagle's
        # algorithm there would then hold the body back for 40 ms.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = await asyncio.get_running_loop().sock_recv(line, length - len(received))
        if not part:
            raise EOFError
        received += part
    return bytes(received)
