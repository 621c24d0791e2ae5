"""What a door can be doing, what can happen to it, and what it then orders. What leads to what is in table.py."""

from enum import Enum

import msgspec

from policies.ids import BadgeId, PersonId, ReaderId, SpaceId
from readers.wire.events import EventType
from readers.wire.signals import Alarm


class DoorState(Enum):
    """What a door is doing.

    Secured, its strike is `unlocked` for somebody who enters or `leaving` for somebody who goes out, and engaged
    otherwise; `warning` is open for long, `held` for too long, `forced` opened by nobody's right. In mode free the
    strike stays released, `free-leaving` while somebody goes out. A release by the building's own wiring beats all:
    `released` while it lasts, `unarmed` until somebody re-arms the door.
    """

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    LEAVING = "leaving"
    OPEN = "open"
    WARNING = "warning"
    HELD = "held"
    FORCED = "forced"
    FREE = "free"
    FREE_LEAVING = "free-leaving"
    FREE_OPEN = "free-open"
    RELEASED = "released"
    RELEASED_OPEN = "released-open"
    UNARMED = "unarmed"
    UNARMED_OPEN = "unarmed-open"

    @property
    def is_open(self) -> bool:
        """Return whether the leaf stands open, as far as the contact tells."""
        return self in _OPEN

    @property
    def is_secure(self) -> bool:
        """Return whether the door is shut and its strike engaged."""
        return self is DoorState.LOCKED

    @property
    def is_released(self) -> bool:
        """Return whether the building's own wiring has released the door, and nobody has re-armed it since."""
        return self in _RELEASED

    @property
    def is_free(self) -> bool:
        """Return whether the mode keeps the strike released."""
        return self in _FREE


_OPEN = frozenset(
    {DoorState.OPEN, DoorState.WARNING, DoorState.HELD, DoorState.FORCED}
    | {DoorState.FREE_OPEN, DoorState.RELEASED_OPEN, DoorState.UNARMED_OPEN}
)
_RELEASED = frozenset(
    {DoorState.RELEASED, DoorState.RELEASED_OPEN, DoorState.UNARMED, DoorState.UNARMED_OPEN}
)
_FREE = frozenset({DoorState.FREE, DoorState.FREE_LEAVING, DoorState.FREE_OPEN})


class DoorInput(Enum):
    """What can happen to a door.

    `permitted` lets somebody in; `exit-requested` is a handle, a button or a badge from inside. `found-open` is the
    first word of a contact after a start. `secured` ends a free mode, `shut` says that nobody enters any more (locked
    or lockdown). `rearmed-free` is a re-arming while the mode is free.
    """

    PERMITTED = "permitted"
    EXIT_REQUESTED = "exit-requested"
    OPENED = "opened"
    CLOSED = "closed"
    FOUND_OPEN = "found-open"
    RELOCK_DUE = "relock-due"
    WARNING_DUE = "warning-due"
    HELD_DUE = "held-due"
    FREED = "freed"
    SECURED = "secured"
    SHUT = "shut"
    RELEASED = "released"
    RELEASE_ENDED = "release-ended"
    REARMED = "rearmed"
    REARMED_FREE = "rearmed-free"


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


class Ring(msgspec.Struct, frozen=True):
    """Raise an alarm, or say that it is over."""

    alarm: Alarm
    begins: bool


class Warn(msgspec.Struct, frozen=True):
    """Ask the people at the door to close it, or stop asking: no alarm yet."""

    begins: bool


Effect = Strike | SetTimer | Report | Ring | Warn
