"""The short messages beside the events: how far they are stored, whether their source is there, what doors are like."""

from enum import Enum
from typing import Annotated

import msgspec

from policies.ids import ReaderId
from policies.request import DoorMode
from readers.errors import WireError
from readers.wire.events import VERSION, Count, Instant, decode
from readers.wire.orders import ModeSource, Revision

_FromZero = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Ack(msgspec.Struct, frozen=True):
    """The server has stored everything of `epoch` up to `seq`, the highest sequence without a gap; 0 is nothing."""

    epoch: Count
    seq: _FromZero
    v: int = VERSION


class Line(Enum):
    """Whether a source holds its line to the bus, or a reader its line to its computer."""

    ONLINE = "online"
    OFFLINE = "offline"


class ReaderStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a reader is there, since when, and what is wrong with it where it is not."""

    state: Line
    since: Instant
    fault: str | None = None


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a source says of itself, retained; its last will says only `offline`.

    `software` is the version of the program, `snapshot` that of the rights in force: saying it acknowledges them.
    `lacks` is a version it heard of and could not take, for want of what lies between; the server sends that. `at` is
    when it said so, `readers` those whose health is known.
    """

    state: Line
    at: Instant | None = None
    software: str | None = None
    snapshot: _FromZero | None = None
    readers: dict[ReaderId, ReaderStatus] = {}
    lacks: _FromZero | None = None


class Shown(Enum):
    """What a door is seen to do; `released` by the building's own wiring, and not re-armed since."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    OPEN = "open"
    HELD = "held"
    FORCED = "forced"
    RELEASED = "released"


class Alarm(Enum):
    """What is raised once and cleared once; of a `contact` or `strike`, that it does not answer."""

    HELD = "held"
    FORCED = "forced"
    RELEASED = "released"
    TAMPERED = "tampered"
    CONTACT = "contact"
    STRIKE = "strike"


MAINTENANCE = "maintenance"
"""The cause of an alarm that is raised while people work on the door: it concerns nobody else."""


class DoorStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """A door's retained state: what it does, the mode in force, who wants that, until when, and what is wrong.

    `waits` says that a free period waits for its first person, `revision` which orders the door has.
    """

    state: Shown
    at: Instant
    mode: DoorMode = DoorMode.NORMAL
    by: ModeSource = ModeSource.DEFAULT
    until: Instant | None = None
    alarms: tuple[Alarm, ...] = ()
    waits: bool = False
    maintenance: bool = False
    revision: Revision = 0

    def says_the_same(self, other: "DoorStatus") -> bool:
        """Return whether nothing but the time differs."""
        return msgspec.structs.replace(self, at=other.at) == other


OFFLINE = msgspec.json.encode(Status(Line.OFFLINE))
"""The payload of the last will."""


def read_ack(payload: bytes) -> Ack:
    """Read an acknowledgement; raise `WireError` if it is none."""
    ack = decode(_ACK_DECODER, payload, "an acknowledgement")
    if ack.v != VERSION:
        raise WireError(f"acknowledgement: version {ack.v}, expected {VERSION}")
    return ack


def read_status(payload: bytes) -> Status:
    """Read what a source says of itself; raise `WireError` if it is nothing of the kind."""
    return decode(_STATUS_DECODER, payload, "a status")


def read_door(payload: bytes) -> DoorStatus:
    """Read what a door is like; raise `WireError` if it is nothing of the kind."""
    return decode(_DOOR_DECODER, payload, "a door's state")


_DOOR_DECODER = msgspec.json.Decoder(DoorStatus)
_ACK_DECODER = msgspec.json.Decoder(Ack)
_STATUS_DECODER = msgspec.json.Decoder(Status)
