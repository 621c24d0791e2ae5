"""A reader on an OSDP line: it reads cards by itself and tells their numbers.

So this adapter answers in the card's name what PC/SC gives of a card that has a number and nothing else to say: the
answer to reset, and GET DATA. A number that the reader tells proves no more than a UID, whatever the reader checked.
The head must be set to give the card's whole serial number; any other number of bits is unreadable.

The reader does not say when a card leaves. One that is told again within a moment has stayed; after that it has left.
"""

import asyncio
from collections.abc import Callable

from readers.credentials.apdu import Response, Status
from readers.credentials.atr import TYPE_A_PART_3, storage_card_atr
from readers.credentials.exchange import Answer
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from readers.health import Health
from readers.osdp.messages import CardData, Keys, Report
from readers.osdp.peripheral import Peripheral
from readers.ports import Card, Greeting
from readers.transports.arrivals import Arrivals
from readers.transports.welcome import LoopCard, Welcome

STAYS_S = 1.0
"""Readers that repeat a card in the field do so several times a second; a hand needs longer for a second tap."""

_BITS_IN_A_BYTE = 8
_UNNAMED = 0x0000

_KEYS = {0x7F: "*", 0x0D: "#"}
"""The two keys beside the digits, as they travel on the line (OSDP, osdp_KEYPAD)."""


class OsdpTransport:
    """The reader of a peripheral. The line belongs to the control panel, which outlives this."""

    def __init__(self, peripheral: Peripheral, loop: asyncio.AbstractEventLoop) -> None:
        self._name, self._loop = str(peripheral), loop
        self._arrivals = Arrivals[_ToldCard]()
        self._welcome = Welcome()
        self._lying: _ToldCard | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._is_closed = False
        self._on_key: Callable[[str], None] | None = None
        peripheral.watch(self._change)
        peripheral.listen(self._hear)

    async def next_card(self) -> Card:
        return await self._arrivals.next()

    def greet(self, greeting: Greeting, answer: Answer) -> None:
        self._welcome.set(greeting, answer)

    def watch(self, on_health: Health) -> None:
        self._arrivals.watch(on_health)

    def on_keys(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key

    async def close(self) -> None:
        """Hear no more of the reader."""
        self._is_closed = True
        self._leave()
        self._arrivals.end(TransportDown(f"{self._name} is closed"))

    def _hear(self, report: Report) -> None:
        if self._is_closed:
            return
        if isinstance(report, Keys) and self._on_key is not None:
            for key in report.keys:
                self._on_key(_KEYS.get(key, chr(key)))
        if not isinstance(report, CardData):
            return
        if self._lying is None or self._lying.told != report:
            self._leave()
            self._lying = _ToldCard(report, self._welcome, self._leave)
            self._arrivals.found(self._lying)
        if self._leaving is not None:
            self._leaving.cancel()
        self._leaving = self._loop.call_later(STAYS_S, self._leave)

    def _change(self, outage: TransportDown | None) -> None:
        if outage is None:
            self._arrivals.up()
        else:
            self._leave()
            self._arrivals.down(outage)

    def _leave(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
        lying, self._lying, self._leaving = self._lying, None, None
        if lying is not None:
            self._arrivals.lost()
            lying.leave()


class _ToldCard(LoopCard):
    """A card of which its number is told, and nothing else."""

    atr = storage_card_atr(standard=TYPE_A_PART_3, name=_UNNAMED)

    def __init__(self, told: CardData, welcome: Welcome, find_anew: Callable[[], None]) -> None:
        super().__init__(welcome, find_anew)
        self.told = told

    async def _transmit(self, apdu: bytes) -> bytes:
        if self.is_gone:
            raise CardGone("the card has left the reader")
        is_whole = self.told.bits == len(self.told.data) * _BITS_IN_A_BYTE
        if apdu != GET_UID or not is_whole:
            return Response(b"", Status.FUNCTION_NOT_SUPPORTED).encode()
        return Response(self.told.data, Status.OK).encode()
