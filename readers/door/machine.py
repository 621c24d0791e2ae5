"""The door machine, sans-IO: what a door's strike, contact and timers do for every input, by table.py.

People who may pass are *claims*; a claim becomes a passage when the contact says that the leaf opened (at once where
there is no contact, or where the leaf is open already), and is abandoned when the strike engages again first
(ARCHITECTURE, "Who decides", point 3).
"""

from collections.abc import Sequence

from policies.building import Door
from readers.door.states import (
    Claim,
    DoorInput,
    DoorState,
    Effect,
    Report,
    Ring,
    SetTimer,
    Strike,
    Warn,
)
from readers.door.table import WITH_CONTACT, WITHOUT_CONTACT, Action
from readers.wire.events import EventType
from readers.wire.signals import Alarm

_A = Action

_PLAIN: dict[Action, tuple[Effect, ...]] = {
    _A.RELEASE: (Strike(release=True),),
    _A.ENGAGE: (Strike(release=False),),
    _A.STOP_RELOCK: (SetTimer(DoorInput.RELOCK_DUE, None),),
    _A.STOP_HELD: (SetTimer(DoorInput.WARNING_DUE, None), SetTimer(DoorInput.HELD_DUE, None)),
    _A.SAY_OPENED: (Report(EventType.DOOR_OPENED),),
    _A.SAY_CLOSED: (Report(EventType.DOOR_CLOSED),),
    _A.WARN: (Warn(begins=True),),
    _A.STOP_WARNING: (Warn(begins=False),),
    _A.RAISE_HELD: (Ring(Alarm.HELD, begins=True),),
    _A.RAISE_FORCED: (Ring(Alarm.FORCED, begins=True),),
    _A.RAISE_RELEASED: (Ring(Alarm.RELEASED, begins=True),),
    _A.CLEAR_HELD: (Ring(Alarm.HELD, begins=False),),
    _A.CLEAR_FORCED: (Ring(Alarm.FORCED, begins=False),),
    _A.CLEAR_RELEASED: (Ring(Alarm.RELEASED, begins=False),),
}


class DoorMachine:
    """One door. Feed it what happens with `step`, and do what it returns, in order.

    It begins locked, or `unarmed` where a release was not re-armed before the computer went down.
    """

    def __init__(self, door: Door, *, unarmed: bool = False) -> None:
        self.door = door
        self.state = DoorState.UNARMED if unarmed else DoorState.LOCKED
        self._table = WITH_CONTACT if door.contact else WITHOUT_CONTACT
        self._claims: list[Claim] = []
        self._is_slow = False

    def step(self, event: DoorInput, claim: Claim | None = None) -> list[Effect]:
        """Take one input; `claim` goes with PERMITTED, and with EXIT_REQUESTED where a badge asked.

        Raise KeyError for an input that the door cannot have.
        """
        state, actions = self._table[self.state][event]
        if claim is None and event is DoorInput.EXIT_REQUESTED:
            claim = Claim(self.door.inner, self.door.outer)
        if claim is not None:
            self._add(claim)
        self.state = state
        if self._is_over(event):
            self._is_slow = False
        return [effect for action in actions for effect in self._effects(action)]

    def _is_over(self, event: DoorInput) -> bool:
        """Return whether nobody is at the strike or in the door any more."""
        if event is DoorInput.CLOSED or self.state is DoorState.LOCKED:
            return True
        return event is DoorInput.RELOCK_DUE and not self.state.is_open

    def _add(self, claim: Claim) -> None:
        """Keep one claim a person: who taps twice, or leans on the button, still passes once."""
        same = [old for old in self._claims if (old.person, old.target) == (claim.person, claim.target)]
        for old in same:
            self._claims.remove(old)
        self._claims.append(claim)

    def _effects(self, action: Action) -> Sequence[Effect]:
        match action:
            case _A.START_RELOCK:
                return [SetTimer(DoorInput.RELOCK_DUE, self._strike_time_s())]
            case _A.START_HELD:
                return self._watch_the_leaf()
            case _A.ADMIT:
                return self._settle(EventType.PASSAGE)
            case _A.ABANDON:
                return self._settle(EventType.NO_ENTRY)
            case _:
                return _PLAIN[action]

    def _watch_the_leaf(self) -> list[Effect]:
        """Set the timers of a leaf left open; who needs longer at the strike needs longer in the door."""
        door = self.door
        more_s = door.extended_strike_time_s - door.strike_time_s if self._is_slow else 0.0
        held_s = door.held_after_s + more_s
        warning_s = held_s - door.pre_alert_s if held_s > door.pre_alert_s else None
        return [SetTimer(DoorInput.WARNING_DUE, warning_s), SetTimer(DoorInput.HELD_DUE, held_s)]

    def _settle(self, outcome: EventType) -> list[Effect]:
        """End every claim: it passed, or did not. A handle that was let go again is no event."""
        claims, self._claims = self._claims, []
        if outcome is EventType.PASSAGE and any(claim.extended for claim in claims):
            self._is_slow = True
        return [
            Report(outcome, claim)
            for claim in claims
            if outcome is EventType.PASSAGE or claim.decision is not None
        ]

    def _strike_time_s(self) -> float:
        extended = self._is_slow or any(claim.extended for claim in self._claims)
        return self.door.extended_strike_time_s if extended else self.door.strike_time_s
