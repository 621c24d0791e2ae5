"""A whole door computer and its door, with anything broken at any time, in any order.

The promises: whoever leaves gets out; the strike is released only for a cause that stands, and for one that enters
only after a record; what is refused is refused for its reason; every alarm is raised once and cleared once; and no
record is lost, whatever dies.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from emulators.faults import CableFault, RelayFault
from policies.building import Strike
from policies.decision import Effect
from policies.request import DoorMode
from readers.ports import Input
from readers.wire.commands import Command, Refusal, Verb, sign
from readers.wire.events import Event, EventType
from readers.wire.orders import Order, Orders
from readers.wire.signals import Alarm
from tests.readers.daemon.desk import ADA_CARD, LAB, LAB_IN, LAB_OUT, SITE_KEY, STRANGER_CARD, building
from tests.readers.daemon.house import House
from tests.readers.daemon.promises import Promises
from tests.soak import soaked

pytestmark = pytest.mark.soak

UNLOCKS_WITHIN_S, ORDERS_LAST_S = 5, 72 * 3600
RAISES = {
    EventType.DOOR_HELD,
    EventType.DOOR_FORCED,
    EventType.DOOR_RELEASED,
    EventType.DOOR_TAMPERED,
    EventType.DOOR_FAULT,
}
GRANTS = {EventType.DECISION, EventType.COMMAND}


def alive(self: "AnyOrder") -> bool:
    return self.house.daemon is not None


def dead(self: "AnyOrder") -> bool:
    return self.house.daemon is None


class AnyOrder(RuleBasedStateMachine):
    """People, operators and faults at one door."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.directory = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.commands = 0
        self.orders = Orders()
        self.is_line_up = True
        self.is_owing = self.was_let_go = False
        self.kept: list[Event] = []
        self.register = b""
        self.waiting: list[tuple[bytes, Command]] = []
        self.sent: list[tuple[bytes, Command]] = []
        self.obeyed: set[str] = set()

    @initialize(supervised=st.booleans(), strike=st.sampled_from(Strike))
    def build(self, supervised: bool, strike: Strike) -> None:
        built = building(strike=strike, release_input=True, pre_alert_s=5)
        self.house = House(self.directory, built, supervised=supervised)
        self.promises = Promises(self.house.now)
        self.house.on_order, self.house.on_input = self.judge, self.hear
        self.house.start()

    def teardown(self) -> None:
        self.house.close()
        alternates(self.house.events())
        self.stack.close()

    # ---- what is heard on the wires

    def judge(self, free: bool) -> None:
        """Every release of the strike has its cause at that very moment; of one that enters, in the journal."""
        if not free:
            return
        self.was_let_go = True
        now = self.promises
        now.look(self.house.now)
        assert now.may_be_free, "released without a cause"
        if now.fire or now.mode is DoorMode.FREE or now.leaves_until is not None:
            return
        granted = [
            event
            for event in self.house.events()
            if event.type in GRANTS and event.effect is Effect.GRANT and event.at == self.house.now
        ]
        assert granted, "released before the record"

    def hear(self, heard: Input) -> None:
        self.promises.look(self.house.now)
        if heard in {Input.CONTACT_OPEN, Input.CONTACT_CLOSED}:
            self.promises.see(is_open=heard is Input.CONTACT_OPEN)
        elif heard is Input.EXIT_REQUESTED:
            self.promises.leave()
        elif heard is Input.RELEASED:
            self.promises.fire = "on"
        elif heard is Input.REARMED and self.promises.fire:
            self.promises.fire = "past"

    # ---- people

    @precondition(alive)
    @rule()
    def enter(self) -> None:
        before = self.decisions()
        if self.promises.mode in {DoorMode.NORMAL, DoorMode.FREE} and not self.house.is_disk_full:
            self.promises.enter()
        self.house.tap(ADA_CARD, LAB_IN)
        assert self.decisions() - before == (0 if self.house.is_disk_full else 1)
        self.is_owing = self.is_owing and self.house.is_disk_full

    @precondition(alive)
    @rule()
    def try_a_strange_card(self) -> None:
        self.house.tap(STRANGER_CARD, LAB_IN)

    @precondition(alive)
    @rule()
    def leave_by_badge(self) -> None:
        self.promises.leave()
        self.must_let_out(lambda: self.house.tap(ADA_CARD, LAB_OUT))

    @precondition(alive)
    @rule()
    def leave_by_button(self) -> None:
        self.must_let_out(lambda: self.house.do(self.house.door.press))

    def must_let_out(self, act: Callable[[], None]) -> None:
        """See the strike let go for who leaves; a leaf that then falls back into its frame is shut again."""
        self.was_let_go, was_open = False, self.promises.is_seen_open
        act()
        assert self.was_let_go or self.house.is_ordered_free, "somebody is kept in"
        door = self.house.door
        is_sound = door.faults.relay is None and not door.faults.power_cut
        assert door.is_released or was_open or not is_sound

    @rule()
    def leave_by_handle(self) -> None:
        self.house.do(self.house.door.leave)
        assert self.house.door.is_open

    @rule()
    def push(self) -> None:
        self.house.do(self.house.door.push)

    @rule()
    def break_in(self) -> None:
        door, faults = self.house.door, self.house.door.faults
        tells = alive(self) and not faults.contact_stuck and faults.cable is None and not door.is_open
        is_forced = tells and not self.promises.may_be_free and not self.promises.is_seen_open
        self.house.do(door.force)
        if is_forced:
            assert Alarm.FORCED in self.house.status().alarms

    @rule(seconds=st.sampled_from((5, 40)))
    def hold_the_leaf(self, seconds: int) -> None:
        self.house.door.hold(seconds)

    # ---- operators

    @rule(
        slot=st.sampled_from(("lockdown", "operator", "event")),
        mode=st.sampled_from((None, DoorMode.FREE, DoorMode.LOCKED, DoorMode.NORMAL)),
        lasts_s=st.sampled_from((None, 4, 60)),
    )
    def order(self, slot: str, mode: DoorMode | None, lasts_s: int | None) -> None:
        now = self.house.now
        if slot == "lockdown" and mode is not None:
            mode = DoorMode.LOCKDOWN
        until = now + timedelta(seconds=lasts_s) if lasts_s is not None else None
        self.commands += 1
        order = Order(f"o-{self.commands}", now, mode, until) if mode is not None else None
        fresh = {name: getattr(self.orders, name) for name in ("lockdown", "operator", "event")} | {
            slot: order
        }
        self.orders = Orders(self.commands, **fresh)
        self.register = self.signed(Verb.ORDERS, ORDERS_LAST_S, self.orders)[0]
        if self.is_line_up and alive(self):
            self.bring_the_register()

    def bring_the_register(self) -> None:
        """Let the bus tell the retained register; a door that cannot keep a record takes all but a new free mode."""
        self.promises.look(self.house.now)
        stood, taken = self.promises.orders, self.orders
        if self.house.is_disk_full:
            for slot in ("operator", "event"):
                each, before = getattr(self.orders, slot), getattr(stood, slot)
                if each is not None and each.mode is DoorMode.FREE and each != before:
                    taken = replace(taken, revision=self.orders.revision - 1, **{slot: before})
        self.promises.take(taken)
        refusal = self.house.command(self.register)
        assert refusal is (None if taken == self.orders else Refusal.JOURNAL)

    @rule(verb=st.sampled_from((Verb.UNLOCK, Verb.REARM)))
    def tell_once(self, verb: Verb) -> None:
        payload, command = self.signed(verb, UNLOCKS_WITHIN_S)
        self.sent.append((payload, command))
        if not (self.is_line_up and alive(self)):
            self.waiting.append((payload, command))
            return
        self.bring(payload, command)

    @precondition(lambda self: self.sent and alive(self))
    @rule(data=st.data())
    def tell_again_what_was_told(self, data: st.DataObject) -> None:
        self.bring(*data.draw(st.sampled_from(self.sent)))

    def bring(self, payload: bytes, command: Command) -> None:
        """Let the bus bring what happens once; the promises tell what comes of it."""
        expected = self.comes_to(command)
        if expected is None and command.verb is Verb.UNLOCK:
            self.promises.enter()
        elif expected is None:
            self.promises.rearm()
        assert self.house.command(payload) is expected

    def comes_to(self, command: Command) -> Refusal | None:
        now = self.promises
        now.look(self.house.now)
        if command.expires_at <= now.now:
            return Refusal.STALE
        if command.id in self.obeyed:
            return Refusal.REPLAYED
        self.obeyed.add(command.id)
        if command.verb is Verb.REARM:
            return {"on": Refusal.RELEASED, "past": None, "": Refusal.NOT_RELEASED}[now.fire]
        if now.fire:
            return Refusal.RELEASED
        if now.mode is DoorMode.LOCKDOWN:
            return Refusal.LOCKDOWN
        return Refusal.JOURNAL if self.house.is_disk_full else None

    def signed(self, verb: Verb, lasts_s: int, orders: Orders | None = None) -> tuple[bytes, Command]:
        self.commands += 1
        now = self.house.now
        late = now + timedelta(seconds=lasts_s)
        command = Command(f"c-{self.commands}", LAB, verb, "anna", "any order", now, late, orders)
        return sign(command, SITE_KEY), command

    # ---- what breaks, and is mended

    @rule(
        breaks=st.sampled_from(
            (
                lambda door: door.break_relay(),
                lambda door: setattr(door.faults, "relay", RelayFault.SILENT),
                lambda door: door.mend_relay(),
                lambda door: door.stick_contact(),
                lambda door: door.free_contact(),
                lambda door: door.break_cable(CableFault.CUT),
                lambda door: door.break_cable(CableFault.SHORT),
                lambda door: door.mend_cable(),
                lambda door: setattr(door.faults, "power_cut", True),
                lambda door: setattr(door.faults, "power_cut", False),
                lambda door: door.open_case(),
                lambda door: door.shut_case(),
                lambda door: door.release(),
                lambda door: door.rearm(),
            )
        )
    )
    def wear(self, breaks: Callable[[object], None]) -> None:
        self.house.do(lambda: breaks(self.house.door))

    @rule()
    def lose_the_line(self) -> None:
        self.is_line_up = False

    @precondition(alive)
    @rule()
    def get_the_line_back(self) -> None:
        self.is_line_up = True
        if self.register:
            self.bring_the_register()
        waiting, self.waiting = self.waiting, []
        for payload, command in waiting:
            self.bring(payload, command)

    @rule(full=st.booleans())
    def fill_or_clear_the_disk(self, full: bool) -> None:
        self.house.is_disk_full = full
        self.is_owing |= full

    @precondition(lambda self: alive(self) and not self.is_owing)
    @rule(hard=st.booleans())
    def go_down(self, hard: bool) -> None:
        """Die or end while nothing is owed to the journal: what is owed dies with the computer."""
        (self.house.kill if hard else self.house.stop)()
        self.kept = self.house.events()

    @precondition(dead)
    @rule()
    def come_up(self) -> None:
        door = self.house.door
        self.promises.look(self.house.now)
        self.promises.start(unwired=door.is_unwired, seen_open=Input.CONTACT_OPEN in door.senses())
        self.house.start()
        assert self.house.events()[: len(self.kept)] == self.kept
        if self.is_line_up:
            self.get_the_line_back()

    @rule(by=st.sampled_from((1, 4, 6, 30, 600)))
    def pass_time(self, by: int) -> None:
        end = self.house.now + timedelta(seconds=by)
        while self.house.now < end:
            then = self.promises.next_end(end)
            self.house.pass_time((then - self.house.now).total_seconds() + 0.001)
            self.promises.look(self.house.now)

    # ---- what holds always

    @invariant()
    def nothing_went_wrong_unheard(self) -> None:
        assert self.house.mishaps == []

    @invariant()
    def the_strike_is_released_only_for_a_cause(self) -> None:
        house = self.house
        self.promises.look(house.now)
        assert not house.is_ordered_free or self.promises.may_be_free
        door = house.door
        if door.faults.relay is None and not door.faults.power_cut and not door.is_unwired:
            assert door.is_released is house.is_ordered_free

    @precondition(alive)
    @invariant()
    def what_is_told_of_the_door_is_so(self) -> None:
        status = self.house.status()
        assert status.mode is self.promises.mode
        assert (Alarm.RELEASED in status.alarms) is bool(self.promises.fire)

    def decisions(self) -> int:
        """Return how many taps at the way in are on record; those on the way out may be owed."""
        return sum(
            event.type is EventType.DECISION and event.reader == LAB_IN for event in self.house.events()
        )


def alternates(events: list[Event]) -> None:
    """Check that every alarm was raised once and cleared once; what a death left raised begins anew, but a release."""
    raised: set[str] = set()
    for event in events:
        if event.type is EventType.SOURCE_STARTED:
            raised &= {Alarm.RELEASED.value}
        elif event.type in RAISES:
            assert event.cause is not None
            assert event.cause not in raised, f"{event.cause} is raised twice"
            raised.add(event.cause)
        elif event.type is EventType.ALARM_CLEARED:
            assert event.cause in raised, f"{event.cause} is cleared and was not raised"
            raised.discard(event.cause)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=soaked(40, 4_000), stateful_step_count=40, deadline=None)
