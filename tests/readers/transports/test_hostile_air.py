"""Cards that never end a block protocol, at nfcpy's own drivers: the reader gives them up and reads the next one.

Over an emulated PN532 and over nfcpy's udp link, so that the frames are those of nfcpy.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Protocol

import pytest

from emulators.cards.card import VirtualCard
from emulators.cards.contactless import Contactless
from emulators.cards.hostile import Moment, Torn
from emulators.cards.hostile_air import Acknowledging, Chaining, Empty, Stalling
from emulators.pn532 import SerialPn532
from emulators.udp import UdpField
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Rejected
from readers.daemon import Credentials, visit
from readers.errors import CardGone, TransportDown
from readers.ports import Card
from readers.transports import isodep
from readers.transports.nfcpy import NfcpyTransport
from tests.handles import open_handles
from tests.readers.credentials.driving import transmit
from tests.readers.credentials.site import BADGE, SCHEME, Keys, issued_card

HOSTILE = [Stalling, Chaining, Acknowledging, Empty]
SELECT = bytes.fromhex("00a4040000")
DEADLINE_S = 30


class Field(Protocol):
    """A reader and a hand."""

    transport: NfcpyTransport

    def hold(self, card: VirtualCard | Contactless) -> None: ...

    def take_away(self) -> None: ...


def greeting(path: str) -> NfcpyTransport:
    """Return a reader that asks each card whose badge it is."""
    transport = NfcpyTransport(path, asyncio.get_running_loop())
    visit.greet(transport, Credentials(SCHEME, Keys()), lambda: datetime.now(UTC))
    return transport


class SerialField:
    def __init__(self, chip: SerialPn532) -> None:
        self._chip = chip
        self.transport = greeting(f"tty:{chip.path}")

    def hold(self, card: VirtualCard | Contactless) -> None:
        self._chip.present(card)

    def take_away(self) -> None:
        self._chip.remove()


class LinkedField:
    def __init__(self, link: UdpField) -> None:
        self._link = link
        self.transport = greeting(f"udp:localhost:{link.port}")

    def hold(self, card: VirtualCard | Contactless) -> None:
        self._link.insert(card)

    def take_away(self) -> None:
        self._link.remove()


@asynccontextmanager
async def serial() -> AsyncIterator[Field]:
    with SerialPn532() as chip:
        field = SerialField(chip)
        yield field
        await field.transport.close()


@asynccontextmanager
async def linked() -> AsyncIterator[Field]:
    async with UdpField(port=0) as link:
        field = LinkedField(link)
        yield field
        field.hold(issued_card())  # nfcpy's wait for an answer over UDP ends at once, then
        await field.transport.close()


FIELDS = {"pn532": serial, "udp": linked}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    threads, handles = set(threading.enumerate()), open_handles()
    yield
    assert set(threading.enumerate()) <= threads
    assert open_handles() <= handles


@pytest.fixture(autouse=True)
def hurried(monkeypatch) -> None:
    monkeypatch.setattr(isodep, "COMMAND_WITHIN_S", 0.3)


async def next_card(field: Field) -> Card:
    """Wait as a daemon does: nfcpy takes a chip that is late by 100 ms, as on a busy machine, for gone."""
    while True:
        with suppress(TransportDown):
            return await field.transport.next_card()


@pytest.mark.parametrize("kind", HOSTILE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("where", list(FIELDS))
async def test_a_card_without_an_end_is_given_up_and_the_next_badge_is_read(where, kind):
    async with asyncio.timeout(DEADLINE_S), FIELDS[where]() as field:
        field.hold(kind(issued_card()))
        card = await next_card(field)
        assert isinstance(await visit.read(card), Rejected)
        with pytest.raises(CardGone):
            await transmit(card, SELECT)
        field.take_away()
        await card.removed()
        field.hold(issued_card())
        assert await visit.read(await next_card(field)) == Identified(
            BadgeId(BADGE.hex()), Assurance.AUTHENTICATED
        )


@pytest.mark.parametrize("where", list(FIELDS))
async def test_a_badge_taken_away_at_any_command_is_torn_and_read_when_it_is_there_again(where):
    async with asyncio.timeout(DEADLINE_S), FIELDS[where]() as field:
        for at_command in range(4):
            field.hold(Torn(issued_card(), at_command, Moment.AFTER, field.take_away))
            card = await next_card(field)
            assert await visit.read(card) == visit.TORN
            card.forget()
            await card.removed()
            field.hold(issued_card())
            card = await next_card(field)
            assert await visit.read(card) == Identified(BadgeId(BADGE.hex()), Assurance.AUTHENTICATED)
            field.take_away()
            await card.removed()


async def test_many_such_cards_leave_no_handle_open():
    async with asyncio.timeout(DEADLINE_S), serial() as field:
        field.hold(issued_card())
        await visit.read(await next_card(field))
        before = open_handles()
        for number in range(8):
            field.take_away()
            field.hold(HOSTILE[number % len(HOSTILE)](issued_card()))
            await visit.read(await next_card(field))
        assert open_handles() == before
