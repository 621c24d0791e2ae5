"""A tap at a mantrap, which waits until the other door is shut."""

from datetime import timedelta
from pathlib import Path

from policies.building import Passback
from policies.ids import DoorId, ReaderId
from policies.request import DoorMode
from readers.ports import Feedback
from readers.wire.commands import Command, Refusal, Verb, sign
from readers.wire.orders import Order, Orders
from tests.readers.daemon.asking import BOB_CARD, Slow, live, made, reasons, show
from tests.readers.daemon.desk import ADA_CARD, LAB, LAB_OUT, SITE_KEY, Desk
from tests.readers.daemon.mantrap import Mantrap, trapped


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


def test_a_door_of_a_mantrap_that_opens_while_the_site_is_asked_bars_the_other(tmp_path: Path) -> None:
    async def act(trap: Mantrap) -> None:
        async def bob_goes_in() -> None:
            await trap.tap("inner", BOB_CARD)
            assert trap.push("inner")

        trap.daemon.consult(Slow(bob_goes_in))
        trap.antennas[ReaderId("outer-in")].present(ADA_CARD)
        await trap.clock.sleep(0.6)
        trap.antennas[ReaderId("outer-in")].remove()
        assert trap.doors[DoorId("outer")].lamp is Feedback.WAITING
        assert not trap.push("outer"), "both were open at once"

    trapped(tmp_path, act, passback=Passback.HARD)


def test_a_lockdown_that_comes_while_the_site_is_asked_holds_and_keeps_nobody_in(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        async def lock_down() -> None:
            now = at.clock.now()
            orders = Orders(1, Order("o-1", now, DoorMode.LOCKDOWN))
            command = Command("c-1", LAB, Verb.ORDERS, "anna", "alarm", now, now + timedelta(hours=1), orders)
            at.daemon.take_command(sign(command, SITE_KEY))

        at.daemon.consult(Slow(lock_down))
        await show(at, ADA_CARD)
        assert not at.door.push()
        assert reasons(at) == ["denied-threat-level"]
        await show(at, ADA_CARD, LAB_OUT)
        assert at.door.push()

    live(tmp_path, act, made(passback=Passback.HARD))
