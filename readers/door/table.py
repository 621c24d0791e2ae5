"""The door as a table, `state → input → (state, actions)`: one for doors with a contact, one for doors without.

A pair that is not in a table is an error of the caller. Read it by its promises: only a permit, an exit request, a
free mode or a release lets the strike go; an exit request does in every state; nothing but a re-arming ends a release.
"""

from enum import Enum

from readers.door.states import DoorInput, DoorState


class Action(Enum):
    """What a door does on its way from state to state, in this order of words: strike, timers, claims, reports."""

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
    WARN = "warn"
    STOP_WARNING = "stop-warning"
    RAISE_HELD = "raise-held"
    RAISE_FORCED = "raise-forced"
    RAISE_RELEASED = "raise-released"
    CLEAR_HELD = "clear-held"
    CLEAR_FORCED = "clear-forced"
    CLEAR_RELEASED = "clear-released"


Actions = tuple[Action, ...]
Row = dict[DoorInput, tuple[DoorState, Actions]]
Table = dict[DoorState, Row]

_S, _I, _A = DoorState, DoorInput, Action

_UNLOCK = (_A.RELEASE, _A.START_RELOCK)
_LATCH = (_A.ENGAGE, _A.STOP_RELOCK)
_PASS = (_A.SAY_OPENED, _A.ADMIT)
_CLOSE = (*_LATCH, _A.STOP_HELD, _A.SAY_CLOSED)
_LET_GO = (_A.RELEASE, _A.STOP_RELOCK, _A.STOP_HELD)


def _ignore(state: DoorState, *inputs: DoorInput) -> Row:
    return dict.fromkeys(inputs, (state, ()))


_MODES = (_I.FREED, _I.SECURED, _I.SHUT)
_HELD_TIMERS = (_I.WARNING_DUE, _I.HELD_DUE)
_REARMING = (_I.RELEASE_ENDED, _I.REARMED, _I.REARMED_FREE)


def _secured_shut(state: DoorState) -> Row:
    """Return what a door does that is shut and that no free mode or release holds, whoever is on their way."""
    return {
        _I.PERMITTED: (_S.UNLOCKED, _UNLOCK),
        _I.EXIT_REQUESTED: (_S.LEAVING, _UNLOCK),
        _I.OPENED: (_S.OPEN, (*_PASS, _A.START_HELD)),
        _I.FOUND_OPEN: (_S.OPEN, (*_PASS, _A.START_HELD)),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE, _A.ABANDON)),
        _I.FREED: (_S.FREE, (_A.RELEASE,)),
        _I.RELEASED: (_S.RELEASED, (_A.RELEASE, _A.RAISE_RELEASED)),
        **_ignore(state, _I.CLOSED, _I.SECURED, _I.SHUT, *_HELD_TIMERS, *_REARMING),
    }


def _secured_open(state: DoorState, clear: Actions = ()) -> Row:
    """Return what a secured door does that stands open: one opening makes no further edge, so all pass at once.

    The strike lets go all the same: a contact with a cut cable tells of an open door, and people must still get out.
    """
    return {
        _I.PERMITTED: (state, (*_UNLOCK, _A.ADMIT)),
        _I.EXIT_REQUESTED: (state, (*_UNLOCK, _A.ADMIT)),
        _I.CLOSED: (_S.LOCKED, (*_CLOSE, *clear)),
        _I.RELOCK_DUE: (state, (_A.ENGAGE,)),
        _I.FREED: (_S.FREE_OPEN, (*_LET_GO, *clear)),
        _I.RELEASED: (_S.RELEASED_OPEN, (*_LET_GO, *clear, _A.RAISE_RELEASED)),
        **_ignore(state, _I.OPENED, _I.FOUND_OPEN, _I.SECURED, _I.SHUT, *_HELD_TIMERS, *_REARMING),
    }


def _free_shut(state: DoorState) -> Row:
    """Return what a free door does that is shut. Somebody known who does not go through leaves a `no-entry`."""
    return {
        _I.PERMITTED: (state, (_A.START_RELOCK,)),
        _I.EXIT_REQUESTED: (_S.FREE_LEAVING, (_A.START_RELOCK,)),
        _I.OPENED: (_S.FREE_OPEN, (_A.STOP_RELOCK, *_PASS)),
        _I.FOUND_OPEN: (_S.FREE_OPEN, (_A.STOP_RELOCK, *_PASS)),
        _I.RELOCK_DUE: (_S.FREE, (_A.ABANDON,)),
        _I.RELEASED: (_S.RELEASED, (_A.RELEASE, _A.RAISE_RELEASED)),
        **_ignore(state, _I.CLOSED, _I.FREED, *_HELD_TIMERS, *_REARMING),
    }


def _released_shut(state: DoorState) -> Row:
    """Return what a released door does that is shut."""
    opened = _S.RELEASED_OPEN if state is _S.RELEASED else _S.UNARMED_OPEN
    return {
        _I.PERMITTED: (state, (_A.START_RELOCK,)),
        _I.EXIT_REQUESTED: (state, (_A.START_RELOCK,)),
        _I.OPENED: (opened, (_A.STOP_RELOCK, *_PASS)),
        _I.FOUND_OPEN: (opened, (_A.STOP_RELOCK, *_PASS)),
        _I.RELOCK_DUE: (state, (_A.ABANDON,)),
        _I.RELEASED: (_S.RELEASED, (_A.RELEASE,)),
        **_ignore(state, _I.CLOSED, *_MODES, *_HELD_TIMERS, *_REARMING),
    }


def _released_open(state: DoorState) -> Row:
    """Return what a released door does that stands open."""
    shut = _S.RELEASED if state is _S.RELEASED_OPEN else _S.UNARMED
    return {
        _I.PERMITTED: (state, (_A.ADMIT,)),
        _I.EXIT_REQUESTED: (state, (_A.ADMIT,)),
        _I.CLOSED: (shut, (_A.SAY_CLOSED,)),
        _I.RELEASED: (_S.RELEASED_OPEN, (_A.RELEASE,)),
        **_ignore(state, _I.OPENED, _I.FOUND_OPEN, _I.RELOCK_DUE, *_MODES, *_HELD_TIMERS, *_REARMING),
    }


WITH_CONTACT: Table = {
    _S.LOCKED: {
        **_secured_shut(_S.LOCKED),
        _I.OPENED: (_S.FORCED, (_A.RAISE_FORCED,)),
        _I.RELOCK_DUE: (_S.LOCKED, (_A.ENGAGE,)),
    },
    _S.UNLOCKED: {
        **_secured_shut(_S.UNLOCKED),
        _I.SHUT: (_S.LOCKED, (*_LATCH, _A.ABANDON)),
    },
    _S.LEAVING: {  # whoever goes out has the full time, whatever mode begins meanwhile
        **_secured_shut(_S.LEAVING),
        _I.PERMITTED: (_S.LEAVING, _UNLOCK),
        _I.FREED: (_S.FREE_LEAVING, (_A.RELEASE,)),
    },
    _S.OPEN: {
        **_secured_open(_S.OPEN),
        _I.PERMITTED: (_S.OPEN, (*_UNLOCK, _A.ADMIT, _A.START_HELD)),
        _I.EXIT_REQUESTED: (_S.OPEN, (*_UNLOCK, _A.ADMIT, _A.START_HELD)),
        _I.WARNING_DUE: (_S.WARNING, (_A.WARN,)),
        _I.HELD_DUE: (_S.HELD, (_A.RAISE_HELD,)),
    },
    _S.WARNING: {
        **_secured_open(_S.WARNING, (_A.STOP_WARNING,)),
        _I.PERMITTED: (_S.OPEN, (*_UNLOCK, _A.ADMIT, _A.STOP_WARNING, _A.START_HELD)),
        _I.EXIT_REQUESTED: (_S.OPEN, (*_UNLOCK, _A.ADMIT, _A.STOP_WARNING, _A.START_HELD)),
        _I.HELD_DUE: (_S.HELD, (_A.STOP_WARNING, _A.RAISE_HELD)),
    },
    _S.HELD: _secured_open(_S.HELD, (_A.CLEAR_HELD,)),
    _S.FORCED: _secured_open(_S.FORCED, (_A.CLEAR_FORCED,)),
    _S.FREE: {
        **_free_shut(_S.FREE),
        _I.SECURED: (_S.LOCKED, (*_LATCH, _A.ABANDON)),
        _I.SHUT: (_S.LOCKED, (*_LATCH, _A.ABANDON)),
    },
    _S.FREE_LEAVING: {
        **_free_shut(_S.FREE_LEAVING),
        _I.SECURED: (_S.LEAVING, ()),
        _I.SHUT: (_S.LEAVING, ()),
    },
    _S.FREE_OPEN: {  # whoever stands in it at the end of a free mode has the strike time still
        _I.PERMITTED: (_S.FREE_OPEN, (_A.ADMIT,)),
        _I.EXIT_REQUESTED: (_S.FREE_OPEN, (_A.ADMIT,)),
        _I.CLOSED: (_S.FREE, (_A.SAY_CLOSED,)),
        _I.SECURED: (_S.OPEN, (_A.START_RELOCK, _A.START_HELD)),
        _I.SHUT: (_S.OPEN, (_A.START_RELOCK, _A.START_HELD)),
        _I.RELEASED: (_S.RELEASED_OPEN, (_A.RELEASE, _A.RAISE_RELEASED)),
        **_ignore(_S.FREE_OPEN, _I.OPENED, _I.FOUND_OPEN, _I.RELOCK_DUE, _I.FREED, *_HELD_TIMERS, *_REARMING),
    },
    _S.RELEASED: {
        **_released_shut(_S.RELEASED),
        _I.RELEASE_ENDED: (_S.UNARMED, ()),
    },
    _S.RELEASED_OPEN: {
        **_released_open(_S.RELEASED_OPEN),
        _I.RELEASE_ENDED: (_S.UNARMED_OPEN, ()),
    },
    _S.UNARMED: {  # who is on the way out at that moment has the strike time still
        **_released_shut(_S.UNARMED),
        _I.REARMED: (_S.LEAVING, (_A.START_RELOCK, _A.CLEAR_RELEASED)),
        _I.REARMED_FREE: (_S.FREE_LEAVING, (_A.START_RELOCK, _A.CLEAR_RELEASED)),
    },
    _S.UNARMED_OPEN: {
        **_released_open(_S.UNARMED_OPEN),
        _I.REARMED: (_S.OPEN, (_A.START_RELOCK, _A.START_HELD, _A.CLEAR_RELEASED)),
        _I.REARMED_FREE: (_S.FREE_OPEN, (_A.CLEAR_RELEASED,)),
    },
}

_OF_THE_CONTACT = frozenset({_I.OPENED, _I.CLOSED, _I.FOUND_OPEN, *_HELD_TIMERS})
_SOMEBODY = frozenset({_I.PERMITTED, _I.EXIT_REQUESTED})


def _without_contact(table: Table) -> Table:
    """Return the table of a door that nobody sees opening: who may pass has passed."""
    return {
        state: {
            event: (onward, (*actions, _A.ADMIT) if event in _SOMEBODY else actions)
            for event, (onward, actions) in row.items()
            if event not in _OF_THE_CONTACT
        }
        for state, row in table.items()
        if not state.is_open
    }


WITHOUT_CONTACT = _without_contact(WITH_CONTACT)
