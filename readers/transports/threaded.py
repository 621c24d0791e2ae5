"""A `readers.ports.CardTransport` over any blocking reader library: the library stays in one thread of its own.

The thread opens the driver, waits for cards, holds the conversations with them in order, and opens the driver again
when it dies, as the table of `recovery` says. The event loop hears of it by `call_soon_threadsafe` alone. A card that
stays is one card; after an outage it is found as a new one.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Protocol

from readers.credentials.exchange import Answer
from readers.errors import TransportDown
from readers.health import Health
from readers.ports import Card, Greeting
from readers.transports.arrivals import Arrivals
from readers.transports.linked import ANSWER_WITHIN_S, LinkedCard
from readers.transports.recovery import FIRST_RETRY_S, NEXT, Happened, Stage, next_pause_s
from readers.transports.welcome import Welcome

_log = logging.getLogger(__name__)

PRESENCE_POLL_S = 0.1  # how late a card's leaving may be noticed while nobody talks to it
CLOSES_WITHIN_S = 6.0  # a little longer than a library may be silent
_INTERRUPT_AGAIN_S = 0.02


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
        """Let go of the reader, opened or not."""
        ...


class ThreadedTransport:
    """A driver in its thread, as the daemon sees it. Made on the event loop that it serves."""

    def __init__(self, driver: Driver, loop: asyncio.AbstractEventLoop) -> None:
        self._driver, self._loop = driver, loop
        self._arrivals = Arrivals[LinkedCard]()
        self._closing = threading.Event()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._pause_s = FIRST_RETRY_S
        self._link: Link | None = None
        self._welcome = Welcome()
        self._thread = threading.Thread(target=self._live, name=str(driver), daemon=True)
        self._thread.start()

    async def next_card(self) -> Card:
        return await self._arrivals.next()

    def greet(self, greeting: Greeting, answer: Answer) -> None:
        self._welcome.set(greeting, answer)

    def watch(self, on_health: Health) -> None:
        self._arrivals.watch(on_health)

    async def close(self) -> None:
        """Stop the thread and wait for its end; a card in the field is lost. A library that is stuck is left behind."""
        self._closing.set()
        until = self._loop.time() + CLOSES_WITHIN_S
        while not self._ended.done() and self._loop.time() < until:
            # An interrupt that comes between two waits is lost, so it is repeated.
            self._driver.interrupt()
            await asyncio.wait((self._ended,), timeout=_INTERRUPT_AGAIN_S)
        if self._ended.done():
            self._thread.join()
        else:
            _log.error("reader-not-closed", extra={"driver": str(self._driver), "fault": "stuck"})
        self._arrivals.end(TransportDown(f"{self._driver} is closed"))

    def _came(self, card: LinkedCard) -> None:
        card.came()
        self._arrivals.found(card)

    def _leave(self, card: LinkedCard) -> None:
        self._arrivals.lost()
        card.leave()

    def _came_back(self, settle: Callable[[], None]) -> None:
        self._arrivals.up()  # it may have been given up for stuck
        settle()

    def _despair(self) -> None:
        """Report a library that does not come back; its thread cannot be ended, only waited for."""
        self._arrivals.down(TransportDown(f"{self._driver}: no answer within {ANSWER_WITHIN_S:.0f} s"))

    # The rest runs in the driver's thread.

    def _live(self) -> None:
        acts = {
            Stage.OPENING: self._open,
            Stage.WAITING: self._wait,
            Stage.SERVING: self._serve,
            Stage.PAUSING: self._pause,
        }
        stage = Stage.OPENING
        try:
            while not self._closing.is_set():
                try:
                    happened = acts[stage]()
                except Exception as fault:  # noqa: BLE001 (a library may raise anything, and a dead thread is a dead door)
                    self._tell(self._arrivals.down, _as_outage(self._driver, fault))
                    happened = Happened.FAILED
                stage = NEXT[stage, happened]
            self._let_go()
        finally:
            self._tell(self._ended.set_result, None)

    def _open(self) -> Happened:
        self._driver.open()
        self._tell(self._arrivals.up)
        return Happened.OPENED

    def _pause(self) -> Happened:
        self._let_go()
        self._closing.wait(self._pause_s)
        self._pause_s = next_pause_s(self._pause_s)
        return Happened.RESTED

    def _let_go(self) -> None:
        """Close the driver. One that fails at that, too, is opened again all the same."""
        try:
            self._driver.close()
        except Exception as fault:  # noqa: BLE001 (as above)
            _log.warning("reader-not-closed", extra={"driver": str(self._driver), "fault": repr(fault)})

    def _wait(self) -> Happened:
        self._link = self._driver.wait_for_card()
        self._pause_s = FIRST_RETRY_S  # it works: one that opens and fails at once is left alone ever longer
        return Happened.NOTHING if self._link is None else Happened.CARD_CAME

    def _serve(self) -> Happened:
        link = self._link
        if link is None:
            return Happened.CARD_LEFT
        card = LinkedCard(link.atr, self._loop, self._despair, self._welcome)
        self._tell(self._came, card)
        try:
            while not self._closing.is_set() and self._stays(card, link):
                pass
        finally:
            link.release()
            self._tell(self._leave, card)
        return Happened.CARD_LEFT

    def _stays(self, card: LinkedCard, link: Link) -> bool:
        """Hold the next conversation, or see whether the card is there still."""
        return self._talk(card, link) or (not card.is_forgotten and link.is_there())

    def _talk(self, card: LinkedCard, link: Link) -> bool:
        """Hold one conversation; False if none was asked for in a while."""
        talk = card.next_talk(PRESENCE_POLL_S)
        if talk is None:
            return False
        self._tell(self._came_back, talk.held(link.exchange))
        return True

    def _tell(self, callback: Callable[..., object], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *values)
        except RuntimeError:
            # The loop was closed and this transport was not: nobody is left to serve.
            self._closing.set()


def _as_outage(driver: Driver, fault: Exception) -> TransportDown:
    return fault if isinstance(fault, TransportDown) else TransportDown(f"{driver}: {fault!r}")
