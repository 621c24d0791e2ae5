"""One reader's loop: a card comes, is identified, and is attended to; then the reader waits until it has left."""

import logging

from policies.ids import ReaderId
from readers.credentials.exchange import Rejected
from readers.daemon.attendant import Attendant
from readers.daemon.visit import Credentials, greet, read
from readers.errors import TransportDown
from readers.ports import Card, CardTransport, Clock, Keypad

_log = logging.getLogger(__name__)

_RETRY_S = 1.0
"""How long a reader that is gone is left alone before it is asked for cards again; it heals by itself."""


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
        if isinstance(self._transport, Keypad):
            self._transport.on_keys(self._attendant.press)
        greet(self._transport, self._credentials, self._clock.now)
        while True:
            try:
                card = await self._transport.next_card()
            except TransportDown as fault:
                _log.warning("reader-down", extra={"reader": self.reader, "fault": str(fault)})
                await self._clock.sleep(_RETRY_S)
                continue
            self.is_reading = True
            try:
                await self._attend(card)
            finally:
                self.is_reading = False
            await card.removed()

    async def _attend(self, card: Card) -> None:
        outcome = await read(card)
        if isinstance(outcome, Rejected) and outcome.why:
            _log.info("badge-unproven", extra={"reader": self.reader, "why": outcome.why})
        self._attendant.take(outcome)
