"""The OSDP transport: a peripheral of libosdp's reads a card, and the door computer has a card with that number."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from emulators.osdp import BARE_READER, EmulatedLine, EmulatedPeripheral
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Rejected
from readers.credentials.uid import GET_UID
from readers.daemon import visit
from readers.errors import CardGone, TransportDown
from readers.osdp.messages import CardData, Keys
from readers.osdp.panel import ControlPanel
from readers.osdp.peripheral import Peripheral
from readers.transports.osdp import STAYS_S, OsdpTransport
from tests.readers.credentials.driving import transmit

UID = bytes.fromhex("04a1b2c3d4e5f6")
OTHER_UID = bytes.fromhex("04ffeeddccbbaa")
DEADLINE_S = 10


class Head:
    """A peripheral without a line: what it reports is said by the test."""

    def __init__(self) -> None:
        self.peripheral = Peripheral("the head", lambda _: asyncio.get_running_loop().create_future())
        self.peripheral.change(None)
        self.transport = OsdpTransport(self.peripheral, asyncio.get_running_loop())
        visit.greet(self.transport, visit.Credentials(), lambda: datetime.now(UTC))

    def tell(self, number: bytes, bits: int | None = None) -> None:
        self.peripheral.hear(CardData(len(number) * 8 if bits is None else bits, number))


@pytest.fixture
async def head() -> AsyncIterator[Head]:
    head = Head()
    yield head
    await head.transport.close()


def badge(uid: bytes) -> Identified:
    return Identified(BadgeId(uid.hex()), Assurance.UID)


async def nothing_comes(transport: OsdpTransport) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(transport.next_card(), 0.05)


async def test_a_card_read_on_the_line_is_identified_by_its_number_and_proves_no_more():
    key = secrets.token_bytes(16)
    reader = EmulatedPeripheral(7, key, BARE_READER)
    with EmulatedLine(reader) as line:
        panel = ControlPanel(line.path, 115200, {7: key}, asyncio.get_running_loop())
        transport = OsdpTransport(panel.peripherals[7], asyncio.get_running_loop())
        visit.greet(transport, visit.Credentials(), lambda: datetime.now(UTC))
        async with asyncio.timeout(DEADLINE_S):
            reader.read_card(UID)
            card = await transport.next_card()
            assert await visit.read(card) == badge(UID)
            await card.removed()
            with pytest.raises(CardGone):
                await transmit(card, GET_UID)
        await transport.close()
        await panel.close()


async def test_a_card_told_again_and_again_is_one_tap(head):
    head.tell(UID)
    card = await head.transport.next_card()
    for _ in range(3):
        await asyncio.sleep(0.4 * STAYS_S)
        head.tell(UID)
        await nothing_comes(head.transport)
    assert await visit.read(card) == badge(UID)


async def test_another_card_takes_the_place_of_the_first_at_once(head):
    head.tell(UID)
    first = await head.transport.next_card()
    head.tell(OTHER_UID)
    await asyncio.wait_for(first.removed(), 0.1)
    assert await visit.read(await head.transport.next_card()) == badge(OTHER_UID)


@pytest.mark.parametrize(
    ("number", "bits"),
    [(bytes(4), 26), (bytes(5), 37), (UID, 55), (bytes(16), 128), (b"", 0), (bytes.fromhex("08a1b2c3"), 32)],
    ids=["wiegand 26", "wiegand 37", "a bit short", "a site's own number", "nothing", "a random number"],
)
async def test_what_is_no_whole_serial_number_is_unreadable(head, number, bits):
    head.tell(number, bits)
    assert isinstance(await visit.read(await head.transport.next_card()), Rejected)


async def test_keys_are_no_card_and_an_outage_takes_the_card_away(head):
    head.peripheral.hear(Keys(b"1"))
    await nothing_comes(head.transport)
    head.tell(UID)
    card = await head.transport.next_card()
    head.peripheral.change(TransportDown("cut"))
    await asyncio.wait_for(card.removed(), 0.1)
    with pytest.raises(TransportDown, match="cut"):
        await head.transport.next_card()
    head.peripheral.change(None)
    head.tell(UID)
    assert await visit.read(await head.transport.next_card()) == badge(UID)


async def test_a_closed_transport_finds_nothing_more(head):
    await head.transport.close()
    head.tell(UID)
    with pytest.raises(TransportDown, match="closed"):
        await head.transport.next_card()
