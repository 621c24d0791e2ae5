"""Doors of UHPPOTE boards: how a board is set up, what its events mean, and what happens when they get lost."""

import asyncio
from collections.abc import AsyncIterator
from socket import SOCK_DGRAM

import pytest

from emulators.uhppote import SERIAL, EmulatedBoard, Function
from policies.ids import DoorId
from readers.actuators.uhppoted import Board, UhppoteDoor
from readers.errors import HardwareFault
from readers.hardware import Uhppote, UhppoteBoard
from readers.ports import Input
from tests.ports.doors import QUICK_BOARD, a_door, comes_true
from tests.programs import free_port


class Bench:
    """A board with a door, and its driver once it is started."""

    def __init__(self) -> None:
        self.door = a_door()
        self.board = EmulatedBoard(self.door)
        self.told: list[Input] = []

    def start(self, serial: int = SERIAL, number: int = 1) -> UhppoteDoor:
        events = f"127.0.0.1:{free_port(SOCK_DGRAM)}"
        self.driver = Board(UhppoteBoard("b24", serial, self.board.address, events, events), QUICK_BOARD)
        door = self.driver.door(Uhppote(DoorId("agora"), "b24", number))
        door.listen(self.told.append)
        self.driver.open()
        door.lock()
        return door


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.board:
        yield bench
        await bench.driver.close()


async def test_a_board_is_set_up_when_it_is_found_and_again_after_it_was_away(bench):
    door = bench.start()
    await comes_true(lambda: Input.CONTACT_CLOSED in door.senses())
    once = [Function.RECORD_SPECIAL, Function.SET_LISTENER, Function.SET_DOOR]
    await comes_true(lambda: bench.board.set_up == once)
    bench.board.is_dead = True
    await comes_true(lambda: {Input.OUTPUT_FAILED, Input.CONTACT_FAULT} <= door.senses())
    with pytest.raises(HardwareFault, match=rf"door agora: uhppote {SERIAL} at .*, its door 1: .*expected"):
        door.unlock()
    bench.board.is_dead = False
    await comes_true(lambda: {Input.OUTPUT_RESTORED, Input.CONTACT_CLOSED} <= door.senses())
    await comes_true(lambda: bench.board.set_up == 2 * once)


async def test_an_opening_whose_event_got_lost_is_known_when_the_board_is_asked(bench):
    door = bench.start()
    await comes_true(lambda: Input.CONTACT_CLOSED in door.senses())
    bench.board.loses_events = True
    bench.door.force()
    bench.door.hold(3600)
    await comes_true(lambda: bench.told == [Input.CONTACT_OPEN])


async def test_the_button_opens_by_the_board_itself_and_is_told(bench):
    bench.start()
    await comes_true(
        lambda: Function.SET_DOOR in bench.board.set_up
    )  # before that it knows of nobody to tell
    bench.door.press()
    assert bench.door.is_released
    await comes_true(lambda: Input.EXIT_REQUESTED in bench.told)


async def test_what_happens_at_another_door_of_the_board_is_not_told_of_this_one(bench):
    door = bench.start(number=2)
    await comes_true(lambda: Input.CONTACT_CLOSED in door.senses())
    bench.door.leave()
    await asyncio.sleep(0.2)
    assert bench.told == []


async def test_a_board_with_another_serial_number_answers_for_nobody(bench):
    door = bench.start(serial=SERIAL + 1)
    await comes_true(lambda: Input.OUTPUT_FAILED in door.senses())
    assert Input.CONTACT_CLOSED not in door.senses()
    with pytest.raises(HardwareFault, match="expected it to switch the strike"):
        door.unlock()
    assert not bench.door.is_released


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x17\x40", bytes(64), b"\x17\x40\x00\x00\x01\x00\x00\x00\x01".ljust(64, b"\x00"), b"\xff" * 64],
    ids=["empty", "short", "zeros", "another board's", "noise"],
)
async def test_a_board_moves_for_no_datagram_that_is_not_an_order_to_it(bench, packet):
    bench.start()
    assert bench.board.answer(packet) is None
    assert not bench.door.is_released


async def test_an_order_as_the_protocols_documentation_shows_it_opens_the_door(bench):
    bench.start()
    order = bytes.fromhex("1740000078372a1801").ljust(64, b"\x00")
    assert bench.board.answer(order) == bytes.fromhex("1740000078372a1801").ljust(64, b"\x00")
    assert bench.door.is_released
