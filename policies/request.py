"""What a door is asked: a credential, how it was proven, at which reader and when; and the live state around it."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, IntEnum

import msgspec

from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SpaceId


class Assurance(IntEnum):
    """How a credential was proven, weakest first (docs/domain.md, 3.1)."""

    NONE = 0
    UID = 1
    SUN = 2
    AUTHENTICATED = 3


class Direction(Enum):
    """Which way a reader lets pass: into the door's inner space, or out of it."""

    ENTRY = "entry"
    EXIT = "exit"


class DoorMode(Enum):
    """What a door asks of those who enter (docs/domain.md, 4). Leaving is possible in every mode."""

    NORMAL = "normal"
    FREE = "free"
    LOCKED = "locked"
    LOCKDOWN = "lockdown"


class AccessRequest(msgspec.Struct, frozen=True, gc=False):
    """One tap. `at` is aware; `companions` are the people who proved themselves at the same door just before."""

    at: datetime
    reader: ReaderId
    badge: BadgeId
    assurance: Assurance
    pin_ok: bool = False
    companions: tuple[PersonId, ...] = ()


class LiveState(msgspec.Struct, frozen=True):
    """What changes while the rules stay: door modes, counts by space, who is in which leaf space and since when.

    `counts`, `inside` or `since` is None where the decider has no view of the whole site: the rules that need it
    then take their declared fallback and the decision is flagged `degraded` (ARCHITECTURE, "Who decides", point 2).
    """

    modes: Mapping[DoorId, DoorMode] = {}
    counts: Mapping[SpaceId, int] | None = None
    inside: Mapping[PersonId, SpaceId] | None = None
    since: Mapping[PersonId, datetime] | None = None


NO_VIEW = LiveState()
"""The state of a door computer on its own: every door in normal mode, counts and presence unknown."""
