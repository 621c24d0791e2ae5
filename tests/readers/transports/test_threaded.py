"""The thread under every blocking library: it outlives whatever the library does, and ends when it is told to.

The driver here is a library at its worst; pyscard and nfcpy themselves are driven in the tests beside this one.
"""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from readers.errors import CardGone, TransportDown
from readers.transports import linked, threaded
from readers.transports.threaded import Link, ThreadedTransport
from tests.readers.credentials.driving import transmit

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

DEADLINE_S = 10


class Answering:
    """A card that answers what it is asked, until `is_lying` is cleared."""

    atr = b"\x3b"

    def __init__(self) -> None:
        self.is_lying = threading.Event()
        self.is_lying.set()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()

    def exchange(self, apdu: bytes) -> bytes:
        self.was_asked.set()
        self.may_answer.wait()
        if not apdu:
            raise CardGone("nothing was asked")
        return apdu

    def is_there(self) -> bool:
        return self.is_lying.is_set()

    def release(self) -> None:
        self.is_lying.clear()


class ScriptedDriver:
    """Does what comes next: hands over a card, finds nothing, or fails in any way."""

    def __init__(self, *script: Callable[[], Link | None]) -> None:
        self.script: SimpleQueue[Callable[[], Link | None]] = SimpleQueue()
        for step in script:
            self.script.put(step)

    def open(self) -> None:
        """Be open."""

    def wait_for_card(self) -> Link | None:
        return self.script.get()()

    def interrupt(self) -> None:
        self.script.put(lambda: None)

    def close(self) -> None:
        """Be closed."""


def fail(error: Exception) -> Callable[[], Link | None]:
    def step() -> Link | None:
        raise error

    return step


@pytest.mark.parametrize("error", [TransportDown("unplugged"), OSError("unplugged"), ValueError("unplugged")])
async def test_whatever_a_library_raises_is_an_outage_that_heals(error):
    card = Answering()
    transport = ThreadedTransport(ScriptedDriver(fail(error), lambda: card), asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(TransportDown, match="unplugged"):
            await transport.next_card()
        found = await transport.next_card()
        assert await transmit(found, b"\x01") == b"\x01"
        await transport.close()


async def test_exchanges_are_answered_in_the_order_they_were_asked():
    transport = ThreadedTransport(ScriptedDriver(Answering), asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        asked = [bytes((number,)) for number in range(1, 50)]
        assert await asyncio.gather(*(transmit(card, each) for each in asked)) == asked
        await transport.close()


async def test_an_exchange_that_nobody_waits_for_any_more_breaks_nothing():
    lying = Answering()
    lying.may_answer.clear()
    transport = ThreadedTransport(ScriptedDriver(lambda: lying), asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transmit(card, b"\x01"), timeout=0.01)
        lying.may_answer.set()
        assert await transmit(card, b"\x02") == b"\x02"
        await transport.close()


async def test_what_was_asked_of_a_card_that_left_is_told_so():
    lying = Answering()
    lying.may_answer.clear()
    transport = ThreadedTransport(ScriptedDriver(lambda: lying), asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        asked = [asyncio.create_task(transmit(card, b"")), asyncio.create_task(transmit(card, b"\x01"))]
        await asyncio.sleep(0)
        closing = asyncio.create_task(transport.close())
        await asyncio.sleep(0)
        lying.may_answer.set()
        await closing
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in answers] == [CardGone, CardGone]


@pytest.mark.parametrize("asked", [b"", b"\x01"], ids=["the card is gone", "it answers after all"])
async def test_a_library_that_was_given_up_for_stuck_is_there_again_when_it_comes_back(monkeypatch, asked):
    monkeypatch.setattr(linked, "ANSWER_WITHIN_S", 0.05)
    lying = Answering()
    lying.may_answer.clear()
    transport = ThreadedTransport(ScriptedDriver(lambda: lying), asyncio.get_running_loop())
    told: asyncio.Queue[TransportDown | None] = asyncio.Queue()
    transport.watch(told.put_nowait)
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        asking = asyncio.create_task(transmit(card, asked))
        assert await told.get() is None
        assert isinstance(await told.get(), TransportDown)
        lying.may_answer.set()
        assert await told.get() is None
        await asyncio.gather(asking, return_exceptions=True)
        await transport.close()


async def test_a_library_that_never_comes_back_holds_no_shutdown_up(monkeypatch, caplog):
    monkeypatch.setattr(threaded, "CLOSES_WITHIN_S", 0.05)
    lying = Answering()
    lying.may_answer.clear()
    transport = ThreadedTransport(ScriptedDriver(lambda: lying), asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        asked = asyncio.create_task(transmit(card, b"\x01"))
        await asyncio.to_thread(lying.was_asked.wait)
        await transport.close()
        assert "reader-not-closed" in caplog.messages
        with pytest.raises(TransportDown, match="closed"):
            await transport.next_card()
        lying.may_answer.set()
        assert await asked == b"\x01"
        await asyncio.to_thread(transport._thread.join)  # noqa: SLF001 (for the next test's count)


def test_a_transport_forgotten_by_a_closed_loop_ends_by_itself():
    driver = ScriptedDriver()

    async def forget() -> ThreadedTransport:
        return ThreadedTransport(driver, asyncio.get_running_loop())

    transport = asyncio.run(forget())
    driver.script.put(Answering)
    transport._thread.join(DEADLINE_S)  # noqa: SLF001 (nothing else is left to ask)
    assert not transport._thread.is_alive()  # noqa: SLF001  (its end is the point)
