"""A desk reader at work: waits for a card, carries a conversation out with it, and goes on after it was taken away."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from readers.credentials.exchange import Conversation
from readers.daemon import Credentials
from readers.errors import CardGone
from readers.ports import Card, CardTransport

_T = TypeVar("_T")

ATTEMPT_S = 30.0
"""Longer than the whole work takes over the slowest reader; a card that takes longer is broken."""

HOLD = "hold a card to the reader, and leave it there"
HOLD_AGAIN = "the card was taken away: hold the same card there again, and it is gone on with"


class Desk(msgspec.Struct, frozen=True):
    """One reader, what the desk works with, and where the person at it is told what happens."""

    transport: CardTransport
    credentials: Credentials
    tell: Callable[[str], None]

    async def work(self, conversation: Callable[[Card], Conversation[_T]]) -> _T:
        """Carry the conversation out with the next card, and begin it anew as often as the card is taken away.

        Raise `TimeoutError` for a card that never comes to an end.
        """
        self.tell(HOLD)
        while True:
            card = await self.transport.next_card()
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    return await card.hold(conversation(card), self.credentials.answer)
            except CardGone:
                self.tell(HOLD_AGAIN)
