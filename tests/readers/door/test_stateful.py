"""Any sequence of events at any times: the machine against a second model that was written from the promises."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from policies.building import Door, Label
from policies.ids import DoorId, PersonId, SpaceId
from readers.door import Claim, DoorInput, DoorMachine, DoorState, Report, Ring, SetTimer, Strike, Warn
from readers.wire.events import EventType
from tests.readers.door.expected import Expected
from tests.soak import soaked

pytestmark = pytest.mark.soak

OUTER, INNER = SpaceId("hall"), SpaceId("lab")


class Rig:
    """A machine with its timers and everything that it drives. Times in milliseconds."""

    def __init__(self, *, contact: bool) -> None:
        name = Label("Labo", "Lab")
        self.machine = DoorMachine(
            Door(
                DoorId("lab"),
                name,
                OUTER,
                INNER,
                contact=contact,
                strike_time_s=5,
                extended_strike_time_s=15,
                held_after_s=30,
                pre_alert_s=10,
            )
        )
        self.now = 0
        self.is_bolt_free = self.is_warning = False
        self.alarms: set[str] = set()
        self.ended: list[str] = []
        self.claimed: list[str] = []
        self._timers: dict[DoorInput, int] = {}

    def feed(self, event: DoorInput, claim: Claim | None = None) -> None:
        for effect in self.machine.step(event, claim):
            match effect:
                case Strike(release):
                    self.is_bolt_free = release
                case SetTimer(due, after_s):
                    self._timers.pop(due, None)
                    if after_s is not None:
                        self._timers[due] = self.now + round(after_s * 1000)
                case Warn(begins):
                    assert begins is not self.is_warning
                    self.is_warning = begins
                case Ring(alarm, begins):
                    assert (alarm.value in self.alarms) is not begins, f"{alarm} is raised or cleared twice"
                    (self.alarms.add if begins else self.alarms.remove)(alarm.value)
                case Report(kind, who) if who is not None and who.decision is not None:
                    assert kind in {EventType.PASSAGE, EventType.NO_ENTRY}
                    self.ended.append(who.decision)

    def somebody(self, *, leaves: bool = False, slow: bool = False) -> Claim:
        number = str(len(self.claimed))
        self.claimed.append(number)
        sides = (INNER, OUTER) if leaves else (OUTER, INNER)
        return Claim(*sides, decision=number, person=PersonId(number), extended=slow)

    def pass_time(self, by: int) -> None:
        end = self.now + by
        while self._timers and min(self._timers.values()) <= end:
            due = min(self._timers, key=lambda each: self._timers[each])
            self.now = self._timers.pop(due)
            self.feed(due)
        self.now = end


class AnyDoor(RuleBasedStateMachine):
    """What can happen at every door, whether it has a contact or not."""

    contact = False

    def __init__(self) -> None:
        super().__init__()
        self.rig, self.expected = Rig(contact=self.contact), Expected()

    @rule(slow=st.booleans())
    def let_in(self, slow: bool) -> None:
        self.rig.feed(DoorInput.PERMITTED, self.rig.somebody(slow=slow))
        self.expected.let_pass(leaves=False, slow=slow)

    @rule(slow=st.booleans())
    def leave_by_badge(self, slow: bool) -> None:
        self.rig.feed(DoorInput.EXIT_REQUESTED, self.rig.somebody(leaves=True, slow=slow))
        self.expected.let_pass(leaves=True, slow=slow)
        self.may_leave()

    @rule()
    def leave_by_handle(self) -> None:
        self.rig.feed(DoorInput.EXIT_REQUESTED)
        self.expected.let_pass(leaves=True)
        self.may_leave()

    def may_leave(self) -> None:
        assert self.rig.is_bolt_free or self.rig.machine.state.is_open

    @rule()
    def free(self) -> None:
        self.rig.feed(DoorInput.FREED)
        self.expected.set_mode(free=True)

    @rule()
    def secure(self) -> None:
        self.rig.feed(DoorInput.SECURED)
        self.expected.set_mode(free=False)

    @rule()
    def shut(self) -> None:
        self.rig.feed(DoorInput.SHUT)
        self.expected.set_mode(free=False, shut=True)

    @rule()
    def release(self) -> None:
        self.rig.feed(DoorInput.RELEASED)
        self.expected.release()

    @rule()
    def end_release(self) -> None:
        self.rig.feed(DoorInput.RELEASE_ENDED)
        self.expected.end_release()

    @rule()
    def rearm(self) -> None:
        self.rig.feed(DoorInput.REARMED_FREE if self.expected.is_free else DoorInput.REARMED)
        self.expected.rearm()

    @rule(by=st.sampled_from((1, 1_000, 4_999, 5_000, 15_000, 20_000, 30_000)))
    def pass_time(self, by: int) -> None:
        self.rig.pass_time(by)
        self.expected.pass_time(by)

    @invariant()
    def the_bolt_is_where_the_promises_want_it(self) -> None:
        assert self.rig.is_bolt_free is self.expected.is_bolt_free, self.rig.machine.state

    @invariant()
    def the_alarms_are_those_of_the_promises(self) -> None:
        assert self.rig.alarms == self.expected.alarms, self.rig.machine.state

    @invariant()
    def nobody_ends_twice_and_nobody_waits_at_a_locked_door(self) -> None:
        assert len(self.rig.ended) == len(set(self.rig.ended))
        if self.rig.machine.state is DoorState.LOCKED or self.rig.machine.state.is_open:
            assert sorted(self.rig.ended) == sorted(self.rig.claimed)

    @invariant()
    def people_are_asked_to_shut_the_door_only_while_it_stands_open(self) -> None:
        assert not self.rig.is_warning or self.rig.machine.state is DoorState.WARNING


class DoorWithContact(AnyDoor):
    """And what a contact tells."""

    contact = True

    @precondition(lambda self: self.expected.is_bolt_free)
    @rule()
    def push(self) -> None:
        self.rig.feed(DoorInput.OPENED)
        self.expected.open()

    @rule()
    def force_or_push(self) -> None:
        self.rig.feed(DoorInput.OPENED)
        self.expected.open()

    @rule()
    def be_found_open(self) -> None:
        self.rig.feed(DoorInput.FOUND_OPEN)
        self.expected.open(found=True)

    @rule()
    def fall_shut(self) -> None:
        self.rig.feed(DoorInput.CLOSED)
        if self.expected.is_open:
            self.expected.close()


TestAnyDoor = AnyDoor.TestCase
TestAnyDoor.settings = settings(max_examples=soaked(100, 4_000), stateful_step_count=40, deadline=None)
TestDoorWithContact = DoorWithContact.TestCase
TestDoorWithContact.settings = settings(
    max_examples=soaked(150, 6_000), stateful_step_count=50, deadline=None
)
