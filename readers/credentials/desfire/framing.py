"""DESFire commands and answers in both of their framings, and long ones in parts.

Native: command byte and parameters; the status comes first in the answer. Wrapped in ISO/IEC 7816-4: `90 CMD 00 00 Lc
parameters 00`; data, then 91 and the status. Cards take either; PC/SC programs and this house send the wrapped one.
"""

from enum import Enum, IntEnum

import msgspec

from readers.credentials.apdu import Command, Malformed, parse_response
from readers.credentials.exchange import Conversation, Transmit

WRAPPED_CLASS = 0x90
WRAPPED_STATUS = 0x91
PART = 54
"""Bytes of one command that every generation takes in a frame: 60 with the wrapping."""

MOST_PARTS = 16
"""Frames that an answer may come in. The longest this house asks for fits two."""


class Status(IntEnum):
    """What a DESFire says of a command (MF3D(H)x3 data sheet, table of status codes)."""

    OK = 0x00
    NO_CHANGES = 0x0C
    OUT_OF_MEMORY = 0x0E
    ILLEGAL_COMMAND = 0x1C
    INTEGRITY_ERROR = 0x1E
    NO_SUCH_KEY = 0x40
    LENGTH_ERROR = 0x7E
    PERMISSION_DENIED = 0x9D
    PARAMETER_ERROR = 0x9E
    APPLICATION_NOT_FOUND = 0xA0
    AUTHENTICATION_ERROR = 0xAE
    ADDITIONAL_FRAME = 0xAF
    BOUNDARY_ERROR = 0xBE
    COMMAND_ABORTED = 0xCA
    DUPLICATE = 0xDE
    FILE_NOT_FOUND = 0xF0


class Instruction(IntEnum):
    """The commands that this house sends or its emulated cards know."""

    AUTHENTICATE_ISO = 0x1A
    WRITE_DATA = 0x3D
    GET_KEY_SETTINGS = 0x45
    GET_CARD_UID = 0x51
    CHANGE_KEY_SETTINGS = 0x54
    SELECT_APPLICATION = 0x5A
    CHANGE_FILE_SETTINGS = 0x5F
    GET_VERSION = 0x60
    GET_KEY_VERSION = 0x64
    GET_APPLICATION_IDS = 0x6A
    GET_FILE_IDS = 0x6F
    AUTHENTICATE_EV2_FIRST = 0x71
    AUTHENTICATE_EV2_NON_FIRST = 0x77
    ISO_WRITE_DATA = 0x8D
    AUTHENTICATE_AES = 0xAA
    ISO_READ_DATA = 0xAD
    ADDITIONAL_FRAME = 0xAF
    READ_DATA = 0xBD
    CHANGE_KEY = 0xC4
    CREATE_APPLICATION = 0xCA
    CREATE_STD_DATA_FILE = 0xCD
    DELETE_APPLICATION = 0xDA
    DELETE_FILE = 0xDF
    GET_FILE_SETTINGS = 0xF5
    FORMAT_PICC = 0xFC


NOT_AN_ANSWER = 0x100
"""Stands for the status where what came is no answer, or not the card's: no card can say it."""


class Answer(msgspec.Struct, frozen=True):
    """What a card says to one command: a status (perhaps one that `Status` does not name), and data."""

    status: int
    data: bytes = b""

    @property
    def is_ok(self) -> bool:
        """Return whether the card did what it was told."""
        return self.status == Status.OK


GARBLED = Answer(NOT_AN_ANSWER)


class Framing(Enum):
    """How commands travel."""

    WRAPPED = "wrapped"
    NATIVE = "native"


def frame_command(framing: Framing, ins: int, data: bytes) -> bytes:
    """Return one frame of a command."""
    if framing is Framing.NATIVE:
        return bytes((ins,)) + data
    return Command(WRAPPED_CLASS, ins, 0, 0, data, expected=256).encode()


def parse_answer(framing: Framing, raw: bytes) -> Answer:
    """Read one frame of an answer; `GARBLED` where it is none."""
    if framing is Framing.NATIVE:
        return Answer(raw[0], raw[1:]) if raw else GARBLED
    response = parse_response(raw)
    if isinstance(response, Malformed) or response.status >> 8 != WRAPPED_STATUS:
        return GARBLED
    return Answer(response.status & 0xFF, response.data)


class Line(msgspec.Struct, frozen=True):
    """The way to a card: sends commands, in parts of `part` bytes where they are long."""

    framing: Framing = Framing.WRAPPED
    part: int = PART

    def send(self, ins: int, data: bytes = b"") -> Conversation[Answer]:
        """Send one frame and return its answer; an `ADDITIONAL_FRAME` is the caller's to go on from."""
        raw = yield Transmit(frame_command(self.framing, ins, data))
        return parse_answer(self.framing, raw)

    def converse(self, ins: int, data: bytes = b"") -> Conversation[Answer]:
        """Send a whole command and return the whole answer, its parts put together."""
        answer = yield from self.send(ins, data[: self.part])
        for start in range(self.part, len(data), self.part):
            if answer.status != Status.ADDITIONAL_FRAME:
                return answer
            answer = yield from self.send(Instruction.ADDITIONAL_FRAME, data[start : start + self.part])
        collected = answer.data
        for _ in range(MOST_PARTS):
            if answer.status != Status.ADDITIONAL_FRAME:
                return Answer(answer.status, collected)
            answer = yield from self.send(Instruction.ADDITIONAL_FRAME)
            collected += answer.data
        return GARBLED
