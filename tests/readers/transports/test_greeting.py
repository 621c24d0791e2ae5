"""A card's greeting in the thread of its reader: it needs no event loop, ends when nobody waits, and hides no fault."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Answer, Derive, Exchange, Identified, Step, Transmit, unproven
from readers.credentials.keys import KeyRef
from readers.daemon import visit
from readers.errors import CardGone, KeyStoreFault, TransportDown
from readers.ports import Greeting
from readers.transports.threaded import Link, ThreadedTransport
from tests.readers.credentials.driving import transmit

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

DEADLINE_S = 10
ADAS = Identified(BadgeId("ab"), Assurance.AUTHENTICATED)


class Lying:
    """A card that answers each command with itself, and lies there until it is released. `fault` comes instead."""

    atr = b"\x3b"

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.was_asked = threading.Event()
        self.asked: list[bytes] = []

    def exchange(self, apdu: bytes) -> bytes:
        self.asked.append(apdu)
        self.was_asked.set()
        self.may_answer.wait()
        if self._fault is not None:
            raise self._fault
        return apdu

    def is_there(self) -> bool:
        return True

    def release(self) -> None:
        """Do nothing."""


class OneCard:
    """A driver with one card, found when it may come, and no other ever."""

    def __init__(self, card: Lying) -> None:
        self._card = card
        self.may_come = threading.Event()
        self._interrupted = threading.Event()
        self._found = False

    def open(self) -> None:
        """Be open."""

    def wait_for_card(self) -> Link | None:
        if self._found:
            self._interrupted.wait()
            return None
        self.may_come.wait()
        self._found = True
        return self._card

    def interrupt(self) -> None:
        self.may_come.set()
        self._interrupted.set()

    def close(self) -> None:
        """Be closed."""


def three_commands(_: bytes) -> Exchange:
    """Send two commands, ask for a key, and send one more."""
    yield Transmit(b"\x01")
    yield Transmit(b"\x02")
    key = yield Derive(KeyRef("read", 1), b"card")
    yield Transmit(b"\x03")
    return Identified(BadgeId(key.hex()), Assurance.AUTHENTICATED)


def key_ab(_: Step) -> bytes:
    return b"\xab"


@asynccontextmanager
async def reader(
    card: Lying, greeting: Greeting = three_commands, answer: Answer = key_ab
) -> AsyncIterator[ThreadedTransport]:
    """Run a reader to which the card comes once its greeting is set."""
    driver = OneCard(card)
    transport = ThreadedTransport(driver, asyncio.get_running_loop())
    transport.greet(greeting, answer)
    driver.may_come.set()
    async with asyncio.timeout(DEADLINE_S):
        yield transport
        await transport.close()


async def test_a_card_is_greeted_to_the_end_while_the_event_loop_does_something_else():
    threads: set[int] = set()
    is_over = threading.Event()

    def greeting(atr: bytes) -> Exchange:
        outcome = yield from three_commands(atr)
        is_over.set()
        return outcome

    def answer(_: Step) -> bytes:
        threads.add(threading.get_ident())
        return b"\xab"

    card = Lying()
    async with reader(card, greeting, answer) as transport:
        assert is_over.wait(DEADLINE_S), "the event loop stands still here"
        assert card.asked == [b"\x01", b"\x02", b"\x03"]
        assert threads.isdisjoint({threading.get_ident()})
        assert await (await transport.next_card()).greeted() == ADAS


async def test_a_card_that_lay_there_before_the_greeting_was_set_is_greeted_when_it_is_asked():
    driver = OneCard(Lying())
    transport = ThreadedTransport(driver, asyncio.get_running_loop())
    driver.may_come.set()
    async with asyncio.timeout(DEADLINE_S):
        card = await transport.next_card()
        transport.greet(three_commands, key_ab)
        assert await card.greeted() == ADAS
        await transport.close()


async def test_a_greeting_that_nobody_waits_for_any_more_ends_before_its_next_command():
    lying = Lying()
    lying.may_answer.clear()
    async with reader(lying) as transport:
        card = await transport.next_card()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(card.greeted(), 0.01)
        lying.may_answer.set()
        assert await transmit(card, b"\x09") == b"\x09"
        assert lying.asked == [b"\x01", b"\x09"]


async def test_a_fault_of_the_keys_is_the_visits_and_the_reader_stays():
    def answer(_: Step) -> bytes:
        raise KeyStoreFault("the token is unplugged")

    told: list[TransportDown | None] = []
    async with reader(Lying(), answer=answer) as transport:
        transport.watch(told.append)
        card = await transport.next_card()
        assert await visit.read(card) == unproven("keys-fault")
        assert await transmit(card, b"\x09") == b"\x09"
        assert told == [None]


async def test_a_fault_of_the_library_is_an_outage_of_the_reader_and_the_card_is_gone():
    lying = Lying(fault=StopIteration("the library stumbles"))
    lying.may_answer.clear()
    async with reader(lying) as transport:
        card = await transport.next_card()
        lying.may_answer.set()
        with pytest.raises(CardGone):
            await card.greeted()
        with pytest.raises(TransportDown, match="the library stumbles"):
            await transport.next_card()


async def test_keys_that_take_too_long_refuse_the_card_and_hold_no_other_reader_up(monkeypatch):
    monkeypatch.setattr(visit, "VISIT_S", 0.05)
    may_answer = threading.Event()

    def answer(_: Step) -> bytes:
        may_answer.wait()
        return b"\xab"

    slow, other = Lying(), Lying()
    async with reader(slow, answer=answer) as first, reader(other) as second:
        card = await first.next_card()
        assert await visit.read(card) == unproven("too-slow")
        assert await visit.read(await second.next_card()) == ADAS
        may_answer.set()
        assert await transmit(card, b"\x09") == b"\x09"
        assert slow.asked == [b"\x01", b"\x02", b"\x09"], "what came too late was for nobody"


async def test_a_greeting_that_nobody_ever_asks_for_complains_of_nothing(caplog):
    lying = Lying(fault=CardGone("torn away"))
    async with reader(lying):
        await asyncio.to_thread(lying.was_asked.wait)
    assert caplog.messages == []
