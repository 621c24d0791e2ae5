"""The RF field: cards come, go, collide and are torn away; the antenna is unplugged and comes back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from emulators.field import ACTIVATION_S, BYTE_S, CARD_WORK_S, FRAME_BYTES, Antenna
from readers.credentials.uid import GET_UID
from readers.errors import CardGone, TransportDown
from tests.readers.credentials.driving import transmit

UID = bytes.fromhex("04a1b2c3d4e5f6")
SELECT = bytes.fromhex("00a4040000")
ANSWER = UID + b"\x90\x00"


def in_field(story: Callable[[Antenna], Awaitable[None]], *, rf_timing: bool = False) -> None:
    async def live() -> None:
        clock = LoopClock(asyncio.get_running_loop(), datetime(2026, 9, 15, 9, 20, tzinfo=UTC))
        await story(Antenna(clock, rf_timing=rf_timing))

    run_virtually(live())


async def nothing_comes(antenna: Antenna) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(antenna.next_card(), timeout=60)


def test_a_card_held_to_the_reader_is_found_and_answers():
    async def story(antenna):
        waiting = asyncio.create_task(antenna.next_card())
        await asyncio.sleep(0)
        antenna.present(UidCard(UID))
        card = await waiting
        assert card.atr == UidCard(UID).atr
        assert await transmit(card, GET_UID) == ANSWER

    in_field(story)


def test_a_card_that_stays_is_found_once():
    async def story(antenna):
        antenna.present(UidCard(UID))
        await antenna.next_card()
        await nothing_comes(antenna)

    in_field(story)


def test_a_card_shown_again_is_a_new_card():
    async def story(antenna):
        for _ in range(3):
            antenna.present(UidCard(UID))
            card = await antenna.next_card()
            antenna.remove()
            await card.removed()

    in_field(story)


def test_a_card_that_left_before_the_reader_looked_was_never_there():
    async def story(antenna):
        antenna.present(UidCard(UID))
        antenna.remove()
        await nothing_comes(antenna)

    in_field(story)


def test_a_removed_card_answers_no_more():
    async def story(antenna):
        antenna.present(UidCard(UID))
        card = await antenna.next_card()
        antenna.remove()
        with pytest.raises(CardGone):
            await transmit(card, GET_UID)

    in_field(story)


def test_a_card_torn_away_mid_exchange_is_gone():
    async def story(antenna):
        antenna.present(UidCard(UID))
        card = await antenna.next_card()
        asyncio.get_running_loop().call_later(len(SELECT) * BYTE_S, antenna.remove)
        with pytest.raises(CardGone):
            await transmit(card, SELECT)

    in_field(story, rf_timing=True)


def test_two_cards_at_once_are_both_lost_until_the_field_is_empty():
    async def story(antenna):
        antenna.present(UidCard(UID))
        first = await antenna.next_card()
        antenna.present(UidCard(bytes(7)))
        await first.removed()
        with pytest.raises(CardGone):
            await transmit(first, GET_UID)
        await nothing_comes(antenna)
        antenna.remove()
        antenna.present(UidCard(UID))
        assert await transmit(await antenna.next_card(), GET_UID) == ANSWER

    in_field(story)


def test_two_cards_that_come_together_are_one_thing_that_cannot_be_read():
    async def story(antenna):
        antenna.present(UidCard(UID))
        antenna.present(UidCard(bytes(7)))
        stack = await antenna.next_card()
        assert stack.atr == b""
        with pytest.raises(CardGone):
            await transmit(stack, GET_UID)
        await nothing_comes(antenna)
        antenna.remove()
        await stack.removed()
        antenna.present(UidCard(UID))
        assert await transmit(await antenna.next_card(), GET_UID) == ANSWER

    in_field(story)


def test_health_is_told_at_once_and_at_every_change():
    async def story(antenna):
        told = []
        antenna.watch(lambda outage: told.append(outage is None))
        antenna.unplug()
        antenna.unplug()
        antenna.plug()
        assert told == [True, False, True]

    in_field(story)


def test_an_unplugged_antenna_is_told_once_and_finds_cards_again_when_plugged():
    async def story(antenna):
        antenna.present(UidCard(UID))
        card = await antenna.next_card()
        antenna.unplug()
        with pytest.raises(CardGone):
            await transmit(card, GET_UID)
        with pytest.raises(TransportDown):
            await antenna.next_card()
        await nothing_comes(antenna)
        antenna.plug()
        assert await transmit(await antenna.next_card(), GET_UID) == ANSWER

    in_field(story)


def test_a_reader_that_waits_for_a_card_hears_of_the_outage():
    async def story(antenna):
        asyncio.get_running_loop().call_later(5, antenna.unplug)
        with pytest.raises(TransportDown, match="unplugged"):
            await antenna.next_card()

    in_field(story)


def test_a_closed_antenna_finds_nothing_more():
    async def story(antenna):
        await antenna.close()
        antenna.present(UidCard(UID))
        with pytest.raises(TransportDown, match="closed"):
            await antenna.next_card()

    in_field(story)


def test_an_exchange_takes_the_time_of_its_bytes_in_the_air():
    async def story(antenna):
        antenna.present(UidCard(UID))
        card = await antenna.next_card()
        activated = asyncio.get_running_loop().time()
        answer = await transmit(card, SELECT)
        took = asyncio.get_running_loop().time() - activated
        in_air = (len(SELECT) + len(answer) + 2 * FRAME_BYTES) * BYTE_S
        assert activated == pytest.approx(ACTIVATION_S)
        assert took == pytest.approx(in_air + CARD_WORK_S)

    in_field(story, rf_timing=True)


def test_the_number_itself_is_known_from_the_activation():
    async def story(antenna):
        antenna.present(UidCard(UID))
        card = await antenna.next_card()
        assert await transmit(card, GET_UID) == ANSWER
        assert asyncio.get_running_loop().time() == pytest.approx(ACTIVATION_S)

    in_field(story, rf_timing=True)


def test_without_rf_timing_no_time_passes():
    async def story(antenna):
        antenna.present(UidCard(UID))
        await transmit(await antenna.next_card(), SELECT)
        assert asyncio.get_running_loop().time() == 0

    in_field(story)
