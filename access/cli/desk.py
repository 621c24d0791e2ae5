"""A desk reader at work: waits for a card, carries a conversation out with it, and goes on after it was lost."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec

from access.errors import TotemError
from readers.credentials.exchange import Conversation, Found, Step
from readers.daemon import Credentials
from readers.errors import CardGone
from readers.ports import Card, CardTransport

_T = TypeVar("_T")

ATTEMPT_S = 30.0
"""Longer than the whole work takes over the slowest reader; a card that takes longer is broken."""

MOST_ATTEMPTS = 5

PAUSE_S = 0.2
"""Between two of them: a card that lies at the edge of the field is not through with all within a moment."""

HOLD = "hold a card to the reader, and leave it there"
HOLD_AGAIN = "the card was lost: hold the same card there, and it is gone on with"


class TornTooOften(TotemError):
    """The card was lost again and again."""


def take_any(found: Found) -> str:
    """Speak against no card."""
    del found
    return ""


class Desk(msgspec.Struct, frozen=True):
    """One reader, what the desk works with, and where the person at it is told what happens."""

    transport: CardTransport
    credentials: Credentials
    tell: Callable[[str], None]

    async def work(
        self, conversation: Callable[[Card], Conversation[_T]], judge: Callable[[Found], str] = take_any
    ) -> _T:
        """Carry the conversation out with the next card, and begin it anew where the card is lost.

        `judge` says why a card that was found is to be left alone, or nothing. Raise `TimeoutError` for a card that
        never comes to an end, `TornTooOften` for one that is lost in each of `MOST_ATTEMPTS`.
        """

        def answer(step: Step) -> bytes:
            return judge(step).encode() if isinstance(step, Found) else self.credentials.answer(step)

        self.tell(HOLD)
        for attempt in range(MOST_ATTEMPTS):
            if attempt:
                self.tell(HOLD_AGAIN)
            card = await self.transport.next_card()
            try:
                async with asyncio.timeout(ATTEMPT_S):
                    return await card.hold(conversation(card), answer)
            except CardGone:
                card.forget()  # one that was torn by the air alone lies there still
                await asyncio.sleep(PAUSE_S)
        raise TornTooOften(
            f"the card was lost {MOST_ATTEMPTS} times: look at the reader and its line, then do it again"
        )
