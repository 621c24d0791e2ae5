"""The RF field of one reader and its keys: a `readers.ports.CardTransport` and `KeyedReader` whose cards are emulated.

Cards come and go at once. Two in the field at a time collide: the antenna then reads neither, and the one it was
reading is lost to it, until the field has been emptied; two that came before it looked are found as one thing that
cannot be read. With `rf_timing` activation and each command take the time of their bytes in the air at 106 kbit/s and
of the card's work; a card torn away meanwhile has perhaps heard the command, but its answer is lost. GET DATA takes
none: the reader knows the number from the anticollision (PC/SC part 3, section 3.2.2.1.3). An unplugged antenna is
reported once; then `next_card` waits until it is plugged in again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from emulators.cards.card import VirtualCard
from readers.credentials.exchange import Answer
from readers.errors import CardGone, TransportDown
from readers.health import Health
from readers.ports import Card, Clock, Greeting
from readers.transports.arrivals import Arrivals
from readers.transports.welcome import LoopCard, Welcome

BYTE_S = 9 * 128 / 13.56e6  # eight bits and parity, 128 carrier periods each (ISO/IEC 14443-2, 106 kbit/s)
FRAME_BYTES = 3  # block header and CRC around every frame (ISO/IEC 14443-4, section 7.1)
ACTIVATION_S = 0.0026  # request, anticollision, select and RATS, bytes alone
CARD_WORK_S = 0.001  # a card's own time on one command: assumed, no data sheet gives it
_GET_DATA = bytes.fromhex("ffca")


class Presented(LoopCard):
    """An emulated card in the field."""

    def __init__(
        self,
        card: VirtualCard,
        air_time: Callable[[float], Awaitable[None]],
        welcome: Welcome,
        find_anew: Callable[[], None],
    ) -> None:
        super().__init__(welcome, find_anew)
        self._card, self._air_time = card, air_time

    @property
    def atr(self) -> bytes:
        return self._card.atr

    async def _transmit(self, apdu: bytes) -> bytes:
        is_known = apdu.startswith(_GET_DATA)
        self._require_presence()
        if not is_known:
            await self._pass_through_air(apdu, work_s=CARD_WORK_S)
        answer = self._card.process(apdu)
        if not is_known:
            await self._pass_through_air(answer)
        return answer

    async def _pass_through_air(self, frame: bytes, work_s: float = 0.0) -> None:
        await self._air_time((len(frame) + FRAME_BYTES) * BYTE_S + work_s)
        self._require_presence()

    def _require_presence(self) -> None:
        if self.is_gone:
            raise CardGone("the card left the field before the exchange was over")


class Stack(LoopCard):
    """Several cards at once, which say nothing, until all of them are taken away."""

    atr = b""

    async def _transmit(self, apdu: bytes) -> bytes:
        raise CardGone(f"several cards answered {len(apdu)} bytes at once")


class Antenna:
    """One reader's antenna, with the verbs of the hand that holds cards to it or pulls its plug."""

    def __init__(self, clock: Clock, *, rf_timing: bool = False) -> None:
        self._clock, self.rf_timing = clock, rf_timing
        self._in_field: list[VirtualCard] = []
        self._read: Presented | Stack | None = None
        self._is_looking_at_it = False
        self._is_plugged = True
        self._welcome = Welcome()
        self._arrivals = Arrivals[Card]()
        self._arrivals.up()
        self._on_key: Callable[[str], None] | None = None

    def press(self, keys: str) -> None:
        """Press keys of the reader's pad, one after the other."""
        for key in keys:
            if self._on_key is not None and self._is_plugged:
                self._on_key(key)

    def on_keys(self, on_key: Callable[[str], None]) -> None:
        """Hear the keys (`readers.ports.KeyedReader`)."""
        self._on_key = on_key

    def present(self, card: VirtualCard) -> Presented:
        """Hold a card to the reader."""
        card.reset()
        came_together = self._read is not None and not self._is_looking_at_it
        self._lose()
        self._in_field.append(card)
        presented = Presented(card, self._spend, self._welcome, self._find_anew)
        if len(self._in_field) == 1 and self._is_plugged:
            self._find(presented)
        else:
            presented.leave()
            if came_together:
                self._find(Stack(self._welcome, self._find_anew))
        return presented

    def remove(self) -> None:
        """Take away whatever is in the field."""
        self._lose()
        self._in_field.clear()

    def unplug(self) -> None:
        """Cut the reader off: its card is lost and it hears nothing."""
        self._is_plugged = False
        self._lose()
        self._arrivals.down(TransportDown("the antenna is unplugged"))

    def plug(self) -> None:
        """Connect the reader again; a card that lies on it is found as a new one."""
        self._is_plugged = True
        self._arrivals.up()
        self._find_anew()

    async def next_card(self) -> Card:
        found = await self._arrivals.next()
        self._is_looking_at_it = found is self._read
        try:
            await self._spend(ACTIVATION_S)
        except asyncio.CancelledError:
            if found is self._read:
                self._arrivals.found(found)
            raise
        return found

    def greet(self, greeting: Greeting, answer: Answer) -> None:
        self._welcome.set(greeting, answer)

    def watch(self, on_health: Health) -> None:
        self._arrivals.watch(on_health)

    async def close(self) -> None:
        """Switch the field off for good."""
        self._lose()
        self._arrivals.end(TransportDown("the antenna is closed"))

    async def _spend(self, seconds: float) -> None:
        if self.rf_timing:
            await self._clock.sleep(seconds)

    def _find_anew(self) -> None:
        lying = self._in_field.copy()
        self._in_field.clear()
        for card in lying:
            self.present(card)

    def _find(self, thing: Presented | Stack) -> None:
        self._read, self._is_looking_at_it = thing, False
        self._arrivals.found(thing)

    def _lose(self) -> None:
        self._arrivals.lost()
        if self._read is not None:
            self._read.leave()
        self._read = None
