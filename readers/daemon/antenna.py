"""One reader's loop: a card comes, is identified, and is attended to; then the reader waits until it has left.

A card at the edge of the field is lost and found again while a hand brings it near. So one that is torn is read anew
when it is there again at once, a few times, before anything is said: to the person that is one tap with one answer.
An outage of the reader ends the tap: what was torn by it is refused, and a card that lies there then is another tap.
"""

import asyncio
import logging

from policies.ids import ReaderId
from readers.credentials.exchange import Identified, Rejected
from readers.daemon.attendant import Attendant
from readers.daemon.visit import TORN, VISIT_S, Credentials, greet, read
from readers.errors import TransportDown
from readers.ports import Card, CardTransport, Clock, KeyedReader

_log = logging.getLogger(__name__)

_RETRY_S = 0.05
"""Before a reader that is gone is asked again: it tells once, and then waits by itself, but for one that was closed."""

MOST_TRIES = 4
"""Readings of one tap, all within `VISIT_S`."""

RETURNS_S = 0.9
"""How soon a torn card must be there again: two looks of the slowest reader, which pcscd asks every 0.4 s, since its
leaving has to be seen before its return; and no long wait for one that has left."""


class Antenna:
    """The loop of one reader."""

    def __init__(
        self, transport: CardTransport, attendant: Attendant, clock: Clock, credentials: Credentials
    ) -> None:
        self._transport, self._attendant, self._clock = transport, attendant, clock
        self._credentials = credentials
        self.is_reading = False
        """Whether a card is there that has not been answered yet."""

    @property
    def reader(self) -> ReaderId:
        """Return which reader this is."""
        return self._attendant.reader

    async def run(self) -> None:
        """Serve card after card, until cancelled."""
        if isinstance(self._transport, KeyedReader):
            self._transport.on_keys(self._attendant.press)
        greet(self._transport, self._credentials, self._clock.now)
        while True:
            card = await self._next_card()
            if card is None:
                await self._clock.sleep(_RETRY_S)
                continue
            self.is_reading = True
            try:
                card = await self._attend(card)
            finally:
                self.is_reading = False
            await card.removed()

    async def _next_card(self) -> Card | None:
        """Return the next card; None where the reader is gone."""
        try:
            return await self._transport.next_card()
        except TransportDown as fault:
            _log.warning("reader-down", extra={"reader": self.reader, "fault": str(fault)})
            return None

    async def _attend(self, card: Card) -> Card:
        """See to a tap; return the card that was answered, which is another where a torn one was found again."""
        card, outcome = await self._read(card)
        if isinstance(outcome, Rejected) and outcome.why:
            _log.info("badge-unproven", extra={"reader": self.reader, "why": outcome.why})
        self._attendant.take(outcome)
        return card

    async def _read(self, card: Card) -> tuple[Card, Identified | Rejected]:
        loop = asyncio.get_running_loop()
        until = loop.time() + VISIT_S
        outcome = await read(card)
        for _ in range(MOST_TRIES - 1):
            if outcome != TORN:
                break
            _log.info("badge-unproven", extra={"reader": self.reader, "why": "torn, read again"})
            card.forget()
            again = await self._found_again(min(RETURNS_S, until - loop.time()))
            if again is None:
                break
            card, outcome = again, await read(again, until - loop.time())
        return card, outcome

    async def _found_again(self, within_s: float) -> Card | None:
        try:
            async with asyncio.timeout(within_s):
                return await self._next_card()
        except TimeoutError:
            return None
