"""A `readers.ports.CardTransport` over any blocking reader library: the library stays in one thread of its own.

The thread opens the driver, waits for cards, performs their exchanges in order, and opens the driver again when it
dies, a little later each time. The event loop hears of it by `call_soon_threadsafe` alone. A card that stays is one
card; after an outage it is found as a new one.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Protocol

from readers.errors import CardGone, TransportDown
from readers.ports import Card
from readers.transports.arrivals import Arrivals

PRESENCE_POLL_S = 0.1  # how late a card's leaving may be noticed while nobody talks to it
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 2.0
_INTERRUPT_AGAIN_S = 0.02

Health = Callable[[TransportDown | None], None]
"""Called on the event loop: with the reason when the reader goes down, with None when it is up."""


class Link(Protocol):
    """A card in a driver's hands; called in the driver's thread only."""

    @property
    def atr(self) -> bytes:
        """Return the answer to reset."""
        ...

    def exchange(self, apdu: bytes) -> bytes:
        """Send one command and return the whole answer; raise `CardGone`."""
        ...

    def is_there(self) -> bool:
        """Say whether the card has stayed; raise `TransportDown`."""
        ...

    def release(self) -> None:
        """Let go of the card; never raises."""
        ...


class Driver(Protocol):
    """One blocking library; called in its own thread only, but for `interrupt`."""

    def open(self) -> None:
        """Take hold of the reader; raise `TransportDown`."""
        ...

    def wait_for_card(self) -> Link | None:
        """Block until a card comes; None where it was not readable, or after `interrupt`. Raise `TransportDown`."""
        ...

    def interrupt(self) -> None:
        """Make a wait that is under way return. Called from the event loop, again and again if it came too early."""
        ...

    def close(self) -> None:
        """Let go of the reader, opened or not; never raises."""
        ...


class ThreadedTransport:
    """A driver in its thread, as the daemon sees it. Made on the event loop that it serves."""

    def __init__(
        self, driver: Driver, loop: asyncio.AbstractEventLoop, on_health: Health | None = None
    ) -> None:
        self._driver, self._loop, self._on_health = driver, loop, on_health
        self._arrivals = Arrivals[_LinkedCard]()
        self._closing = threading.Event()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._is_down = False
        self._thread = threading.Thread(target=self._live, name=str(driver), daemon=True)
        self._thread.start()

    async def next_card(self) -> Card:
        return await self._arrivals.next()

    async def close(self) -> None:
        """Stop the thread and wait for its end; a card in the field is lost."""
        self._closing.set()
        while not self._ended.done():
            # An interrupt that comes between two waits is lost, so it is repeated.
            self._driver.interrupt()
            await asyncio.wait((self._ended,), timeout=_INTERRUPT_AGAIN_S)
        self._thread.join()
        self._arrivals.end(TransportDown(f"{self._driver} is closed"))

    def _up(self) -> None:
        self._is_down = False
        self._arrivals.up()
        if self._on_health is not None:
            self._on_health(None)

    def _down(self, outage: TransportDown) -> None:
        if not self._is_down:
            self._is_down = True
            self._arrivals.down(outage)
            if self._on_health is not None:
                self._on_health(outage)

    def _leave(self, card: "_LinkedCard") -> None:
        self._arrivals.lost()
        card.leave()

    # The rest runs in the driver's thread.

    def _live(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._closing.is_set():
            try:
                self._driver.open()
                self._tell(self._up)
                pause_s = FIRST_RETRY_S
                self._serve()
            except Exception as fault:  # noqa: BLE001 (a library may raise anything, and a dead thread is a dead door)
                self._tell(self._down, _as_outage(self._driver, fault))
            finally:
                self._driver.close()
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LAST_RETRY_S)
        self._tell(self._ended.set_result, None)

    def _serve(self) -> None:
        while not self._closing.is_set():
            link = self._driver.wait_for_card()
            if link is not None:
                self._attend(link)

    def _attend(self, link: Link) -> None:
        card = _LinkedCard(link.atr, self._loop)
        self._tell(self._arrivals.found, card)
        try:
            while not self._closing.is_set() and (self._perform_next(card, link) or link.is_there()):
                pass
        finally:
            link.release()
            self._tell(self._leave, card)

    def _perform_next(self, card: "_LinkedCard", link: Link) -> bool:
        """Perform one exchange; False if none was asked for in a while."""
        try:
            apdu, answer = card.requests.get(timeout=PRESENCE_POLL_S)
        except Empty:
            return False
        try:
            self._tell(_settle, answer, link.exchange(apdu))
        except CardGone as gone:
            self._tell(_break, answer, gone)
        return True

    def _tell(self, callback: Callable[..., object], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *values)
        except RuntimeError:
            # The loop was closed and this transport was not: nobody is left to serve.
            self._closing.set()


class _LinkedCard:
    """The card on the event loop; `requests` is the one door to the driver's thread."""

    def __init__(self, atr: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._atr, self._loop = atr, loop
        self.requests: SimpleQueue[tuple[bytes, asyncio.Future[bytes]]] = SimpleQueue()
        self._unanswered: set[asyncio.Future[bytes]] = set()
        self._gone = asyncio.Event()

    @property
    def atr(self) -> bytes:
        return self._atr

    async def transmit(self, apdu: bytes) -> bytes:
        if self._gone.is_set():
            raise CardGone("the card has left the reader")
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._unanswered.add(answer)
        self.requests.put((apdu, answer))
        try:
            return await answer
        finally:
            self._unanswered.discard(answer)

    async def removed(self) -> None:
        await self._gone.wait()

    def leave(self) -> None:
        """End what waits for the card. Called on the event loop."""
        self._gone.set()
        for answer in self._unanswered:
            _break(answer, CardGone("the card left the reader before it answered"))


def _settle(answer: asyncio.Future[bytes], value: bytes) -> None:
    if not answer.done():
        answer.set_result(value)


def _break(answer: asyncio.Future[bytes], gone: CardGone) -> None:
    if not answer.done():
        answer.set_exception(gone)


def _as_outage(driver: Driver, fault: Exception) -> TransportDown:
    return fault if isinstance(fault, TransportDown) else TransportDown(f"{driver}: {fault!r}")
