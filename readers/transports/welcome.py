"""What a reader's cards are greeted with, and cards that are spoken to on the event loop: told, or emulated."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from readers.credentials.exchange import (
    Answer,
    Conversation,
    Exchange,
    Identified,
    Rejected,
    T,
    converse,
)
from readers.ports import Greeting


class Welcome:
    """The greeting of one reader, once it was set. A thread may ask for it."""

    def __init__(self) -> None:
        self._set: tuple[Greeting, Answer] | None = None

    @property
    def is_set(self) -> bool:
        """Return whether cards are greeted."""
        return self._set is not None

    def set(self, greeting: Greeting, answer: Answer) -> None:
        """Greet cards with this from now on."""
        self._set = greeting, answer

    def to(self, atr: bytes) -> tuple[Exchange, Answer]:
        """Return what is said to a card, and who answers its steps; LookupError before it was set."""
        if self._set is None:
            raise LookupError("no greeting was set for the cards of this reader")
        greeting, answer = self._set
        return greeting(atr), answer


class LoopCard(ABC):
    """A card that answers on the event loop, as long as nobody waits for anything there: a `readers.ports.Card`."""

    def __init__(self, welcome: Welcome, find_anew: Callable[[], None]) -> None:
        """`find_anew` makes its reader take it for another card."""
        self._welcome, self._find_anew = welcome, find_anew
        self._gone = asyncio.Event()

    @property
    @abstractmethod
    def atr(self) -> bytes:
        """Return the answer to reset."""

    @abstractmethod
    async def _transmit(self, apdu: bytes) -> bytes:
        """Send one command and return the whole answer; raise `CardGone`."""

    async def hold(self, conversation: Conversation[T], answer: Answer) -> T:
        return await converse(conversation, self._transmit, answer)

    async def greeted(self) -> Identified | Rejected:
        return await self.hold(*self._welcome.to(self.atr))

    def forget(self) -> None:
        if not self.is_gone:
            self._find_anew()

    async def removed(self) -> None:
        await self._gone.wait()

    @property
    def is_gone(self) -> bool:
        """Return whether it has left."""
        return self._gone.is_set()

    def leave(self) -> None:
        """End what waits for the card."""
        self._gone.set()
