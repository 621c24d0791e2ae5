"""The door machine: who is counted as passing, when the strike moves, and what raises an alarm."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.building import Door, Label
from policies.ids import DoorId, PersonId, SpaceId
from readers.door import Claim, DoorInput, DoorMachine, DoorState, Report, SetTimer, Strike
from readers.wire.events import EventType

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
    assert reports(machine.step(DoorInput.OPENED)) == [(EventType.DOOR_FORCED, None)]
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
    assert reports(machine.step(DoorInput.HELD_DUE)) == [(EventType.DOOR_HELD, None)]
    assert machine.state is DoorState.HELD
    after(machine, DoorInput.CLOSED)
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


@given(st.lists(st.sampled_from(DoorInput), max_size=40), st.booleans())
def test_whatever_happens_every_claim_ends_once_and_a_locked_door_has_its_strike_engaged(
    inputs: list[DoorInput], contact: bool
) -> None:
    machine = DoorMachine(door(contact=contact))
    given_claims: list[Claim] = []
    ended: list[str] = []
    released = False
    for event in inputs:
        if not contact and event in {DoorInput.OPENED, DoorInput.CLOSED, DoorInput.HELD_DUE}:
            continue
        claim = None
        if event is DoorInput.PERMITTED:
            number = str(len(given_claims))
            claim = Claim(HALL, LAB, decision=number, person=PersonId(number))
            given_claims.append(claim)
        for effect in machine.step(event, claim):
            if isinstance(effect, Strike):
                assert not effect.release or event in {DoorInput.PERMITTED, DoorInput.EXIT_REQUESTED}
                released = effect.release
            elif isinstance(effect, Report) and effect.claim is not None and effect.claim.decision:
                ended.append(effect.claim.decision)
        if machine.state is DoorState.LOCKED:
            assert not released
    assert len(ended) == len(set(ended))
    if machine.state is not DoorState.UNLOCKED:
        assert sorted(ended) == sorted(str(claim.decision) for claim in given_claims)


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
