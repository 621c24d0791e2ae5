"""A field at the other end of nfcpy's `udp:` link: any nfcpy program takes the card in it for one at its reader.

The link carries frames as text, the bit rate and the bytes in hexadecimal; `RFOFF` is the field going off (nfcpy,
nfc/clf/udp.py). The card listens, the reader speaks to its port.
"""

import asyncio
from typing import Self, cast

from emulators.cards.card import VirtualCard
from emulators.cards.contactless import REQA, Contactless, in_the_air

FIRST_PORT = 54321
_FIELD_OFF = b"RFOFF"
_BIT_RATE = b"106A"


class UdpField:
    """The field of one reader, with the verbs of the hand that holds the card. Port 0 takes a free one."""

    def __init__(self, host: str = "127.0.0.1", port: int = FIRST_PORT) -> None:
        self._host, self.port = host, port
        self._link = _Link()

    async def __aenter__(self) -> Self:
        """Listen at the port; raise `OSError` where it is taken."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self._link, (self._host, self.port))
        self.port = transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._link.transport.close()
        await self._link.closed.wait()

    def insert(self, card: VirtualCard | Contactless) -> None:
        """Hold a card into the field, in place of the one that is there."""
        self._link.card = in_the_air(card)

    def remove(self) -> None:
        """Take the card away, even in the middle of an exchange."""
        self._link.card = None


class _Link(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.card: Contactless | None = None
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, _: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, reader: tuple[str, int]) -> None:
        card = self.card
        if card is None:
            return
        answer = _answer(card, data)
        if answer is not None and self.card is card:  # it may be away before its answer is out
            self.transport.sendto(_BIT_RATE + b" " + answer.hex().encode("ascii"), reader)


def _answer(card: Contactless, data: bytes) -> bytes | None:
    """Answer one datagram; None for what no card of this kind hears."""
    if data.startswith(_FIELD_OFF):
        card.power_off()
        return None
    rate, _, digits = data.partition(b" ")
    try:
        frame = bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return None
    if rate != _BIT_RATE:
        return None
    if frame == REQA and card.is_selected:
        card.power_off()  # a reader that begins anew, from another socket, has had its field off
    return card.hear(frame)
