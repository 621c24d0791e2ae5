"""The site's application on a DESFire card: its layout, and the reading of a badge at a door.

Key 0 is the application's master key, which personalises and which no door computer holds; key 1 opens the one file.
In the file stand the badge's identifier and a seal, made from the card's serial number by a key of its own: whoever
gets the keys out of one card can make copies of that card, and of no other.
"""

from collections.abc import Callable, Iterable
from hmac import compare_digest

import msgspec

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.desfire import ev1, ev2
from readers.credentials.desfire.channel import AuthenticationFailed, Channel, Comm
from readers.credentials.desfire.framing import Instruction, Line
from readers.credentials.exchange import Conversation, Derive, Identified, Rejected, unproven
from readers.credentials.keys import KeyRef
from readers.credentials.schemes import Desfire

MASTER_KEY, READ_KEY = 0, 1
FILE = 1
_FORMAT = b"\x01"
ID_BYTES = 8
_SEAL = 8
RECORD = len(_FORMAT) + ID_BYTES + _SEAL
_OFFSET = bytes(3)


class Record(msgspec.Struct, frozen=True):
    """What stands in a badge's file."""

    id: bytes
    seal: bytes

    def encode(self) -> bytes:
        return _FORMAT + self.id + self.seal

    @property
    def badge(self) -> BadgeId:
        """Return the identifier as rosters know it: 16 hex digits, a length that no serial number has."""
        return BadgeId(self.id.hex())


def parse_record(content: bytes) -> Record | None:
    """Read the content of a file; None for any other than this format's."""
    if len(content) != RECORD or content[:1] != _FORMAT:
        return None
    return Record(content[1 : 1 + ID_BYTES], content[1 + ID_BYTES :])


def seal_record(key: KeyRef, uid: bytes, identifier: bytes) -> Conversation[Record | None]:
    """Bind an identifier to a card; None where the key is not held."""
    made = yield Derive(key, uid + identifier)
    return Record(identifier, made[:_SEAL]) if made else None


def is_sealed(record: Record, uid: bytes, keys: Iterable[KeyRef]) -> Conversation[bool]:
    """Return whether one of the keys bound this record to this card."""
    for key in keys:
        made = yield from seal_record(key, uid, record.id)
        if made is not None and compare_digest(made.seal, record.seal):
            return True
    return False


def read_record(channel: Channel) -> Conversation[Record | None]:
    """Read the file in an authenticated session."""
    where = bytes((FILE,)) + _OFFSET + RECORD.to_bytes(3, "little")
    answer = yield from channel.command(Instruction.READ_DATA, where, comm=Comm.FULL)
    return parse_record(answer.data) if answer.is_ok else None


def authenticate(
    line: Line, key_no: int, key: bytes, draw: Callable[[int], bytes], *, may_be_ev1: bool
) -> Conversation[Channel | AuthenticationFailed]:
    """Prove a key by the newest protocol that the card speaks and the site allows."""
    channel: Channel | AuthenticationFailed = yield from ev2.authenticate(line, key_no, key, draw)
    if channel is AuthenticationFailed.NOT_SPOKEN and may_be_ev1:
        channel = yield from ev1.authenticate(line, key_no, key, draw)
    return channel


def identify_by_desfire(
    scheme: Desfire, uid: bytes, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected | None]:
    """Read a badge by the site's application; None where the card has no such application."""
    line = Line()
    for key in scheme.read:
        selected = yield from line.send(Instruction.SELECT_APPLICATION, scheme.aid)
        if not selected.is_ok:
            return None
        card_key = yield Derive(key, scheme.identity(uid))
        if not card_key:
            continue
        channel = yield from authenticate(line, READ_KEY, card_key, draw, may_be_ev1=scheme.ev1)
        if channel is AuthenticationFailed.WRONG_KEY:
            continue
        if isinstance(channel, AuthenticationFailed):
            return unproven(f"desfire-{channel.name.lower()}")
        return (yield from _identify(channel, scheme, uid))
    return unproven("desfire-wrong-key")


def _identify(channel: Channel, scheme: Desfire, uid: bytes) -> Conversation[Identified | Rejected]:
    record = yield from read_record(channel)
    if record is None:
        return unproven("desfire-no-record")
    if not (yield from is_sealed(record, uid, scheme.seal)):
        return unproven("desfire-foreign-record")
    return Identified(record.badge, Assurance.AUTHENTICATED)
