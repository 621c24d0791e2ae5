"""The authorizer sees a door in the mode that its computer has it in, whatever was ordered and scheduled."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from access.authorize.modes import Modes
from policies.building import ScheduledMode
from policies.ids import DoorId, InterlockId, ScheduleId
from policies.request import DoorMode
from readers.door.modes import Standing, in_force
from readers.wire.orders import Order, Orders
from tests.small_site import BUILDING, NOON, POLICY

ROOM = BUILDING.doors[DoorId("room")]
SCHEDULES = st.sampled_from(["day", "unknown"]).map(ScheduleId)


def orders(*modes):
    ends = st.none() | st.integers(-1, 12).map(lambda hours: NOON + timedelta(hours=hours))
    return st.none() | st.builds(Order, st.just("o"), st.just(NOON), st.sampled_from(modes), ends)


SET = (DoorMode.NORMAL, DoorMode.FREE, DoorMode.LOCKED)
REGISTERS = st.builds(Orders, st.just(1), orders(DoorMode.LOCKDOWN), orders(*SET), orders(*SET))
SCHEDULED = st.lists(st.builds(ScheduledMode, st.sampled_from(SET), SCHEDULES), max_size=2).map(tuple)
INTERLOCKS = st.none() | st.just(InterlockId("trap"))


@given(REGISTERS, SCHEDULED, INTERLOCKS, st.integers(0, 23))
def test_a_door_and_its_authorizer_agree_on_its_mode(register, scheduled, interlock, hour):
    if interlock is not None:  # no such building is loaded
        scheduled = tuple(each for each in scheduled if each.mode is not DoorMode.FREE)
    door = replace(ROOM, modes=scheduled, interlock=interlock)
    at = NOON + timedelta(hours=hour)
    modes = Modes(replace(BUILDING, doors=BUILDING.doors | {door.id: door}), POLICY)
    modes.put(door.id, register, NOON)
    modes.look(at)
    mode = in_force(door, Standing(register), POLICY, at).mode
    assert modes.now == ({} if mode is DoorMode.NORMAL else {door.id: mode})


def test_an_order_that_stood_before_a_door_came_into_an_interlock_sets_it_free_nowhere():
    door = replace(ROOM, interlock=InterlockId("trap"))
    register = Orders(1, event=Order("o", NOON, DoorMode.FREE))
    modes = Modes(replace(BUILDING, doors=BUILDING.doors | {door.id: door}), POLICY)
    modes.put(door.id, register, NOON)
    assert in_force(door, Standing(register), POLICY, NOON).mode is DoorMode.NORMAL
    assert modes.now == {}
