"""Commands to a card and its responses, as bytes (ISO/IEC 7816-4, sections 5.1 and 5.6).

Short lengths only: every command that a reader of badges sends fits 255 bytes. What does not parse comes back as a
`Malformed` value: bytes from the air are never worth an exception.
"""

from enum import Enum, IntEnum

import msgspec

_HEADER = 4
_MOST_EXPECTED = 256  # written 00 in a short length field
_STATUS = 2


class Status(IntEnum):
    """Status words that readers and cards of this house speak (ISO/IEC 7816-4 table 5, PC/SC part 3 section 3.2)."""

    OK = 0x9000
    END_BEFORE_EXPECTED_LENGTH = 0x6282
    MORE_DATA = 0x6100  # the low byte tells how much
    WRONG_LENGTH = 0x6700
    SECURITY_NOT_SATISFIED = 0x6982
    CONDITIONS_NOT_SATISFIED = 0x6985
    WRONG_DATA = 0x6A80
    FUNCTION_NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    WRONG_PARAMETERS = 0x6A86
    REFERENCED_DATA_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    LENGTH_IS = 0x6C00  # the low byte tells the right length
    INSTRUCTION_NOT_SUPPORTED = 0x6D00
    CLASS_NOT_SUPPORTED = 0x6E00


class Malformed(Enum):
    """Why bytes are no command or response."""

    TOO_SHORT = "too short"
    LENGTHS_DISAGREE = "the length fields disagree with the length"


class Command(msgspec.Struct, frozen=True):
    """One command. `expected` is the longest answer wanted, 1 to 256; None where no data is to come back."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int | None = None

    def encode(self) -> bytes:
        """Return the bytes that go to the card."""
        header = bytes((self.cla, self.ins, self.p1, self.p2))
        body = bytes((len(self.data),)) + self.data if self.data else b""
        return header + body + (b"" if self.expected is None else bytes((self.expected % _MOST_EXPECTED,)))


class Response(msgspec.Struct, frozen=True):
    """What the card answered. `status` is a number, since a card may answer words that `Status` does not name."""

    data: bytes
    status: int

    def encode(self) -> bytes:
        """Return the bytes that come from the card."""
        return self.data + self.status.to_bytes(_STATUS, "big")


def parse_response(raw: bytes) -> Response | Malformed:
    """Split an answer into data and status word."""
    if len(raw) < _STATUS:
        return Malformed.TOO_SHORT
    return Response(data=raw[:-_STATUS], status=int.from_bytes(raw[-_STATUS:], "big"))


def parse_command(raw: bytes) -> Command | Malformed:
    """Read a command as a card does: header, then data, an expected length, both or neither."""
    if len(raw) < _HEADER:
        return Malformed.TOO_SHORT
    cla, ins, p1, p2 = raw[:_HEADER]
    body = raw[_HEADER:]
    if len(body) <= 1:
        return Command(cla, ins, p1, p2, expected=_expected(body))
    data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
    if not body[0] or len(data) < body[0] or len(rest) > 1:
        return Malformed.LENGTHS_DISAGREE
    return Command(cla, ins, p1, p2, data, _expected(rest))


def _expected(field: bytes) -> int | None:
    return (field[0] or _MOST_EXPECTED) if field else None
