"""A card in a driver's thread as the event loop sees it: conversations go in, what they come to comes out.

A conversation is held in the thread from its first command to its last, and the greeting as soon as the card is there,
so that the event loop is told of a tap and not of each command, and is not waited for in between.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic

from readers.credentials.exchange import (
    Answer,
    Conversation,
    Identified,
    Rejected,
    Step,
    T,
    Transmit,
    carry_out,
)
from readers.errors import CardGone
from readers.transports.welcome import Welcome

ANSWER_WITHIN_S = 5.0  # many times the longest wait a card may ask for; a library silent for longer is stuck


class Talk(Generic[T]):
    """One conversation under way, and the watch for a library that does not come back from a command."""

    def __init__(
        self,
        conversation: Conversation[T],
        answer: Answer,
        loop: asyncio.AbstractEventLoop,
        despair: Callable[[], None],
    ) -> None:
        self._conversation, self._answer = conversation, answer
        self._loop, self._despair = loop, despair
        self._steps = 0
        self._library_fault: Exception | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.outcome: asyncio.Future[T] = loop.create_future()

    def watch(self) -> None:
        """Begin to watch over the library."""
        self._watch = self._loop.call_later(ANSWER_WITHIN_S, self._look, 0)

    def fail(self, fault: Exception) -> None:
        """End it with a fault, if it is not over."""
        self._end_watch()
        if not self.outcome.done():
            self.outcome.set_exception(fault)
            self.outcome.exception()  # of a greeting perhaps nobody ever asks

    def _settle(self, outcome: T) -> None:
        self._end_watch()
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def _look(self, steps: int) -> None:
        """Give the library up that is still where it was; it is told of once."""
        if steps == self._steps:
            self._despair()
        else:
            self._watch = self._loop.call_later(ANSWER_WITHIN_S, self._look, self._steps)

    # The rest runs in the driver's thread.

    def held(self, exchange: Callable[[bytes], bytes]) -> Callable[[], None]:
        """Hold it; return what is to be called on the event loop then. Raise what the library raises."""
        try:
            outcome = carry_out(self._conversation, partial(self._obey, exchange))
        except Exception as fault:
            if fault is self._library_fault:
                raise
            return partial(self.fail, fault)
        return partial(self._settle, outcome)

    def _obey(self, exchange: Callable[[bytes], bytes], step: Step) -> bytes:
        self._steps += 1
        if not isinstance(step, Transmit):
            return self._answer(step)
        if self.outcome.done():
            raise CardGone("nobody waits for the card any more")
        try:
            return exchange(step.apdu)
        except CardGone:
            raise
        except Exception as fault:
            self._library_fault = fault
            raise


class LinkedCard:
    """The card on the event loop; its queue of conversations is the one door to the driver's thread."""

    def __init__(
        self, atr: bytes, loop: asyncio.AbstractEventLoop, despair: Callable[[], None], welcome: Welcome
    ) -> None:
        """Greet the card that has come. Called in the driver's thread."""
        self._atr, self._loop, self._despair, self._welcome = atr, loop, despair, welcome
        self._asked: SimpleQueue[Talk[Any] | None] = SimpleQueue()
        self._talks: list[Talk[Any]] = []
        self._gone = asyncio.Event()
        self.is_forgotten = False
        self._greeting = self._ask(*welcome.to(atr)) if welcome.is_set else None

    @property
    def atr(self) -> bytes:
        return self._atr

    async def hold(self, conversation: Conversation[T], answer: Answer) -> T:
        if self._gone.is_set():
            raise CardGone("the card has left the reader")
        talk = self._ask(conversation, answer)
        talk.watch()
        return await talk.outcome

    async def greeted(self) -> Identified | Rejected:
        if self._greeting is None:  # it lay there before the greeting was set
            return await self.hold(*self._welcome.to(self.atr))
        return await self._greeting.outcome

    def forget(self) -> None:
        self.is_forgotten = True
        self._asked.put(None)

    async def removed(self) -> None:
        await self._gone.wait()

    def came(self) -> None:
        """Begin to watch over its greeting."""
        if self._greeting is not None:
            self._greeting.watch()

    def leave(self) -> None:
        """End what waits for the card."""
        self._gone.set()
        for talk in self._talks:
            talk.fail(CardGone("the card left the reader before it answered"))

    def _ask(self, conversation: Conversation[T], answer: Answer) -> Talk[T]:
        talk = Talk(conversation, answer, self._loop, self._despair)
        self._talks = [*(talk for talk in self._talks if not talk.outcome.done()), talk]
        self._asked.put(talk)
        return talk

    def next_talk(self, within_s: float) -> Talk[Any] | None:
        """Return the next conversation; None if none was asked for in time, or ever. Called in the driver's thread."""
        try:
            return self._asked.get(timeout=within_s)
        except Empty:
            return None
