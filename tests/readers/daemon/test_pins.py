"""A tap that is asked for a PIN: right, wrong, late, under duress, and once the guesses have locked it out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from policies.ids import BadgeId
from readers.daemon.pins import Lockouts
from readers.daemon.standings import Standings
from readers.ports import Feedback
from readers.wire.lockout import READER_TRIES
from tests.readers.daemon.asking import (
    ADA,
    BOB,
    BOB_CARD,
    DURESS,
    LAB_BACK,
    PIN,
    WRONG,
    live,
    made,
    press,
    reasons,
    show,
    with_a_back_entry,
)
from tests.readers.daemon.desk import ADA_CARD, LAB_IN, LAB_OUT, START, Desk, desk, signed

SLOW_TO_COMPARE = "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA==$vgdg1tmuzqjyNClhp3U8VnFYS4ZIGZYt9YN5WM1R95o="
"""The same PIN, 2580, at four times the usual cost."""


async def enter_pin(at: Desk, keys: str) -> bool:
    """Tap Ada's badge, press keys, and return whether the door gives way then; let it fall shut."""
    await show(at, ADA_CARD)
    await press(at, keys)
    opened = at.door.push()
    await at.clock.sleep(10)
    return opened


def test_a_badge_and_its_pin_open_together_and_neither_alone(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await press(at, PIN)
        assert not at.door.push()
        await show(at, ADA_CARD)
        assert at.door.lamp is Feedback.ENTER_PIN
        assert not at.door.push()
        await press(at, PIN)
        assert at.door.lamp is Feedback.GRANTED
        assert at.door.push()
        assert reasons(at) == ["verification-required", "granted"]
        inputs = [event.inputs.pin_ok for event in at.events() if event.inputs is not None]
        assert inputs == [False, True]

    live(tmp_path, act, made(pin=True))


def test_a_wrong_pin_can_be_cleared_before_it_is_entered_and_a_late_one_is_none(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await enter_pin(at, "12*" + PIN)
        await show(at, ADA_CARD)
        await press(at, "25")
        await at.clock.sleep(20)
        await press(at, "80#")
        assert not at.door.push()
        assert reasons(at)[-1] == "denied-verification-timeout"

    live(tmp_path, act, made(pin=True))


def test_three_wrong_pins_lock_the_badge_out_for_longer_each_time_and_a_restart_changes_nothing(
    tmp_path: Path,
) -> None:
    rights = made(pin=True)

    async def first(at: Desk) -> None:
        for _ in range(3):
            assert not await enter_pin(at, WRONG)
        assert reasons(at)[1::2] == ["denied-incorrect-authentication-factor"] * 2 + ["denied-max-attempts"]

    async def second(at: Desk) -> None:
        assert not await enter_pin(at, PIN)
        assert at.door.lamp is Feedback.REFUSED
        assert await at.tap(reader=LAB_OUT), "leaving is never refused"
        await at.clock.sleep(35)
        assert not await enter_pin(at, WRONG)
        await at.clock.sleep(31)
        assert not await enter_pin(at, PIN)
        await at.clock.sleep(60)
        assert await enter_pin(at, PIN)
        assert not await enter_pin(at, WRONG)
        assert await enter_pin(at, PIN), "a right one clears the badge"

    live(tmp_path, first, rights)
    live(tmp_path, second, rights)


def test_a_keypad_is_locked_out_however_many_badges_the_guesses_come_with(tmp_path: Path) -> None:
    lockouts = Lockouts(Standings(tmp_path / "doors"))
    guesses = [lockouts.fail(BadgeId(f"badge-{number}"), LAB_IN, START) for number in range(READER_TRIES)]
    assert guesses == [False] * (READER_TRIES - 1) + [True]
    assert lockouts.hold(BadgeId("another"), LAB_IN, START)
    lockouts.clear(BadgeId("another"), START)
    assert lockouts.hold(BadgeId("another"), LAB_IN, START), "a right PIN of somebody clears no keypad"
    assert not lockouts.hold(BadgeId("another"), LAB_OUT, START)


def test_under_duress_the_door_opens_as_ever_and_only_the_journal_tells(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        lamps: list[Feedback] = []
        at.door.watch(lamps.append)
        assert await enter_pin(at, DURESS)
        assert await enter_pin(at, PIN)
        assert lamps == [Feedback.ENTER_PIN, Feedback.GRANTED] * 2
        flags = [[flag.value for flag in event.flags] for event in at.events() if event.reason]
        assert flags == [[], ["duress"], [], []]

    live(tmp_path, act, made(pin=True))


def test_somebody_else_at_the_reader_ends_the_visit_of_who_was_asked(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, BOB_CARD)
        await press(at, PIN)
        assert not at.door.push()
        assert reasons(at) == [
            "verification-required",
            "denied-verification-timeout",
            "verification-required",
            "denied-incorrect-authentication-factor",
        ]

    live(tmp_path, act, made(pin=True))


def test_the_digits_are_nowhere_in_the_journal_nor_in_what_is_kept(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await enter_pin(at, PIN)
        assert not await enter_pin(at, "739146#")

    live(tmp_path, act, made(pin=True))
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"739146" not in written
    assert b'"2580"' not in written


def test_a_right_pin_is_none_once_wrong_ones_at_another_reader_have_locked_the_badge_out(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD, LAB_BACK)
        for _ in range(3):
            await show(at, ADA_CARD)
            await press(at, WRONG)
        await press(at, PIN, LAB_BACK)
        assert not at.door.push()
        assert reasons(at)[-2:] == ["denied-max-attempts", "denied-lockout"]

    live(tmp_path, act, with_a_back_entry(made(pin=True)))


@asynccontextmanager
async def slow_pins(directory: Path, shown: asyncio.Queue[Feedback]) -> AsyncIterator[Desk]:
    """Run the desk in the time of the wall, with a PIN of Ada's that takes long to compare."""
    rights = made(pin=True)
    rights.roster.people[ADA] = msgspec.structs.replace(rights.roster.people[ADA], pin=SLOW_TO_COMPARE)
    async with asyncio.timeout(10), desk(directory, [signed(rights)], rights.building) as at:
        at.door.watch(shown.put_nowait)
        at.antennas[LAB_IN].present(ADA_CARD)
        assert await shown.get() is Feedback.ENTER_PIN
        yield at


async def test_other_readers_go_on_while_a_pin_is_compared(tmp_path: Path) -> None:
    shown: asyncio.Queue[Feedback] = asyncio.Queue()
    async with slow_pins(tmp_path, shown) as at:
        at.antennas[LAB_IN].press(PIN)
        at.antennas[LAB_OUT].present(BOB_CARD)
        assert [await shown.get(), await shown.get()] == [Feedback.GRANTED] * 2
        assert [event.person for event in at.events() if event.reason] == [ADA, BOB, ADA]


async def test_a_pad_that_enters_faster_than_pins_are_compared_is_refused(tmp_path: Path) -> None:
    shown: asyncio.Queue[Feedback] = asyncio.Queue()
    async with slow_pins(tmp_path, shown) as at:
        at.antennas[LAB_IN].press(WRONG)
        at.antennas[LAB_IN].remove()
        at.antennas[LAB_IN].present(ADA_CARD)
        assert await shown.get() is Feedback.ENTER_PIN
        at.antennas[LAB_IN].press(PIN)
        assert [await shown.get(), await shown.get()] == [Feedback.REFUSED] * 2
        assert reasons(at)[2:] == ["denied-verification-timeout", "denied-incorrect-authentication-factor"]
