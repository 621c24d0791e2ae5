"""Every state by a known path, then every two things that can happen: the machine against the second model."""

from collections.abc import Callable
from itertools import product

import pytest

from readers.door import DoorState
from tests.readers.door.test_stateful import DoorWithContact

Verb = Callable[[DoorWithContact], None]

S = DoorState

VERBS: dict[str, Verb] = {
    "let in": lambda door: door.let_in(slow=False),
    "let in slowly": lambda door: door.let_in(slow=True),
    "leave by badge": lambda door: door.leave_by_badge(slow=False),
    "leave by handle": lambda door: door.leave_by_handle(),
    "open": lambda door: door.force_or_push(),
    "be found open": lambda door: door.be_found_open(),
    "fall shut": lambda door: door.fall_shut(),
    "free": lambda door: door.free(),
    "secure": lambda door: door.secure(),
    "shut": lambda door: door.shut(),
    "release": lambda door: door.release(),
    "end release": lambda door: door.end_release(),
    "rearm": lambda door: door.rearm(),
    "5 s": lambda door: door.pass_time(by=5_000),
    "20 s": lambda door: door.pass_time(by=20_000),
    "30 s": lambda door: door.pass_time(by=30_000),
}

PATHS: dict[DoorState, tuple[str, ...]] = {
    S.LOCKED: (),
    S.UNLOCKED: ("let in",),
    S.LEAVING: ("leave by handle",),
    S.OPEN: ("let in", "open"),
    S.WARNING: ("let in", "open", "20 s"),
    S.HELD: ("let in", "open", "30 s"),
    S.FORCED: ("open",),
    S.FREE: ("free",),
    S.FREE_LEAVING: ("free", "leave by handle"),
    S.FREE_OPEN: ("free", "open"),
    S.RELEASED: ("release",),
    S.RELEASED_OPEN: ("release", "open"),
    S.UNARMED: ("release", "end release"),
    S.UNARMED_OPEN: ("release", "open", "end release"),
}


def after(*verbs: str) -> DoorWithContact:
    """Return a door to which this has happened, compared with the second model after each."""
    door = DoorWithContact()
    for verb in verbs:
        VERBS[verb](door)
        door.the_bolt_is_where_the_promises_want_it()
        door.the_alarms_are_those_of_the_promises()
        door.nobody_ends_twice_and_nobody_waits_at_a_locked_door()
        door.people_are_asked_to_shut_the_door_only_while_it_stands_open()
    return door


@pytest.mark.parametrize("state", DoorState, ids=lambda state: state.value)
def test_whatever_two_things_happen_next_the_door_keeps_its_promises(state: DoorState) -> None:
    assert after(*PATHS[state]).rig.machine.state is state
    for first, second in product(VERBS, VERBS):
        after(*PATHS[state], first, second)
