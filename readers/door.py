"""The door machine, sans-IO: what a door's strike, contact and timers do for every input.

Two tables, `state → input → (state, actions)`: one for doors with a contact, one for doors without. A pair that is
not in the table is an error of the caller and raises. People who may pass are *claims*; a claim becomes a passage
when the contact says that the leaf opened (at once where there is no contact, or where the leaf is open already),
and is abandoned when the strike engages again first (ARCHITECTURE, "Who decides", point 3).
"""

from enum import Enum

import msgspec

from policies.building import Door
from policies.ids import BadgeId, PersonId, ReaderId, SpaceId
from readers.wire.events import EventType


class DoorState(Enum):
    """What a door is doing. `unlocked` is released and still closed."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"


class DoorInput(Enum):
    """What can happen to a door."""

    PERMITTED = "permitted"
    EXIT_REQUESTED = "exit-requested"
    OPENED = "opened"
    CLOSED = "closed"
    RELOCK_DUE = "relock-due"
    HELD_DUE = "held-due"


class Claim(msgspec.Struct, frozen=True):
    """Somebody who may pass now. Without a decision they leave by handle or button, and nobody knows who they are."""

    origin: SpaceId
    target: SpaceId
    reader: ReaderId | None = None
    decision: str | None = None
    person: PersonId | None = None
    badge: BadgeId | None = None
    extended: bool = False


class Strike(msgspec.Struct, frozen=True):
    """Release the strike, or engage it again."""

    release: bool


class SetTimer(msgspec.Struct, frozen=True):
    """Feed `due` back after `after_s` seconds; None drops the timer."""

    due: DoorInput
    after_s: float | None


class Report(msgspec.Struct, frozen=True):
    """Journal an event; passages and their absence name the claim."""

    type: EventType
    claim: Claim | None = None


Effect = Strike | SetTimer | Report


class _Action(Enum):
    RELEASE = "release"
    ENGAGE = "engage"
    START_RELOCK = "start-relock"
    STOP_RELOCK = "stop-relock"
    START_HELD = "start-held"
    STOP_HELD = "stop-held"
    ADMIT = "admit"
    ABANDON = "abandon"
    SAY_OPENED = "say-opened"
    SAY_CLOSED = "say-closed"
    SAY_FORCED = "say-forced"
    SAY_HELD = "say-held"


_S, _I, _A = DoorState, DoorInput, _Action
_Row = dict[DoorInput, tuple[DoorState, tuple[_Action, ...]]]

_UNLOCK: tuple[_Action, ...] = (_A.RELEASE, _A.START_RELOCK)
_SHUT: tuple[_Action, ...] = (_A.STOP_RELOCK, _A.STOP_HELD, _A.ENGAGE, _A.SAY_CLOSED)


def _standing_open(state: DoorState) -> _Row:
    """Whoever may pass while the leaf stands open passes at once: one opening makes no further contact edge."""
    return {
        _I.PERMITTED: (state, (_A.ADMIT,)),
        _I.EXIT_REQUESTED: (state, (_A.ADMIT,)),
        _I.OPENED: (state, ()),
        _I.CLOSED: (_S.LOCKED, _SHUT),
        _I.RELOCK_DUE: (state, (_A.ENGAGE,)),
        _I.HELD_DUE: (state, ()),
    }


WITH_CONTACT: dict[DoorState, _Row] = {
    _S.LOCKED: {
        _I.PERMITTED: (_S.UNLOCKED, _UNLOCK),
        _I.EXIT_REQUESTED: (_S.UNLOCKED, _UNLOCK),
        _I.OPENED: (_S.FORCED, (_A.SAY_FORCED,)),
        _I.CLOSED: (_S.LOCKED, ()),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE,)),
        _I.HELD_DUE: (_S.LOCKED, ()),
    },
    _S.UNLOCKED: {
        _I.PERMITTED: (_S.UNLOCKED, _UNLOCK),
        _I.EXIT_REQUESTED: (_S.UNLOCKED, _UNLOCK),
        _I.OPENED: (_S.OPEN, (_A.SAY_OPENED, _A.ADMIT, _A.START_HELD)),
        _I.CLOSED: (_S.UNLOCKED, ()),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE, _A.ABANDON)),
        _I.HELD_DUE: (_S.UNLOCKED, ()),
    },
    _S.OPEN: {
        **_standing_open(_S.OPEN),
        _I.PERMITTED: (_S.OPEN, (_A.ADMIT, _A.START_HELD)),
        _I.HELD_DUE: (_S.HELD, (_A.SAY_HELD,)),
    },
    _S.HELD: _standing_open(_S.HELD),
    _S.FORCED: _standing_open(_S.FORCED),
}

WITHOUT_CONTACT: dict[DoorState, _Row] = {
    _S.LOCKED: {
        _I.PERMITTED: (_S.UNLOCKED, (*_UNLOCK, _A.ADMIT)),
        _I.EXIT_REQUESTED: (_S.UNLOCKED, (*_UNLOCK, _A.ADMIT)),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE,)),
    },
    _S.UNLOCKED: {
        _I.PERMITTED: (_S.UNLOCKED, (*_UNLOCK, _A.ADMIT)),
        _I.EXIT_REQUESTED: (_S.UNLOCKED, (*_UNLOCK, _A.ADMIT)),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE,)),
    },
}

_REPORTS = {
    _A.SAY_OPENED: EventType.DOOR_OPENED,
    _A.SAY_CLOSED: EventType.DOOR_CLOSED,
    _A.SAY_FORCED: EventType.DOOR_FORCED,
    _A.SAY_HELD: EventType.DOOR_HELD,
}


class DoorMachine:
    """One door. Feed it what happens with `step`, and do what it returns, in order."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.state = DoorState.LOCKED
        self._table = WITH_CONTACT if door.contact else WITHOUT_CONTACT
        self._claims: list[Claim] = []

    def step(self, event: DoorInput, claim: Claim | None = None) -> list[Effect]:
        """Take one input; `claim` goes with PERMITTED. Raise KeyError for an input that the door cannot have."""
        state, actions = self._table[self.state][event]
        if event is DoorInput.EXIT_REQUESTED:
            self._add(Claim(self.door.inner, self.door.outer))
        elif claim is not None:
            self._add(claim)
        self.state = state
        return [effect for action in actions for effect in self._effects(action)]

    def _add(self, claim: Claim) -> None:
        """Keep one claim a person: who taps twice, or leans on the button, still passes once."""
        same = [old for old in self._claims if (old.person, old.target) == (claim.person, claim.target)]
        for old in same:
            self._claims.remove(old)
        self._claims.append(claim)

    def _effects(self, action: _Action) -> list[Effect]:
        match action:
            case _A.RELEASE | _A.ENGAGE:
                return [Strike(action is _A.RELEASE)]
            case _A.START_RELOCK | _A.START_HELD | _A.STOP_RELOCK | _A.STOP_HELD:
                return [self._timer(action)]
            case _A.ADMIT | _A.ABANDON:
                return self._settle(EventType.PASSAGE if action is _A.ADMIT else EventType.NO_ENTRY)
            case _:
                return [Report(_REPORTS[action])]

    def _timer(self, action: _Action) -> SetTimer:
        match action:
            case _A.START_RELOCK:
                return SetTimer(DoorInput.RELOCK_DUE, self._strike_time_s())
            case _A.START_HELD:
                return SetTimer(DoorInput.HELD_DUE, self.door.held_after_s)
            case _:
                due = DoorInput.RELOCK_DUE if action is _A.STOP_RELOCK else DoorInput.HELD_DUE
                return SetTimer(due, None)

    def _settle(self, outcome: EventType) -> list[Effect]:
        """End every claim: it passed, or did not. A handle that was let go again is no event."""
        claims, self._claims = self._claims, []
        return [
            Report(outcome, claim)
            for claim in claims
            if outcome is EventType.PASSAGE or claim.decision is not None
        ]

    def _strike_time_s(self) -> float:
        extended = any(claim.extended for claim in self._claims)
        return self.door.extended_strike_time_s if extended else self.door.strike_time_s
