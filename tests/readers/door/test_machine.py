"""The door machine: who is counted as passing, when the strike moves, and what raises an alarm."""

from collections.abc import Sequence

import pytest

from policies.building import Door, Label
from policies.ids import DoorId, PersonId, SpaceId
from readers.door import Claim, DoorInput, DoorMachine, DoorState, Report, Ring, SetTimer, Strike, Warn
from readers.door.table import WITH_CONTACT, WITHOUT_CONTACT, Table
from readers.wire.events import EventType
from readers.wire.signals import Alarm

HALL, LAB = SpaceId("hall"), SpaceId("lab")
ADA = Claim(HALL, LAB, decision="edge:1:1", person=PersonId("ada"))
BOB = Claim(HALL, LAB, decision="edge:1:2", person=PersonId("bob"))


def door(*, contact: bool = True) -> Door:
    name = Label("Labo", "Lab")
    return Door(DoorId("lab"), name, HALL, LAB, contact=contact, strike_time_s=5, held_after_s=30)


def reports(effects: Sequence[object]) -> list[tuple[EventType, Claim | None]]:
    return [(effect.type, effect.claim) for effect in effects if isinstance(effect, Report)]


def after(machine: DoorMachine, *inputs: DoorInput) -> list[object]:
    return [effect for event in inputs for effect in machine.step(event)]


def test_a_permit_releases_the_strike_before_anything_else() -> None:
    assert DoorMachine(door()).step(DoorInput.PERMITTED, ADA)[0] == Strike(release=True)


def test_a_permit_is_a_passage_only_when_the_leaf_opens() -> None:
    machine = DoorMachine(door())
    assert reports(machine.step(DoorInput.PERMITTED, ADA)) == []
    assert reports(machine.step(DoorInput.OPENED)) == [
        (EventType.DOOR_OPENED, None),
        (EventType.PASSAGE, ADA),
    ]


def test_a_permit_that_nobody_uses_ends_locked_as_no_entry() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    effects = machine.step(DoorInput.RELOCK_DUE)
    assert effects[0] == Strike(release=False)
    assert reports(effects) == [(EventType.NO_ENTRY, ADA)]
    assert machine.state is DoorState.LOCKED


def test_closing_locks_at_once_and_stops_both_timers() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    machine.step(DoorInput.OPENED)
    effects = machine.step(DoorInput.CLOSED)
    assert Strike(release=False) in effects
    assert SetTimer(DoorInput.RELOCK_DUE, None) in effects
    assert SetTimer(DoorInput.HELD_DUE, None) in effects
    assert machine.state is DoorState.LOCKED


def test_an_opening_without_permit_or_request_is_forced() -> None:
    machine = DoorMachine(door())
    assert machine.step(DoorInput.OPENED) == [Ring(Alarm.FORCED, begins=True)]
    assert machine.state is DoorState.FORCED


def test_a_handle_from_inside_is_a_passage_outwards_by_nobody_known_and_no_alarm() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.EXIT_REQUESTED)
    assert reports(machine.step(DoorInput.OPENED))[1] == (EventType.PASSAGE, Claim(LAB, HALL))


def test_a_handle_that_was_let_go_again_leaves_no_event() -> None:
    machine = DoorMachine(door())
    assert reports(after(machine, DoorInput.EXIT_REQUESTED, DoorInput.RELOCK_DUE)) == []


def test_a_rush_through_one_opening_counts_everybody_who_was_granted() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    machine.step(DoorInput.OPENED)
    assert reports(machine.step(DoorInput.PERMITTED, BOB)) == [(EventType.PASSAGE, BOB)]


def test_two_taps_of_one_person_before_the_opening_are_one_passage_by_the_later_decision() -> None:
    machine = DoorMachine(door())
    again = Claim(HALL, LAB, decision="edge:1:9", person=PersonId("ada"))
    machine.step(DoorInput.PERMITTED, ADA)
    machine.step(DoorInput.PERMITTED, again)
    assert reports(machine.step(DoorInput.OPENED))[1:] == [(EventType.PASSAGE, again)]


def test_a_door_left_open_is_held_after_its_time_and_locks_when_it_closes() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    assert SetTimer(DoorInput.HELD_DUE, 30) in machine.step(DoorInput.OPENED)
    assert machine.step(DoorInput.HELD_DUE) == [Ring(Alarm.HELD, begins=True)]
    assert machine.state is DoorState.HELD
    assert after(machine, DoorInput.CLOSED)[-1] == Ring(Alarm.HELD, begins=False)
    assert machine.state is DoorState.LOCKED


def test_somebody_who_needs_longer_gets_the_extended_strike_time() -> None:
    machine = DoorMachine(door())
    slow = Claim(HALL, LAB, decision="edge:1:3", person=PersonId("eve"), extended=True)
    assert SetTimer(DoorInput.RELOCK_DUE, 15) in machine.step(DoorInput.PERMITTED, slow)


def test_without_a_contact_a_permit_is_a_passage_at_once() -> None:
    machine = DoorMachine(door(contact=False))
    assert reports(machine.step(DoorInput.PERMITTED, ADA)) == [(EventType.PASSAGE, ADA)]
    assert reports(machine.step(DoorInput.RELOCK_DUE)) == []


def test_an_input_that_the_door_cannot_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        DoorMachine(door(contact=False)).step(DoorInput.OPENED)


@pytest.mark.parametrize("table", [WITH_CONTACT, WITHOUT_CONTACT], ids=["contact", "no contact"])
def test_every_state_has_a_row_for_every_input_that_the_door_can_have(table: Table) -> None:
    inputs = {event for row in table.values() for event in row}
    assert all(set(row) == inputs for row in table.values())
    assert {onward for row in table.values() for onward, _ in row.values()} == set(table)


def test_a_door_that_is_left_open_asks_to_be_shut_before_it_is_held() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    assert SetTimer(DoorInput.WARNING_DUE, 20) in machine.step(DoorInput.OPENED)
    assert machine.step(DoorInput.WARNING_DUE) == [Warn(begins=True)]
    assert after(machine, DoorInput.HELD_DUE) == [Warn(begins=False), Ring(Alarm.HELD, begins=True)]


def test_a_door_that_warns_no_sooner_than_it_is_held_does_not_warn() -> None:
    hasty = Door(DoorId("lab"), Label("Labo", "Lab"), HALL, LAB, held_after_s=5, pre_alert_s=5)
    machine = DoorMachine(hasty)
    machine.step(DoorInput.PERMITTED, ADA)
    assert SetTimer(DoorInput.WARNING_DUE, None) in machine.step(DoorInput.OPENED)


def test_a_leaf_that_is_found_open_at_the_start_was_not_forced() -> None:
    machine = DoorMachine(door())
    assert SetTimer(DoorInput.HELD_DUE, 30) in machine.step(DoorInput.FOUND_OPEN)
    assert machine.state is DoorState.OPEN


def test_a_lockdown_ends_the_time_of_those_who_enter_and_not_of_those_who_leave() -> None:
    entering, leaving = DoorMachine(door()), DoorMachine(door())
    entering.step(DoorInput.PERMITTED, ADA)
    assert Strike(release=False) in entering.step(DoorInput.SHUT)
    leaving.step(DoorInput.EXIT_REQUESTED)
    assert leaving.step(DoorInput.SHUT) == []


def test_a_release_is_not_ended_by_any_mode_nor_by_the_wiring_but_by_a_re_arming() -> None:
    machine = DoorMachine(door())
    assert machine.step(DoorInput.RELEASED) == [Strike(release=True), Ring(Alarm.RELEASED, begins=True)]
    for event in (DoorInput.SHUT, DoorInput.RELOCK_DUE, DoorInput.REARMED, DoorInput.RELEASE_ENDED):
        assert machine.step(event) == []
    assert Ring(Alarm.RELEASED, begins=False) in machine.step(DoorInput.REARMED)
    assert machine.state is DoorState.LEAVING, "who is on the way out has the strike time still"
    assert Strike(release=False) in machine.step(DoorInput.RELOCK_DUE)


def test_a_door_that_went_down_released_comes_up_released() -> None:
    machine = DoorMachine(door(), unarmed=True)
    assert machine.state is DoorState.UNARMED
    assert machine.step(DoorInput.SHUT) == []


def test_in_free_mode_nothing_is_forced_or_held_and_known_people_still_pass() -> None:
    machine = DoorMachine(door())
    assert machine.step(DoorInput.FREED) == [Strike(release=True)]
    assert reports(machine.step(DoorInput.OPENED)) == [(EventType.DOOR_OPENED, None)]
    assert machine.step(DoorInput.HELD_DUE) == []
    assert reports(machine.step(DoorInput.PERMITTED, ADA)) == [(EventType.PASSAGE, ADA)]
    assert machine.step(DoorInput.SECURED)[0] == SetTimer(DoorInput.RELOCK_DUE, 5)
    assert machine.state is DoorState.OPEN


@pytest.mark.parametrize("event", [DoorInput.PERMITTED, DoorInput.EXIT_REQUESTED])
def test_a_door_that_seems_to_stand_open_lets_go_for_people_all_the_same(event: DoorInput) -> None:
    """As a contact tells whose cable was cut: nobody may be locked in by it."""
    machine = DoorMachine(door())
    machine.step(DoorInput.OPENED)
    assert Strike(release=True) in machine.step(event, ADA if event is DoorInput.PERMITTED else None)
    assert machine.step(DoorInput.SHUT) == []
    assert machine.step(DoorInput.RELOCK_DUE) == [Strike(release=False)]


def test_the_longer_time_holds_for_all_who_wait_with_somebody_who_needs_it() -> None:
    machine = DoorMachine(door())
    slow = Claim(HALL, LAB, decision="edge:1:3", person=PersonId("eve"), extended=True)
    machine.step(DoorInput.PERMITTED, slow)
    assert SetTimer(DoorInput.RELOCK_DUE, 15) in machine.step(DoorInput.PERMITTED, ADA)


def test_whoever_taps_both_ways_before_the_opening_passes_both_ways() -> None:
    machine = DoorMachine(door())
    back = Claim(LAB, HALL, decision="edge:1:9", person=PersonId("ada"))
    machine.step(DoorInput.PERMITTED, ADA)
    machine.step(DoorInput.PERMITTED, back)
    passed = reports(machine.step(DoorInput.OPENED))[1:]
    assert passed == [(EventType.PASSAGE, ADA), (EventType.PASSAGE, back)]


def test_each_of_a_rush_may_hold_the_leaf_for_the_full_time() -> None:
    machine = DoorMachine(door())
    machine.step(DoorInput.PERMITTED, ADA)
    machine.step(DoorInput.OPENED)
    assert SetTimer(DoorInput.HELD_DUE, 30) in machine.step(DoorInput.PERMITTED, BOB)
