"""Commands at a door computer: obeyed once, in time, from the site alone; and modes that orders bring."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emulators.clock import run_virtually
from policies.ids import DoorId, InterlockId
from policies.request import DoorMode
from readers.wire.commands import Command, Refusal, Verb, sign
from readers.wire.orders import ModeSource, Order, Orders
from readers.wire.signals import read_door
from tests.disk import full_disk
from tests.readers.daemon.desk import LAB, LAB_OUT, SITE_KEY, START, Desk, building, desk, signed, snapshot

Act = Callable[[Desk], Awaitable[None]]
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def live(directory: Path, act: Act, *payloads: bytes, **door: object) -> None:
    async def scene() -> None:
        built = building(**door)
        async with desk(directory, payloads or (signed(snapshot(built=built)),), built) as running:
            await act(running)

    run_virtually(scene())


def command(
    at: Desk,
    verb: Verb = Verb.UNLOCK,
    orders: Orders | None = None,
    name: str = "c-1",
    door: DoorId = LAB,
    key: Ed25519PrivateKey = SITE_KEY,
    age_s: float = 0,
) -> bytes:
    issued = at.clock.now() - timedelta(seconds=age_s)
    late = issued + (timedelta(hours=72) if orders else timedelta(seconds=5))
    return sign(Command(name, door, verb, "anna", "delivery", issued, late, orders), key)


def orders(at: Desk, revision: int, hours: float | None = None, **modes: DoorMode) -> bytes:
    until = at.clock.now() + timedelta(hours=hours) if hours else None
    given = {slot: Order(f"o-{revision}", at.clock.now(), mode, until) for slot, mode in modes.items()}
    return command(at, Verb.ORDERS, Orders(revision, **given), f"o-{revision}")


def answers(at: Desk) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (event.command, event.effect.value if event.effect else None, event.cause)
        for event in at.events()
        if event.type.value == "command"
    ]


def test_an_unlocking_lets_one_in_whom_nobody_knows_and_is_answered_before_the_bolt_moves(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        assert at.daemon.take_command(command(at)) is None
        assert at.door.push()
        await at.clock.sleep(10)
        assert not at.door.push()
        assert answers(at) == [("c-1", "grant", "unlock")]
        passage = next(event for event in at.events() if event.type.value == "passage")
        assert (passage.person, passage.origin, passage.space) == (None, "street", "lab")

    live(tmp_path, act)


def test_an_unlocking_that_comes_late_from_ahead_or_twice_opens_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        once = command(at, name="once")
        assert at.daemon.take_command(command(at, age_s=5)) is Refusal.STALE
        assert at.daemon.take_command(command(at, age_s=-11)) is Refusal.AHEAD
        assert not at.door.push()
        assert at.daemon.take_command(once) is None
        assert at.door.push()
        await at.clock.sleep(4)
        assert at.daemon.take_command(once) is Refusal.REPLAYED
        assert not at.door.push()
        assert [cause for _, _, cause in answers(at)] == ["stale", "ahead", "unlock", "replayed"]

    live(tmp_path, act)


def test_an_unlocking_is_not_obeyed_a_second_time_by_a_computer_that_has_restarted(tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def first(at: Desk) -> None:
        seen.append(command(at))
        assert at.daemon.take_command(seen[0]) is None

    async def second(at: Desk) -> None:
        assert at.daemon.take_command(seen[0]) is Refusal.REPLAYED
        assert not at.door.push()

    live(tmp_path, first)
    live(tmp_path, second)


def test_a_forged_command_opens_nothing_and_a_flood_of_them_does_not_fill_the_disk(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        for _ in range(1000):
            assert at.daemon.take_command(command(at, key=OTHER_KEY)) is Refusal.FORGED
        assert at.daemon.take_command(b"TOTEM-C1") is Refusal.FORGED
        assert not at.door.push()
        assert answers(at) == [(None, "deny", "forged")]

    live(tmp_path, act)


def test_a_command_that_was_overheard_and_is_told_for_ever_opens_nothing_and_does_not_fill_the_disk(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        heard = command(at)
        at.daemon.take_command(heard)
        await at.clock.sleep(6)
        for _ in range(1000):
            assert at.daemon.take_command(heard) is Refusal.STALE
        await at.clock.sleep(60)
        at.daemon.take_command(heard)
        assert [cause for _, _, cause in answers(at)] == ["unlock", "stale", "stale"]

    live(tmp_path, act)


def test_orders_that_contradict_themselves_are_taken_for_none_of_the_site_s(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert at.daemon.take_command(orders(at, 1, lockdown=DoorMode.FREE)) is Refusal.FORGED
        assert at.daemon.take_command(orders(at, 2, operator=DoorMode.LOCKDOWN)) is Refusal.FORGED
        assert at.daemon.take_command(orders(at, 3, maintenance=DoorMode.FREE)) is Refusal.FORGED
        assert not at.door.push()
        assert await at.tap()

    live(tmp_path, act)


def test_no_order_sets_a_door_of_an_airlock_free_and_what_stands_above_it_holds(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.daemon.take_command(orders(at, 1, operator=DoorMode.FREE))
        assert not at.door.push()
        assert read_door(at.uplink.door_states[LAB]).mode is DoorMode.NORMAL
        at.daemon.take_command(orders(at, 2, operator=DoorMode.FREE, lockdown=DoorMode.LOCKDOWN))
        assert not await at.tap()

    live(tmp_path, act, interlock=InterlockId("lock"))


def test_an_unlocking_of_another_door_is_refused(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        elsewhere = command(at, door=DoorId("elsewhere"))
        assert at.daemon.take_command(elsewhere) is Refusal.UNKNOWN_DOOR

    live(tmp_path, act)


def test_an_unlocking_that_the_journal_cannot_keep_opens_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert at.daemon.take_command(command(at)) is Refusal.JOURNAL
        assert not at.door.push()

    live(tmp_path, act)


def test_a_lockdown_holds_on_a_full_disk_too_and_a_free_mode_does_not_begin(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert at.daemon.take_command(orders(at, 1, operator=DoorMode.FREE)) is Refusal.JOURNAL
            assert not at.door.push()
            assert at.daemon.take_command(orders(at, 2, lockdown=DoorMode.LOCKDOWN)) is None
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-threat-level")

    live(tmp_path, act)


def test_a_full_disk_keeps_no_lockdown_off_a_door_that_is_set_free_already(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        free = Order("o-1", at.clock.now(), DoorMode.FREE)
        lockdown = Order("o-2", at.clock.now(), DoorMode.LOCKDOWN)
        at.daemon.take_command(command(at, Verb.ORDERS, Orders(1, operator=free)))
        assert at.door.push()
        await at.clock.sleep(10)
        with full_disk():
            shut = command(at, Verb.ORDERS, Orders(2, lockdown, free))
            assert at.daemon.take_command(shut) is None
            assert not at.door.push()

    live(tmp_path, act)


def test_a_full_disk_costs_a_new_free_mode_alone_which_is_taken_once_there_is_room(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        free = Order("o-1", at.clock.now(), DoorMode.FREE)
        late = Order("o-2", at.clock.now(), DoorMode.FREE, at.clock.now() + timedelta(hours=2))
        locked = Order("o-3", at.clock.now(), DoorMode.LOCKED)
        at.daemon.take_command(command(at, Verb.ORDERS, Orders(1, event=free)))
        register = command(at, Verb.ORDERS, Orders(3, operator=locked, event=late), "c-3")
        with full_disk():
            assert at.daemon.take_command(register) is Refusal.JOURNAL
            assert not at.door.push(), "the lock is not left out with it"
        older = command(at, Verb.ORDERS, Orders(2, event=free), "c-2")
        assert at.daemon.take_command(older) is Refusal.SUPERSEDED
        assert at.daemon.take_command(register) is None
        assert read_door(at.uplink.door_states[LAB]).revision == 3

    live(tmp_path, act)


def test_an_operators_free_mode_opens_until_its_end_time(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert at.daemon.take_command(orders(at, 1, 2, operator=DoorMode.FREE)) is None
        assert at.door.push()
        status = read_door(at.uplink.door_states[LAB])
        assert (status.mode, status.by, status.until) == (
            DoorMode.FREE,
            ModeSource.OPERATOR,
            START + timedelta(hours=2),
        )
        await at.clock.sleep(7199)
        assert at.door.push()
        await at.clock.sleep(10)
        assert not at.door.push()
        assert read_door(at.uplink.door_states[LAB]).mode is DoorMode.NORMAL

    live(tmp_path, act)


def test_a_lockdown_stands_above_an_operators_mode_which_is_there_again_afterwards(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.daemon.take_command(orders(at, 1, operator=DoorMode.FREE))
        at.daemon.take_command(orders(at, 2, operator=DoorMode.FREE, lockdown=DoorMode.LOCKDOWN))
        assert not at.door.push()
        assert at.daemon.take_command(command(at)) is Refusal.LOCKDOWN
        assert await at.tap(reader=LAB_OUT)
        at.daemon.take_command(orders(at, 3, operator=DoorMode.FREE))
        assert at.door.push()

    live(tmp_path, act)


def test_orders_that_are_older_than_those_in_force_change_nothing_and_the_same_again_say_nothing(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        lockdown = orders(at, 5, lockdown=DoorMode.LOCKDOWN)
        assert at.daemon.take_command(lockdown) is None
        assert at.daemon.take_command(orders(at, 4)) is Refusal.SUPERSEDED
        assert at.daemon.take_command(orders(at, 5)) is Refusal.SUPERSEDED
        assert at.daemon.take_command(lockdown) is None
        assert not await at.tap()
        assert [cause for _, _, cause in answers(at)] == ["orders", "superseded", "superseded"]

    live(tmp_path, act)


def test_a_lockdown_holds_after_a_restart_without_a_bus(tmp_path: Path) -> None:
    async def first(at: Desk) -> None:
        at.daemon.take_command(orders(at, 1, lockdown=DoorMode.LOCKDOWN))

    async def second(at: Desk) -> None:
        assert read_door(at.uplink.door_states[LAB]).mode is DoorMode.LOCKDOWN
        assert not await at.tap()
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, first)
    live(tmp_path, second, b"")


def test_orders_that_come_before_the_first_rights_are_found_by_the_door_they_are_for(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert at.daemon.take_command(orders(at, 1, lockdown=DoorMode.LOCKDOWN)) is None
        at.daemon.take_snapshot(signed(snapshot()))
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-threat-level")

    live(tmp_path, act, b"")


def test_a_released_door_is_unlocked_by_no_command_and_re_armed_by_one_once_the_release_is_over(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        assert at.daemon.take_command(command(at, Verb.REARM, name="r-0")) is Refusal.NOT_RELEASED
        at.door.release()
        assert at.daemon.take_command(command(at)) is Refusal.RELEASED
        assert at.daemon.take_command(orders(at, 1, lockdown=DoorMode.LOCKDOWN)) is None
        assert at.door.push(), "no order locks a released door"
        await at.clock.sleep(4)
        assert at.daemon.take_command(command(at, Verb.REARM, name="r-1")) is Refusal.RELEASED
        at.door.rearm()
        assert at.door.push(), "nor does the end of the release"
        await at.clock.sleep(4)
        assert at.daemon.take_command(command(at, Verb.REARM, name="r-2")) is None
        await at.clock.sleep(6)
        assert not at.door.push()

    live(tmp_path, act, release_input=True)


def test_what_a_door_tells_while_people_work_on_it_is_told_as_that(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        at.daemon.take_command(orders(at, 1, 1, maintenance=DoorMode.NORMAL))
        at.door.force()
        await at.clock.sleep(4)
        assert read_door(at.uplink.door_states[LAB]).maintenance
        await at.clock.sleep(3600)
        at.door.force()
        causes = [event.cause for event in at.events() if event.type.value == "door-forced"]
        assert causes == ["maintenance", "forced"]
        assert not read_door(at.uplink.door_states[LAB]).maintenance

    live(tmp_path, act)
