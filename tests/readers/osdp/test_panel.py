"""libosdp's control panel against libosdp's peripheral, over a pseudo-terminal: secure channel or nothing."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import osdp
import pytest

from emulators.osdp import BARE_READER, READER_WITH_ALL, EmulatedLine, EmulatedPeripheral
from readers.errors import SettingsError, TransportDown
from readers.osdp.messages import (
    Beep,
    CardData,
    Colour,
    Completion,
    Inputs,
    Keys,
    Report,
    SetLed,
    SetOutput,
    Tamper,
)
from readers.osdp.panel import PUBLIC_KEY, ControlPanel
from readers.osdp.peripheral import Peripheral

ADDRESS, OTHER = 5, 6
pytestmark = pytest.mark.usefixtures("no_thread_is_left")

DEADLINE_S = 20
BAUD = 9600


class Watched:
    """A peripheral as a panel sees it, with what it told."""

    def __init__(self, peripheral: Peripheral) -> None:
        self.peripheral = peripheral
        self.health: asyncio.Queue[TransportDown | None] = asyncio.Queue()
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        peripheral.watch(self.health.put_nowait)
        peripheral.listen(self.reports.put_nowait)

    async def is_up(self) -> None:
        while await self.health.get() is not None:
            pass

    async def is_down(self) -> TransportDown:
        while (outage := await self.health.get()) is None:
            pass
        return outage

    async def heard(self, kind: type[Report]) -> Report:
        while not isinstance(report := await self.reports.get(), kind):
            pass
        return report


@asynccontextmanager
async def panel_on(path: str, keys: dict[int, bytes]) -> AsyncIterator[dict[int, Watched]]:
    panel = ControlPanel(path, BAUD, keys, asyncio.get_running_loop())
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield {address: Watched(peripheral) for address, peripheral in panel.peripherals.items()}
    finally:
        await panel.close()


def some_key() -> bytes:
    return secrets.token_bytes(16)


async def test_what_a_reader_reports_arrives_through_its_secure_channel():
    key = some_key()
    reader = EmulatedPeripheral(ADDRESS, key, READER_WITH_ALL)
    with EmulatedLine(reader) as line:
        async with panel_on(line.path, {ADDRESS: key}) as there:
            at = there[ADDRESS]
            await at.is_up()
            reader.read_card(bytes.fromhex("04a1b2c3d4e5f6"))
            assert await at.heard(CardData) == CardData(56, bytes.fromhex("04a1b2c3d4e5f6"))
            reader.press(b"12")
            assert await at.heard(Keys) == Keys(b"12")
            reader.set_inputs(False, True)
            assert await at.heard(Inputs) == Inputs((False, True))
            reader.open_case()
            assert await at.heard(Tamper) == Tamper(case_open=True, power_failed=False)


async def test_orders_are_followed_and_say_so():
    key = some_key()
    reader = EmulatedPeripheral(ADDRESS, key, READER_WITH_ALL)
    with EmulatedLine(reader) as line:
        async with panel_on(line.path, {ADDRESS: key}) as there:
            at = there[ADDRESS]
            await at.is_up()
            for order in (SetOutput(1, on=True, for_s=3), SetLed(Colour.GREEN, for_s=1.5), Beep(2)):
                assert await at.peripheral.order(order) is Completion.DONE
            output, led, beep = (reader.heard.get(timeout=1) for _ in range(3))
            assert (output["output_no"], output["control_code"], output["timer_count"]) == (1, 5, 30)
            assert (led["on_color"], led["timer_count"]) == (Colour.GREEN, 15)
            assert beep["rep_count"] == 2


async def test_an_order_that_a_reader_cannot_follow_is_never_sent_and_takes_no_reader_away():
    key = some_key()
    reader = EmulatedPeripheral(ADDRESS, key, BARE_READER)
    with EmulatedLine(reader) as line:
        async with panel_on(line.path, {ADDRESS: key}) as there:
            at = there[ADDRESS]
            await at.is_up()
            for order in (SetOutput(0, on=True), SetLed(Colour.RED), Beep()):
                assert await at.peripheral.order(order) is Completion.NOT_CAPABLE
            reader.read_card(bytes(4))
            assert await at.heard(CardData) == CardData(32, bytes(4))
            assert reader.heard.empty()
            assert at.health.empty()


async def test_an_order_that_a_reader_refuses_against_its_word_is_soon_not_given_any_more():
    key = some_key()
    reader = EmulatedPeripheral(ADDRESS, key, READER_WITH_ALL)
    reader.refuses = {osdp.Command.Buzzer}
    with EmulatedLine(reader) as line:
        async with panel_on(line.path, {ADDRESS: key}) as there:
            at = there[ADDRESS]
            for _ in range(2):
                await at.is_up()
                assert await at.peripheral.order(Beep()) in (Completion.FAILED, Completion.OFFLINE)
                await at.is_down()
            await at.is_up()
            assert await at.peripheral.order(Beep()) is Completion.NOT_CAPABLE
            assert await at.peripheral.order(SetLed(Colour.RED)) is Completion.DONE
            assert at.health.empty()


async def test_readers_without_their_key_stay_offline_and_are_not_believed():
    its_keys = {1: some_key(), 2: PUBLIC_KEY, 3: None}
    readers = [EmulatedPeripheral(address, key, READER_WITH_ALL) for address, key in its_keys.items()]
    with EmulatedLine(*readers) as line:
        async with panel_on(line.path, {address: some_key() for address in its_keys}) as there:
            for reader in readers:
                reader.read_card(bytes(7))
            for at in there.values():
                assert "secure channel" in str(await at.is_down())
                assert await at.peripheral.order(SetOutput(0, on=True)) is Completion.OFFLINE
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.gather(*(at.reports.get() for at in there.values())), 2)
            assert all(reader.heard.empty() for reader in readers)


async def test_a_reader_that_comes_back_is_taken_up_within_seconds_not_after_five_minutes():
    key, other_key = some_key(), some_key()
    reader = EmulatedPeripheral(ADDRESS, key, READER_WITH_ALL)
    neighbour = EmulatedPeripheral(OTHER, other_key, READER_WITH_ALL)
    with EmulatedLine(reader, neighbour) as line:
        async with panel_on(line.path, {ADDRESS: key, OTHER: other_key}) as there:
            for at in there.values():
                await at.is_up()
            reader.is_cut = True
            await there[ADDRESS].is_down()
            assert await there[ADDRESS].peripheral.order(Beep()) is Completion.OFFLINE
            neighbour.read_card(bytes(4))
            assert await there[OTHER].heard(CardData) == CardData(32, bytes(4))
            reader.is_cut = False
            async with asyncio.timeout(5):
                await there[ADDRESS].is_up()
            assert there[OTHER].health.empty()
            reader.read_card(bytes(7))
            assert await there[ADDRESS].heard(CardData) == CardData(56, bytes(7))


async def test_a_line_that_is_not_there_is_an_outage_and_closing_is_prompt():
    loop = asyncio.get_running_loop()
    async with panel_on("/dev/no-such-line", {ADDRESS: some_key()}) as there:
        assert "no-such-line" in str(await there[ADDRESS].is_down())
        closing = loop.time()
    assert loop.time() - closing < 1


@pytest.mark.parametrize("key", [PUBLIC_KEY, bytes(16), b"\xff" * 16, b"", bytes(range(15))])
async def test_a_key_that_everybody_knows_or_that_is_none_is_refused(key):
    with pytest.raises(SettingsError, match=r"OSDP peripheral 5 on /dev/null: .*expected"):
        ControlPanel("/dev/null", BAUD, {ADDRESS: key}, asyncio.get_running_loop())
