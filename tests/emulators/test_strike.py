"""The door as physics: what gives way, what the wires tell, and what a broken part does."""

from datetime import UTC, datetime

import pytest

from emulators.clock import BuildingLoop, LoopClock
from emulators.faults import CableFault, ContactBounce, DoorFaults, RelayFault
from emulators.leaf import CLOSES_AFTER_S, WIDE_OPEN_DEG
from emulators.strike import EmulatedDoor
from policies.building import Door, Label, Strike
from policies.ids import DoorId, SpaceId
from readers.errors import HardwareFault
from readers.ports import Feedback, Input

OPEN, CLOSED, EXIT = Input.CONTACT_OPEN, Input.CONTACT_CLOSED, Input.EXIT_REQUESTED
START = datetime(2026, 9, 15, 7, tzinfo=UTC)


class Bench:
    """A door on a bench in virtual time, with everything that its wires told."""

    def __init__(self, faults: DoorFaults | None = None, *, supervised: bool = False, **door) -> None:
        self.loop = BuildingLoop()
        clock = LoopClock(self.loop, START)
        described = Door(
            DoorId("agora"), Label("Agora", "Agora"), SpaceId("outside"), SpaceId("agora"), **door
        )
        self.door = EmulatedDoor(described, clock, faults, supervised=supervised)
        self.told: list[Input] = []
        self.door.listen(self.told.append)

    def pass_time(self, seconds: float) -> None:
        self.loop.run_until_complete(_nothing_for(seconds))


async def _nothing_for(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


@pytest.fixture
def make_bench():
    benches: list[Bench] = []

    def make(faults: DoorFaults | None = None, **door) -> Bench:
        benches.append(Bench(faults, **door))
        return benches[-1]

    yield make
    for bench in benches:
        bench.loop.close()


def test_a_locked_door_does_not_give_way_and_tells_nothing(make_bench):
    bench = make_bench()
    assert not bench.door.push()
    assert not bench.door.is_open
    assert bench.told == []


def test_a_released_door_opens_when_pushed_and_falls_shut_by_itself(make_bench):
    bench = make_bench()
    bench.door.unlock()
    assert bench.told == []
    assert bench.door.push()
    assert bench.told == [OPEN]
    bench.door.lock()
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    assert bench.told == [OPEN, CLOSED]
    assert not bench.door.push()


def test_relocking_does_not_shut_an_open_leaf_and_who_follows_keeps_it_open(make_bench):
    bench = make_bench()
    bench.door.unlock()
    bench.door.push()
    bench.door.lock()
    bench.pass_time(CLOSES_AFTER_S - 1)
    assert bench.door.push()
    bench.pass_time(CLOSES_AFTER_S - 1)
    assert bench.told == [OPEN]
    bench.pass_time(1.1)
    assert bench.told == [OPEN, CLOSED]


@pytest.mark.parametrize("faults", [None, DoorFaults(relay=RelayFault.NO_ANSWER), DoorFaults(power_cut=True)])
def test_the_handle_always_opens_and_asks_before_the_leaf_moves(make_bench, faults):
    bench = make_bench(faults)
    bench.door.leave()
    assert bench.door.is_open
    assert bench.told == [EXIT, OPEN]


def test_a_door_without_an_exit_switch_opens_from_inside_unannounced(make_bench):
    bench = make_bench(exit_button=False)
    bench.door.leave()
    assert bench.told == [OPEN]


def test_a_forced_door_opens_without_release_or_request(make_bench):
    bench = make_bench()
    bench.door.force()
    assert bench.told == [OPEN]
    assert not bench.door.is_released


def test_a_held_door_stays_open_until_the_hand_leaves_it(make_bench):
    bench = make_bench()
    assert not bench.door.hold(60)
    bench.door.leave()
    assert bench.door.hold(60)
    bench.pass_time(30)
    assert bench.door.push()  # who passes meanwhile does not pull it shut
    bench.pass_time(30)
    assert bench.door.is_open
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    assert not bench.door.is_open

    bench.door.leave()
    bench.door.hold(3600)
    bench.pass_time(30)
    bench.door.let_go()
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    assert not bench.door.is_open


def test_the_closer_swings_the_leaf_from_wide_open_to_shut(make_bench):
    bench = make_bench()
    seen = [bench.door.angle_deg]
    bench.door.leave()
    for _ in range(8):
        seen.append(bench.door.angle_deg)
        bench.pass_time(CLOSES_AFTER_S / 7)
    assert seen[0] == 0
    assert seen[1] == WIDE_OPEN_DEG
    assert seen[-1] == 0
    assert seen[1:] == sorted(seen[1:], reverse=True)
    assert any(0 < angle < WIDE_OPEN_DEG for angle in seen)


def test_without_power_a_fail_secure_strike_locks_and_a_fail_safe_one_lets_go(make_bench):
    secure = make_bench(DoorFaults(power_cut=True))
    secure.door.unlock()
    assert not secure.door.push()
    safe = make_bench(DoorFaults(power_cut=True), strike=Strike.FAIL_SAFE)
    assert safe.door.push()


def test_a_relay_that_does_not_answer_raises_and_a_silent_one_moves_nothing(make_bench):
    deaf = make_bench(DoorFaults(relay=RelayFault.NO_ANSWER))
    with pytest.raises(HardwareFault, match="agora"):
        deaf.door.unlock()
    silent = make_bench(DoorFaults(relay=RelayFault.SILENT))
    silent.door.unlock()
    assert not silent.door.push()


def test_a_stuck_contact_hides_that_the_leaf_moves(make_bench):
    bench = make_bench(DoorFaults(contact_stuck=True))
    bench.door.leave()
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    assert bench.told == [EXIT]


def test_a_door_without_a_contact_reports_no_opening(make_bench):
    bench = make_bench(contact=False)
    bench.door.force()
    assert bench.door.is_open
    assert bench.told == []


@pytest.mark.parametrize("seed", range(5))
def test_a_bouncing_contact_chatters_and_then_rests_on_the_truth(make_bench, seed):
    def chatter():
        bench = make_bench(DoorFaults(bounce=ContactBounce(seed)))
        bench.door.force()
        bench.pass_time(0.2)
        assert bench.told[-1] is OPEN
        opened = len(bench.told)
        bench.pass_time(CLOSES_AFTER_S + 0.2)
        assert bench.told[-1] is CLOSED
        assert opened > 1
        assert all(now is not then for now, then in zip(bench.told[1:], bench.told, strict=False))
        return bench.told

    assert chatter() == chatter()


def test_the_lamp_tells_those_who_watch(make_bench):
    bench = make_bench()
    seen: list[Feedback] = []
    bench.door.watch(seen.append)
    bench.door.show(Feedback.WAITING)
    bench.door.show(Feedback.GRANTED)
    assert seen == [Feedback.WAITING, Feedback.GRANTED]
    assert bench.door.lamp is Feedback.GRANTED


def test_a_bolt_thrown_by_a_listener_while_the_leaf_opens_changes_nothing_for_the_leaf(make_bench):
    bench = make_bench()
    bench.door.listen(lambda told: bench.door.lock() if told is OPEN else None)
    bench.door.unlock()
    assert bench.door.push()
    assert bench.door.is_open
    assert not bench.door.is_released


def test_the_buildings_release_frees_the_strike_whatever_is_ordered_or_broken(make_bench):
    bench = make_bench(DoorFaults(relay=RelayFault.SILENT), release_input=True)
    bench.door.release()
    bench.door.lock()
    assert bench.told == [Input.RELEASED]
    assert bench.door.push()
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    bench.door.rearm()
    assert bench.told == [Input.RELEASED, OPEN, CLOSED, Input.REARMED]
    assert not bench.door.push()


def test_a_button_asks_and_moves_nothing(make_bench):
    bench = make_bench()
    bench.door.press()
    assert bench.told == [EXIT]
    assert not bench.door.is_open
    bare = make_bench(exit_button=False)
    bare.door.press()
    assert bare.told == []


def test_who_follows_closely_slips_through_and_who_comes_late_does_not(make_bench):
    bench = make_bench()
    assert not bench.door.tailgate()
    bench.door.unlock()
    assert not bench.door.tailgate()  # there is nobody to follow
    bench.door.push()
    bench.door.lock()
    bench.pass_time(CLOSES_AFTER_S - 1)
    assert bench.door.tailgate()
    bench.pass_time(CLOSES_AFTER_S + 0.1)
    assert not bench.door.tailgate()
    assert bench.told == [OPEN, CLOSED]


def test_a_relay_that_answers_again_goes_where_it_was_ordered_last(make_bench):
    bench = make_bench()
    bench.door.break_relay()
    with pytest.raises(HardwareFault):
        bench.door.unlock()
    assert not bench.door.is_released
    bench.door.mend_relay()
    assert bench.door.is_released
    assert bench.told == [Input.OUTPUT_FAILED, Input.OUTPUT_RESTORED]


@pytest.mark.parametrize(("fault", "reads"), [(CableFault.CUT, OPEN), (CableFault.SHORT, CLOSED)])
def test_a_plain_contact_lies_when_its_cable_is_broken_and_a_supervised_one_says_so(make_bench, fault, reads):
    plain, supervised = make_bench(), make_bench(supervised=True)
    for bench in (plain, supervised):
        bench.door.break_cable(fault)
        bench.door.force()
    assert reads in plain.door.senses()
    assert supervised.told == [Input.CONTACT_FAULT]
    for bench in (plain, supervised):
        bench.door.mend_cable()
        assert OPEN in bench.door.senses()


def test_a_case_that_is_opened_says_so_until_it_is_shut(make_bench):
    bench = make_bench()
    bench.door.open_case()
    assert Input.TAMPERED in bench.door.senses()
    bench.door.shut_case()
    assert Input.TAMPERED not in bench.door.senses()
    assert bench.told == [Input.TAMPERED, Input.TAMPER_ENDED]
