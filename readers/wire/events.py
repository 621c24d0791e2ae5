"""Events: what a source reports, sealed into a chain that survives the erasure of persons.

One record is one line of JSON in two parts. The sealed part carries everything that is no person's, the hash of
the record before it (`prev`), and a salted commitment to the personal part; the personal part (`salt`, `person`,
`badge`) follows it at the end of the line and can be cut off for erasure. The chain hashes the exact bytes of the
sealed part, so that neither a cut nor a field that a later version adds breaks it.
"""

import hashlib
import re
from datetime import datetime
from enum import Enum
from typing import Annotated, TypeVar

import msgspec

from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SourceId, SpaceId
from policies.request import Assurance, DoorMode
from readers.errors import WireError

VERSION = 1
GENESIS = "0" * 64
"""`prev` of the first record of an epoch."""

FIRST_SEQ = 1
"""The sequence number of the first record of an epoch, so that 0 means none."""

Count = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""Epochs and sequence numbers: positive, and fit for the 64-bit integers of every database."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]

_PERSONAL = b',"salt":"'
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""No id has a NUL, and PostgreSQL's text can hold none."""


class EventType(Enum):
    """What happened. A `passage` is a door that really opened after a permit, or from inside without a badge."""

    SOURCE_STARTED = "source-started"
    DECISION = "decision"
    PASSAGE = "passage"
    NO_ENTRY = "no-entry"
    DOOR_OPENED = "door-opened"
    DOOR_CLOSED = "door-closed"
    DOOR_HELD = "door-held"
    DOOR_FORCED = "door-forced"
    DOOR_RELEASED = "door-released"
    DOOR_TAMPERED = "door-tampered"
    DOOR_FAULT = "door-fault"
    ALARM_CLEARED = "alarm-cleared"
    MODE_CHANGED = "mode-changed"
    COMMAND = "command"
    READER_OFFLINE = "reader-offline"
    READER_ONLINE = "reader-online"
    COUNT_SET = "count-set"
    PERSON_REMOVED = "person-removed"
    MUSTERED = "mustered"
    INFERRED = "inferred"
    LIMIT_REACHED = "limit-reached"
    LIMIT_CLEARED = "limit-cleared"
    RESERVED = "reserved"


class Inputs(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a decision was made from, beside the badge: enough to decide it again.

    `reservation` is the authorizer's event by which the site's view was asked, `request` the asker's own id of the tap.
    """

    assurance: Assurance
    pin_ok: bool = False
    mode: str = "normal"
    snapshot: int = 0
    reservation: str | None = None
    request: str | None = None


class Happening(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What an event says of the building and the decision; nothing in it is a person's.

    `space` is the one reached, `origin` the one left; `decision` is the id of the decision that a passage or its
    absence belongs to. A count that was set has its `number`, a correction that the server inferred its `cause`, an
    alert at a limit both (`75-percent` of the capacity), and events that found no room at a door (`unrecorded`).
    A cause have also a fault at a door, an alarm that is cleared,
    a command that is refused and a change of `mode` (who wants it).
    `command` is the id of the command that a door answers, or that its mode comes from.
    """

    at: Instant
    type: EventType
    door: DoorId | None = None
    reader: ReaderId | None = None
    space: SpaceId | None = None
    origin: SpaceId | None = None
    decision: str | None = None
    effect: Effect | None = None
    reason: Reason | None = None
    inwards: Reason | None = None
    rules: tuple[RuleId, ...] = ()
    flags: tuple[Flag, ...] = ()
    policy_version: str | None = None
    inputs: Inputs | None = None
    number: int | None = None
    cause: str | None = None
    mode: DoorMode | None = None
    command: str | None = None


class Draft(Happening, frozen=True, omit_defaults=True, kw_only=True):
    """An event before it has its place in the chain; a journal gives it one."""

    person: PersonId | None = None
    badge: BadgeId | None = None


def decided(
    at: Instant,
    reader: ReaderId,
    decision: Decision,
    policy_version: str | None,
    inputs: Inputs,
    badge: BadgeId | None,
) -> Draft:
    """Return the record of a decision at a reader, whoever made it."""
    return Draft(
        at,
        EventType.DECISION,
        decision.door,
        reader,
        decision.space,
        None,
        None,
        decision.effect,
        decision.reason,
        decision.inwards,
        decision.rules,
        decision.flags,
        policy_version,
        inputs,
        person=decision.person,
        badge=badge,
    )


class SealedPart(Happening, frozen=True, omit_defaults=True, kw_only=True):
    """The part of a record that the chain hashes: its place, and what happened."""

    id: str
    source: SourceId
    epoch: Count
    seq: Count
    prev: str
    v: int
    commitment: str | None = None


class Event(SealedPart, frozen=True, omit_defaults=True, kw_only=True):
    """A record as it travels and is kept. Personal fields are absent once erased."""

    salt: str | None = None
    person: PersonId | None = None
    badge: BadgeId | None = None


class Record(msgspec.Struct, frozen=True, gc=False):
    """A line that was read: the event, the part of it that is sealed, and the hash that the next one carries."""

    event: Event
    sealed: bytes
    digest: str


class Sealed(msgspec.Struct, frozen=True, gc=False):
    """A record in its place: its id, the line to keep and send (no newline), and the hash the next one carries."""

    id: str
    line: bytes
    digest: str


def seal(draft: Draft, source: SourceId, epoch: int, seq: int, prev: str, salt: str) -> Sealed:
    """Give `draft` its place in the chain. `salt` is fresh random text, the sole protection of the commitment."""
    name = f"{source}:{epoch}:{seq}"
    personal = _personal_part(draft, salt)
    sealed = _ENCODER.encode(
        SealedPart(
            draft.at,
            draft.type,
            draft.door,
            draft.reader,
            draft.space,
            draft.origin,
            draft.decision,
            draft.effect,
            draft.reason,
            draft.inwards,
            draft.rules,
            draft.flags,
            draft.policy_version,
            draft.inputs,
            draft.number,
            draft.cause,
            draft.mode,
            draft.command,
            id=name,
            source=source,
            epoch=epoch,
            seq=seq,
            prev=prev,
            v=VERSION,
            commitment=hashlib.sha256(personal).hexdigest() if personal else None,
        )
    )
    line = sealed[:-1] + personal + b"}" if personal else sealed
    return Sealed(name, line, hashlib.sha256(sealed).hexdigest())


def sealed_part(line: bytes) -> bytes:
    """Return the part of a line that the chain hashes: the line without its person."""
    cut = line.rfind(_PERSONAL)
    return line if cut < 0 else line[:cut] + b"}"


def digest(line: bytes) -> str:
    """Return the hash that the record after this line carries as `prev`, in hex."""
    return hashlib.sha256(sealed_part(line)).hexdigest()


def place(line: bytes) -> tuple[int, int]:
    """Return the epoch and sequence that a line claims, checking nothing else; raise `WireError` without them."""
    claimed = decode(_PLACE_DECODER, line, "an event")
    return claimed.epoch, claimed.seq


def parse(line: bytes) -> Event:
    """Read one line; raise `WireError` if it is no event or its personal part is not the one committed to."""
    return _opened(line)[0]


def read(line: bytes) -> Record:
    """Read one line as `parse` does, for whoever keeps it: cut and hashed once."""
    event, sealed = _opened(line)
    return Record(event, sealed, hashlib.sha256(sealed).hexdigest())


def _opened(line: bytes) -> tuple[Event, bytes]:
    """Return the event of a line and its sealed part."""
    event = decode(_DECODER, line, "an event")
    if event.v != VERSION:
        raise WireError(f"event {event.id}: version {event.v}, expected {VERSION}")
    if event.id != f"{event.source}:{event.epoch}:{event.seq}":
        raise WireError(f"event {event.id}: expected the id {event.source}:{event.epoch}:{event.seq}")
    if b"\\" in line and _NUL.search(line):
        raise WireError(f"event {event.id}: has a NUL character, expected none")
    cut = line.rfind(_PERSONAL)
    if cut >= 0 and hashlib.sha256(line[cut:-1]).hexdigest() != event.commitment:
        raise WireError(f"event {event.id}: its personal part is not the one it commits to")
    sealed = line if cut < 0 else line[:cut] + b"}"
    if decode(_PERSONAL_DECODER, sealed, "an event") != _NOBODY:
        raise WireError(f"event {event.id}: names a person outside the part that can be erased")
    return event, sealed


_Decoded = TypeVar("_Decoded")


def decode(decoder: "msgspec.json.Decoder[_Decoded]", payload: bytes, name: str) -> _Decoded:
    """Decode what came over the bus, whatever it is; raise `WireError` if it is not `name`."""
    try:
        return decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"not {name}: {error}") from error


def _personal_part(draft: Draft, salt: str) -> bytes:
    if draft.person is None and draft.badge is None:
        return b""
    fields = _ENCODER.encode(_Personal(salt, draft.person, draft.badge))
    return b"," + fields[1:-1]


class _Personal(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    salt: str | None = None
    person: PersonId | None = None
    badge: BadgeId | None = None


class _Place(msgspec.Struct, frozen=True):
    epoch: Count
    seq: Count


_NOBODY = _Personal()
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Event)
_PERSONAL_DECODER = msgspec.json.Decoder(_Personal)
_PLACE_DECODER = msgspec.json.Decoder(_Place)
