"""What the daemon relies on of any card transport: one suite, run over every kind of reader.

The tests get a `rig` from whoever runs them, and a `cuttable` one of those that an outage can befall: beside this file
over what needs no service, in a namespace over pcscd.
"""

import asyncio

import pytest

from emulators.cards.uid import UidCard
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Exchange, Identified, Step, Transmit
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from tests.handles import open_handles
from tests.ports.readers import OTHER_UID, UID
from tests.readers.credentials.driving import transmit

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

DEADLINE_S = 20
QUIET_S = 0.6  # pcscd looks at a virtual reader every 0.4 s
SELECT = bytes.fromhex("00a4040000")


async def nothing_comes(rig) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(rig.transport.next_card(), QUIET_S)


async def test_a_card_is_found_by_its_number_and_answers_whatever_it_is_asked(rig):
    async with asyncio.timeout(DEADLINE_S):
        await rig.hold(UidCard(UID))
        card = await rig.transport.next_card()
        assert card.atr.startswith(b"\x3b")
        assert await transmit(card, GET_UID) == UID + b"\x90\x00"
        assert len(await transmit(card, SELECT)) == 2


def its_number(_: bytes) -> Exchange:
    """Take the card's number for its badge."""
    said = yield Transmit(GET_UID)
    return Identified(BadgeId(said[:-2].hex()), Assurance.UID)


def nothing_else(step: Step) -> bytes:
    raise AssertionError(f"{step} is no command")


async def test_each_card_is_greeted_and_one_that_left_has_nothing_more_to_say(rig):
    rig.transport.greet(its_number, nothing_else)
    async with asyncio.timeout(DEADLINE_S):
        for uid in (UID, OTHER_UID):
            await rig.hold(UidCard(uid))
            card = await rig.transport.next_card()
            assert await card.greeted() == Identified(BadgeId(uid.hex()), Assurance.UID)
            await rig.take_away()
            await card.removed()
            with pytest.raises(CardGone):
                await card.hold(its_number(card.atr), nothing_else)


async def test_a_card_that_stays_is_one_card(rig):
    async with asyncio.timeout(DEADLINE_S):
        await rig.hold(UidCard(UID))
        card = await rig.transport.next_card()
        await nothing_comes(rig)
        assert await transmit(card, GET_UID) == UID + b"\x90\x00"


async def test_a_card_that_is_forgotten_is_found_again_as_the_next_one_and_once(rig):
    rig.transport.greet(its_number, nothing_else)
    async with asyncio.timeout(DEADLINE_S):
        await rig.hold(UidCard(UID))
        gone = forgotten = card = await rig.transport.next_card()
        for _ in range(3):
            forgotten.forget()
            card = await rig.transport.next_card()
            await forgotten.removed()
            assert await card.greeted() == Identified(BadgeId(UID.hex()), Assurance.UID)
            with pytest.raises(CardGone):
                await forgotten.hold(its_number(forgotten.atr), nothing_else)
            gone, forgotten = forgotten, card
        gone.forget()
        await nothing_comes(rig)
        assert await transmit(card, GET_UID) == UID + b"\x90\x00"


async def test_a_card_taken_away_is_gone_and_the_next_one_is_new(rig):
    async with asyncio.timeout(DEADLINE_S):
        for uid in (UID, OTHER_UID, OTHER_UID):
            await rig.hold(UidCard(uid))
            card = await rig.transport.next_card()
            assert await transmit(card, GET_UID) == uid + b"\x90\x00"
            await rig.take_away()
            await card.removed()
            with pytest.raises(CardGone):
                await transmit(card, GET_UID)


async def test_an_outage_takes_the_card_away_is_told_once_and_heals(cuttable):
    told: asyncio.Queue[TransportDown | None] = asyncio.Queue()
    cuttable.transport.watch(told.put_nowait)
    async with asyncio.timeout(DEADLINE_S):
        assert await told.get() is None
        await cuttable.hold(UidCard(UID))
        card = await cuttable.transport.next_card()
        await cuttable.cut()
        await card.removed()
        with pytest.raises(TransportDown):
            await cuttable.transport.next_card()
        await nothing_comes(cuttable)
        await cuttable.take_away()
        await cuttable.mend()
        waiting = asyncio.create_task(cuttable.transport.next_card())
        assert isinstance(await told.get(), TransportDown)
        assert await told.get() is None
        await cuttable.hold(UidCard(OTHER_UID))
        assert await transmit(await waiting, GET_UID) == OTHER_UID + b"\x90\x00"
        assert told.empty()


async def test_outages_again_and_again_leave_nothing_open(cuttable):
    handles: list[int] = []
    async with asyncio.timeout(DEADLINE_S):
        for _ in range(4):
            await cuttable.hold(UidCard(UID))
            card = await cuttable.transport.next_card()
            await transmit(card, GET_UID)
            handles.append(open_handles())
            await cuttable.cut()
            with pytest.raises(TransportDown):
                await cuttable.transport.next_card()
            await cuttable.take_away()
            await cuttable.mend()
    assert len(set(handles)) == 1


async def test_closing_ends_what_waits_and_lets_the_card_go(rig):
    async with asyncio.timeout(DEADLINE_S):
        await rig.hold(UidCard(UID))
        card = await rig.transport.next_card()
        waiting = asyncio.create_task(rig.transport.next_card())
        await asyncio.sleep(0)
        await rig.transport.close()
        with pytest.raises(TransportDown, match="closed"):
            await waiting
        await card.removed()
        with pytest.raises(TransportDown, match="closed"):
            await rig.transport.next_card()
