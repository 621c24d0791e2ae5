"""A tap that is asked for more: a PIN, a second person, or the other door of a mantrap to be shut first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Reader, Space, SpaceKind
from policies.ids import BadgeId, DoorId, InterlockId, PersonId, ReaderId, RuleId, SiteId, SpaceId
from policies.policy import Rule, RuleEffect
from policies.request import Direction
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.daemon import Daemon, Rights
from readers.daemon.pins import Lockouts
from readers.daemon.standings import Standings
from readers.journal import Durability, FileJournal
from readers.ports import Feedback
from readers.wire.commands import Command, Refusal, Verb, sign
from readers.wire.events import Event, parse
from readers.wire.lockout import READER_TRIES
from readers.wire.pin import hash_pin
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import (
    ADA_CARD,
    LAB,
    LAB_IN,
    LAB_OUT,
    SCOPE,
    SITE_KEY,
    START,
    Desk,
    QuietUplink,
    building,
    desk,
    label,
    signed,
    snapshot,
)

BOB_CARD = UidCard(bytes.fromhex("04b0b0b0b0b0b0"))
SERIALS = ("04e1b0b0b0b0b0", "04e2b0b0b0b0b0", "04c0b0b0b0b0b0")
EVE_CARD, EVE2_CARD, CYD_CARD = (UidCard(bytes.fromhex(each)) for each in SERIALS)
ADA, BOB = PersonId("ada"), PersonId("bob")
PIN, DURESS, WRONG = "2580#", "2581#", "1234#"
LAB_BACK = ReaderId("lab-back")
SLOW_TO_COMPARE = "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA==$vgdg1tmuzqjyNClhp3U8VnFYS4ZIGZYt9YN5WM1R95o="
"""The same PIN, 2580, at four times the usual cost."""


def made(**door: object) -> Snapshot:
    """Return rights of Ada, who has a PIN, and Bob, who has none; both are makers."""
    rights = snapshot(built=building(**door))
    ada = Person(ADA, ResidentType.MAKER, pin=hash_pin("2580", bytes(16)))
    bob = Person(BOB, ResidentType.MAKER)
    badges = [
        Badge(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, ADA),
        Badge(BadgeId("04b0b0b0b0b0b0"), BadgeKind.UID, BOB),
    ]
    return msgspec.structs.replace(rights, roster=Roster.of([ada, bob], badges))


def live(directory: Path, act: Callable[[Desk], Awaitable[None]], rights: Snapshot) -> None:
    async def scene() -> None:
        async with desk(directory, [signed(rights)], rights.building) as running:
            await act(running)

    run_virtually(scene())


async def show(at: Desk, card: UidCard, reader: ReaderId = LAB_IN) -> None:
    at.antennas[reader].present(card)
    await at.clock.sleep(0.3)
    at.antennas[reader].remove()
    await at.clock.sleep(0.1)


async def press(at: Desk, keys: str, reader: ReaderId = LAB_IN) -> None:
    at.antennas[reader].press(keys)
    await at.clock.sleep(0.1)


async def enter_pin(at: Desk, keys: str) -> bool:
    """Tap Ada's badge, press keys, and return whether the door gives way then; let it fall shut."""
    await show(at, ADA_CARD)
    await press(at, keys)
    opened = at.door.push()
    await at.clock.sleep(10)
    return opened


def reasons(at: Desk) -> list[str]:
    return [reason for kind, reason in at.said() if kind == "decision" and reason]


# ---- PIN


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


def with_a_back_entry(rights: Snapshot) -> Snapshot:
    """Return the same rights over a lab that has one more reader to come in by."""
    built = rights.building
    readers = [*built.readers.values(), Reader(LAB_BACK, LAB, Direction.ENTRY)]
    built = Building.of(built.site, [*built.spaces.values()], [*built.doors.values()], readers)
    return msgspec.structs.replace(rights, building=built)


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


# ---- two persons


def test_two_persons_within_the_time_open_and_both_pass(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        assert not at.door.push()
        await at.clock.sleep(5)
        await show(at, BOB_CARD)
        assert at.door.push()
        assert reasons(at) == ["authorization-delayed", "granted", "granted"]
        passed = [event.person for event in at.events() if event.type.value == "passage"]
        assert sorted(filter(None, passed)) == ["ada", "bob"]

    live(tmp_path, act, made(two_person=True))


def test_one_person_twice_or_a_second_one_too_late_open_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, ADA_CARD)
        assert not at.door.push()
        await at.clock.sleep(11)
        await show(at, BOB_CARD)
        assert not at.door.push()
        assert reasons(at)[-2:] == ["denied-verification-timeout", "authorization-delayed"]

    live(tmp_path, act, made(two_person=True))


def test_two_persons_at_two_readers_of_one_door_open_it_together(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD, LAB_BACK)
        assert not at.door.push()
        await show(at, BOB_CARD)
        assert at.door.push()
        assert reasons(at) == ["authorization-delayed", "granted", "granted"]

    live(tmp_path, act, with_a_back_entry(made(two_person=True)))


def test_whoever_leaves_is_the_second_person_of_nobody(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, BOB_CARD, LAB_OUT)
        await at.clock.sleep(11)
        assert reasons(at) == ["authorization-delayed", "granted", "denied-verification-timeout"]

    live(tmp_path, act, made(two_person=True))


def test_two_persons_at_two_doors_are_each_alone_whatever_lies_behind(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        await trap.tap("outer", ADA_CARD)
        await trap.tap("inner", BOB_CARD)
        await trap.clock.sleep(11)
        said = [event.reason.value for event in trap.events() if event.reason]
        assert said == ["authorization-delayed"] * 2 + ["denied-verification-timeout"] * 2

    trapped(tmp_path, act, two_person=True)


def test_whoever_went_in_with_a_second_person_is_not_the_second_person_of_a_third(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await show(at, ADA_CARD)
        await show(at, BOB_CARD)
        assert at.door.push()
        await at.clock.sleep(5)
        await show(at, ADA_CARD)
        assert not at.door.push()

    live(tmp_path, act, made(two_person=True))


def hosted(*, accompanied: bool = False) -> Snapshot:
    """Return rights of makers, and of visitors of Ada who enter beside her alone."""
    rights = made()
    maker = msgspec.structs.replace(rights.policy.rules[0], accompanied=accompanied)
    visitors = Rule(
        RuleId("visitors"),
        RuleEffect.PERMIT,
        (ResidentType.VISITOR,),
        spaces=(SpaceId("site"),),
        escorted=True,
    )
    people = [Person(PersonId(f"eve{card}"), ResidentType.VISITOR, host=ADA) for card in "12"]
    people.append(Person(PersonId("cyd"), ResidentType.MAKER))
    badges = [
        Badge(BadgeId(serial), BadgeKind.UID, who.id) for serial, who in zip(SERIALS, people, strict=True)
    ]
    roster = Roster.of([*rights.roster.people.values(), *people], [*rights.roster.badges.values(), *badges])
    policy = msgspec.structs.replace(rights.policy, rules=(maker, visitors))
    return msgspec.structs.replace(rights, roster=roster, policy=policy)


def test_a_host_brings_in_two_visitors_also_with_a_colleague_between_them(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for card in (ADA_CARD, EVE_CARD, BOB_CARD, EVE2_CARD):
            await show(at, card)
        assert reasons(at) == ["granted"] * 4
        await at.clock.sleep(10)
        await show(at, EVE_CARD)
        assert reasons(at)[-1] == "denied-no-accompaniment"

    live(tmp_path, act, hosted())


def test_where_the_permit_asks_for_two_a_couple_is_the_second_person_of_nobody(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for card in (ADA_CARD, BOB_CARD, CYD_CARD):
            await show(at, card)
        assert reasons(at) == ["authorization-delayed", "granted", "granted", "authorization-delayed"]

    live(tmp_path, act, hosted(accompanied=True))


# ---- a mantrap


class Mantrap:
    """A lock between the street and the vault: two doors on one computer, of which no two are ever open."""

    def __init__(self, directory: Path, *, two_person: bool = False) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), START)
        names = (("outer", "street", "lock"), ("inner", "lock", "vault"))
        group = InterlockId("trap")
        self.building = Building.of(
            SiteId("desk"),
            [
                Space(SpaceId("street"), label("Street"), SpaceKind.OUTSIDE),
                Space(SpaceId("site"), label("Site"), SpaceKind.SITE),
                Space(SpaceId("lock"), label("Lock"), parent=SpaceId("site")),
                Space(SpaceId("vault"), label("Vault"), parent=SpaceId("site")),
            ],
            [
                Door(
                    DoorId(name),
                    label(name),
                    SpaceId(outer),
                    SpaceId(inner),
                    interlock=group,
                    two_person=two_person,
                )
                for name, outer, inner in names
            ],
            [Reader(ReaderId(f"{name}-in"), DoorId(name), Direction.ENTRY) for name, _, _ in names],
        )
        self.doors = {
            door: EmulatedDoor(self.building.doors[door], self.clock) for door in self.building.doors
        }
        self.antennas = {reader: Antenna(self.clock) for reader in self.building.readers}
        self.rights = Rights(SCOPE, SITE_KEY.public_key(), directory / "snapshot")
        self.journal = FileJournal(directory / "journal", SCOPE, self.clock.now, Durability.BUFFERED)
        self.daemon = Daemon(self.rights, self.antennas, self.doors, self.journal, QuietUplink(), self.clock)

    async def tap(self, door: str, card: UidCard) -> Feedback | None:
        antenna = self.antennas[ReaderId(f"{door}-in")]
        antenna.present(card)
        await self.clock.sleep(0.3)
        antenna.remove()
        return self.doors[DoorId(door)].lamp

    def push(self, door: str) -> bool:
        return self.doors[DoorId(door)].push()

    def events(self) -> list[Event]:
        return [parse(line) for line in self.journal.pending(1000)]


def trapped(directory: Path, act: Callable[[Mantrap], Awaitable[None]], *, two_person: bool = False) -> None:
    async def scene() -> None:
        trap = Mantrap(directory, two_person=two_person)
        task = asyncio.create_task(trap.daemon.run())
        await asyncio.sleep(0)
        trap.daemon.take_snapshot(signed(msgspec.structs.replace(made(), building=trap.building)))
        try:
            await act(trap)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            trap.journal.close()

    run_virtually(scene())


def test_two_people_go_through_a_mantrap_and_the_second_door_waits_for_the_first(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        assert await trap.tap("outer", ADA_CARD) is Feedback.GRANTED
        assert trap.push("outer")
        assert await trap.tap("inner", ADA_CARD) is Feedback.WAITING
        assert not trap.push("inner"), "the outer door has not fallen shut"
        await trap.clock.sleep(4)
        assert trap.push("inner"), "nobody taps twice"
        assert await trap.tap("outer", BOB_CARD) is Feedback.WAITING
        assert not trap.push("outer")
        await trap.clock.sleep(4)
        assert trap.push("outer")
        said = [event.reason.value for event in trap.events() if event.reason]
        assert said == ["granted", "authorization-delayed", "granted", "authorization-delayed", "granted"]

    trapped(tmp_path, act)


def test_a_mantrap_whose_other_door_stays_open_lets_nobody_in_and_everybody_out(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        await trap.tap("outer", ADA_CARD)
        trap.push("outer")
        trap.doors[DoorId("outer")].hold(60)
        assert await trap.tap("inner", ADA_CARD) is Feedback.WAITING
        await trap.clock.sleep(20)
        assert not trap.push("inner")
        assert trap.events()[-1].reason is not None
        assert trap.doors[DoorId("inner")].lamp is Feedback.REFUSED
        trap.doors[DoorId("inner")].leave()
        assert trap.doors[DoorId("inner")].is_open

    trapped(tmp_path, act)


def test_an_operator_unlocks_no_door_of_a_mantrap_whose_other_door_is_open(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        trap.doors[DoorId("outer")].leave()
        at = trap.clock.now()
        late = at.replace(minute=1)
        command = Command("c-1", DoorId("inner"), Verb.UNLOCK, "anna", "help", at, late)
        assert trap.daemon.take_command(sign(command, SITE_KEY)) is Refusal.INTERLOCK
        assert not trap.push("inner")

    trapped(tmp_path, act)


def test_two_taps_at_the_same_moment_open_one_door_of_a_mantrap(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        trap.antennas[ReaderId("outer-in")].present(ADA_CARD)
        trap.antennas[ReaderId("inner-in")].present(BOB_CARD)
        await trap.clock.sleep(0.3)
        assert [door.is_released for door in trap.doors.values()].count(True) == 1

    trapped(tmp_path, act)
