"""A card at the other end of nfcpy's `udp:` link: any nfcpy program takes it for one in its reader's field.

The link carries frames as text, the bit rate and the bytes in hexadecimal; `RFOFF` is the field going off (nfcpy,
nfc/clf/udp.py). The card listens, the reader speaks to its port.
"""

import asyncio
from typing import cast

from emulators.cards.card import VirtualCard
from emulators.cards.contactless import REQA, Contactless

_FIELD_OFF = b"RFOFF"
_BIT_RATE = b"106A"


class UdpField:
    """The field of one reader at the far end of the link, with the verbs of the hand that holds the card."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host, self.port = host, port
        self._link: asyncio.DatagramTransport | None = None

    async def insert(self, card: VirtualCard) -> None:
        """Hold a card into the field; `port` is where from then on. Raise `OSError` where the port is taken."""
        self.remove()
        loop = asyncio.get_running_loop()
        link, _ = await loop.create_datagram_endpoint(
            lambda: _Link(Contactless(card)), (self._host, self.port), family=0
        )
        self._link = link
        self.port = self._link.get_extra_info("sockname")[1]

    def remove(self) -> None:
        """Take the card away, even in the middle of an exchange."""
        if self._link is not None:
            self._link.abort()
            self._link = None


class _Link(asyncio.DatagramProtocol):
    def __init__(self, card: Contactless) -> None:
        self._card = card

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, reader: tuple[str, int]) -> None:
        if data.startswith(_FIELD_OFF):
            self._card.power_off()
            return
        rate, _, digits = data.partition(b" ")
        if rate != _BIT_RATE:
            return
        try:
            frame = bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            return
        if frame == REQA and self._card.is_selected:
            self._card.power_off()  # a reader that begins anew from a fresh socket had its field off
        answer = self._card.hear(frame)
        if answer is not None:
            self._transport.sendto(_BIT_RATE + b" " + answer.hex().encode("ascii"), reader)
