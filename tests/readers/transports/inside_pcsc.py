"""The PC/SC transport: pyscard, pcscd and vpcd are real, the card behind them is emulated."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import pytest
from smartcard import scard

from emulators.cards.card import VirtualCard
from emulators.cards.uid import UidCard
from emulators.vpcd import VpcdSlot
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Rejected, unproven
from readers.credentials.uid import GET_UID
from readers.daemon import visit
from readers.errors import CardGone, TransportDown
from readers.transports import linked
from readers.transports.pcsc import PcscTransport
from tests.pcscd import FIRST_READER, FIRST_SLOT, SECOND_READER, SECOND_SLOT, Pcscd
from tests.readers.credentials.driving import transmit

UID = bytes.fromhex("04a1b2c3d4e5f6")
OTHER_UID = bytes.fromhex("04ffeeddccbbaa")
DEADLINE_S = 10

pytestmark = pytest.mark.usefixtures("no_thread_is_left", "pcscd")


@pytest.fixture
def pcscd() -> Iterator[Pcscd]:
    with Pcscd() as daemon:
        yield daemon


def greeting(reader_name: str) -> PcscTransport:
    """Return a reader that asks each card for its number."""
    transport = PcscTransport(reader_name, asyncio.get_running_loop())
    visit.greet(transport, visit.Credentials(), lambda: datetime.now(UTC))
    return transport


@pytest.fixture
async def transport() -> AsyncIterator[PcscTransport]:
    transport = greeting(FIRST_READER)
    yield transport
    await transport.close()


@pytest.fixture
async def slot() -> AsyncIterator[VpcdSlot]:
    slot = VpcdSlot(port=FIRST_SLOT)
    yield slot
    await slot.remove()


def badge(uid: bytes) -> Identified:
    return Identified(BadgeId(uid.hex()), Assurance.UID)


class TornCard(UidCard):
    """A card whose line breaks while it thinks about a command."""

    def process(self, apdu: bytes) -> bytes:
        raise ConnectionResetError(apdu.hex())


async def test_a_card_that_follows_another_at_once_is_one_card(transport, slot):
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(3):
            await slot.insert(UidCard(UID))
            first = await transport.next_card()
            assert await visit.read(first) == badge(UID)
            await slot.remove()
            await slot.insert(UidCard(OTHER_UID))
            await first.removed()
            second = await transport.next_card()
            assert await visit.read(second) == badge(OTHER_UID)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(transport.next_card(), timeout=0.6)  # pcscd looks every 0.4 s
            await slot.remove()
            await second.removed()


async def test_a_card_torn_away_mid_exchange_is_gone(transport, slot):
    async with asyncio.timeout(DEADLINE_S):
        await slot.insert(TornCard(UID))
        card = await transport.next_card()
        with pytest.raises(CardGone):
            await transmit(card, GET_UID)
        await card.removed()
        await slot.insert(UidCard(OTHER_UID))
        assert await visit.read(await transport.next_card()) == badge(OTHER_UID)


class SaysAnything(UidCard):
    """A card that answers each command with the same bytes, however many, or not at all."""

    def __init__(self, answer: bytes | None) -> None:
        super().__init__(UID)
        self._said = answer

    def process(self, apdu: bytes) -> bytes:
        del apdu
        return self._said  # type: ignore[return-value]  # None: it stays silent


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 258, 259, 4096, 65535])
async def test_an_answer_of_any_length_is_a_refusal_and_the_next_card_is_read(transport, slot, size):
    async with asyncio.timeout(DEADLINE_S):
        await slot.insert(SaysAnything(bytes(size)))
        card = await transport.next_card()
        assert isinstance(await visit.read(card), Rejected)
        await slot.remove()
        await card.removed()
        await slot.insert(UidCard(OTHER_UID))
        assert await visit.read(await transport.next_card()) == badge(OTHER_UID)


async def test_a_card_that_never_answers_holds_the_reader_up_only_while_it_lies_there(
    transport, slot, monkeypatch
):
    monkeypatch.setattr(linked, "ANSWER_WITHIN_S", 0.3)
    told: asyncio.Queue[TransportDown | None] = asyncio.Queue()
    transport.watch(told.put_nowait)
    async with asyncio.timeout(DEADLINE_S):
        assert await told.get() is None
        await slot.insert(SaysAnything(None))
        card = await transport.next_card()
        assert await visit.read(card) == unproven("too-slow")
        assert isinstance(await told.get(), TransportDown), "told while it lasts"
        await slot.remove()
        await card.removed()
        assert await told.get() is None
        await slot.insert(UidCard(OTHER_UID))
        assert await visit.read(await transport.next_card()) == badge(OTHER_UID)


async def test_a_card_whose_coming_the_library_overlooks_is_found_all_the_same(slot, monkeypatch):
    look: Callable[..., object] = scard.SCardGetStatusChange
    began, over = threading.Event(), threading.Event()

    def overlook(context: int, timeout_ms: int, states: object) -> object:
        """Sleep through the first wait, as libpcsclite does that compared with another thread's table."""
        if timeout_ms == 0 or began.is_set():
            return look(context, timeout_ms, states)
        began.set()
        over.wait(timeout_ms / 1000)
        return scard.SCARD_E_TIMEOUT, []

    monkeypatch.setattr(scard, "SCardGetStatusChange", overlook)
    transport = greeting(FIRST_READER)
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert await asyncio.to_thread(began.wait, DEADLINE_S)
            await slot.insert(UidCard(UID))
            assert await visit.read(await transport.next_card()) == badge(UID)
    finally:
        over.set()
        await transport.close()


async def test_a_card_that_was_lost_when_it_had_just_been_connected_is_read_when_it_is_there(
    transport, slot, monkeypatch
):
    ask: Callable[..., list[object]] = scard.SCardStatus
    lost = iter([[scard.SCARD_W_REMOVED_CARD, "", 0, 0, []], [scard.SCARD_S_SUCCESS, FIRST_READER, 0, 0, []]])
    monkeypatch.setattr(scard, "SCardStatus", lambda handle: next(lost, None) or ask(handle))
    async with asyncio.timeout(DEADLINE_S):
        await slot.insert(UidCard(UID))
        assert await visit.read(await transport.next_card()) == badge(UID)
    assert next(lost, None) is None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_the_reader_outlives_pcscd(pcscd, transport, slot, how):
    async with asyncio.timeout(DEADLINE_S):
        await slot.insert(UidCard(UID))
        card = await transport.next_card()
        pcscd.end(how)
        await card.removed()
        with pytest.raises(TransportDown, match=FIRST_READER):
            await transport.next_card()
        await slot.remove()
        waiting = asyncio.create_task(transport.next_card())
        pcscd.start()
        await slot.insert(UidCard(OTHER_UID))
        assert await visit.read(await waiting) == badge(OTHER_UID)


async def test_an_idle_reader_notices_that_pcscd_ended(pcscd, transport):
    async with asyncio.timeout(DEADLINE_S):
        waiting = asyncio.create_task(transport.next_card())
        await asyncio.sleep(0)
        pcscd.end(signal.SIGKILL)
        with pytest.raises(TransportDown):
            await waiting


async def test_health_is_told_once_for_each_change(pcscd, slot):
    told: asyncio.Queue[TransportDown | None] = asyncio.Queue()
    pcscd.end(signal.SIGTERM)
    transport = greeting(FIRST_READER)
    transport.watch(told.put_nowait)
    async with asyncio.timeout(DEADLINE_S):
        assert isinstance(await told.get(), TransportDown)
        for how in (signal.SIGKILL, signal.SIGTERM):
            pcscd.start()
            assert await told.get() is None
            pcscd.end(how)
            assert isinstance(await told.get(), TransportDown)
        pcscd.start()
        assert await told.get() is None
        await slot.insert(UidCard(UID))
        assert await visit.read(await transport.next_card()) == badge(UID)
        await transport.close()
    assert told.empty()


async def test_a_reader_that_is_not_there_is_an_outage():
    transport = PcscTransport("No Such Reader 00 00", asyncio.get_running_loop())
    async with asyncio.timeout(DEADLINE_S):
        with pytest.raises(TransportDown, match="No Such Reader"):
            await transport.next_card()
        await transport.close()


async def test_two_readers_read_apart(transport, slot):
    other_transport = greeting(SECOND_READER)
    other_slot = VpcdSlot(port=SECOND_SLOT)
    cards: list[tuple[VpcdSlot, VirtualCard]] = [(slot, UidCard(UID)), (other_slot, UidCard(OTHER_UID))]
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(*(where.insert(card) for where, card in cards))
        found = await asyncio.gather(transport.next_card(), other_transport.next_card())
        assert await asyncio.gather(*(visit.read(card) for card in found)) == [badge(UID), badge(OTHER_UID)]
        await other_transport.close()
        await other_slot.remove()


async def test_closing_is_prompt_and_ends_what_waits():
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(20):
            transport = PcscTransport(FIRST_READER, loop)
            waiting = asyncio.create_task(transport.next_card())
            began = loop.time()
            await transport.close()
            assert loop.time() - began < 1
            with pytest.raises(TransportDown, match="closed"):
                await waiting
