"""Cards that have a serial number and nothing else to say (ISO/IEC 14443-3), as seen through a PC/SC reader.

`UidCard` keeps its number; `RandomUidCard` makes up a new one at each reset, as phones do.
"""

import random

from readers.credentials.apdu import Command, Malformed, Response, Status, parse_command
from readers.credentials.atr import TYPE_A_PART_3, processor_card_atr, storage_card_atr

# Names from the supplement to PC/SC part 3: the card that most often has a number of this size.
_MIFARE_CLASSIC_1K, _MIFARE_ULTRALIGHT, _UNNAMED = 0x0001, 0x0003, 0x0000
_NAME_BY_SIZE = {4: _MIFARE_CLASSIC_1K, 7: _MIFARE_ULTRALIGHT, 10: _UNNAMED}
_READER_CLASS = 0xFF
_GET_DATA = 0xCA
_RANDOM = 0x08


class UidCard:
    """A storage card with a fixed number of 4, 7 or 10 bytes."""

    def __init__(self, uid: bytes) -> None:
        if len(uid) not in _NAME_BY_SIZE:
            raise ValueError(f"a UID of {len(uid)} bytes: expected 4, 7 or 10")
        self.atr = storage_card_atr(standard=TYPE_A_PART_3, name=_NAME_BY_SIZE[len(uid)])
        self._uid = uid

    def process(self, apdu: bytes) -> bytes:
        return answer_uid(apdu, self._uid)

    def reset(self) -> None:
        """Change nothing: the number is for life."""


class RandomUidCard:
    """A processor card that shows a number of its own making: 08, then three random bytes."""

    def __init__(self, draw: random.Random) -> None:
        self.atr = processor_card_atr(b"")
        self._draw = draw
        self.reset()

    def process(self, apdu: bytes) -> bytes:
        return answer_uid(apdu, self._uid)

    def reset(self) -> None:
        self._uid = bytes((_RANDOM,)) + self._draw.randbytes(3)


def answer_uid(apdu: bytes, uid: bytes) -> bytes:
    """Answer as reader and card together: GET DATA gives the number, all else is refused by its proper word."""
    command = parse_command(apdu)
    if isinstance(command, Malformed):
        return Response(b"", Status.WRONG_LENGTH).encode()
    return _answer(command, uid).encode()


def _answer(command: Command, uid: bytes) -> Response:
    if command.cla != _READER_CLASS:
        return Response(b"", Status.CLASS_NOT_SUPPORTED)
    if command.ins != _GET_DATA:
        return Response(b"", Status.INSTRUCTION_NOT_SUPPORTED)
    if (command.p1, command.p2) != (0, 0):
        return Response(b"", Status.FUNCTION_NOT_SUPPORTED)
    if command.data or command.expected is None:
        return Response(b"", Status.WRONG_LENGTH)
    return _cut_to(command.expected, uid)


def _cut_to(expected: int, uid: bytes) -> Response:
    """Give the whole number, or the words of PC/SC part 3 section 3.2.2.1.3 for another length."""
    if expected < len(uid):
        return Response(b"", Status.LENGTH_IS | len(uid))
    whole = expected in (len(uid), 256)  # 256 is written 00: as much as there is
    return Response(uid, Status.OK if whole else Status.END_BEFORE_EXPECTED_LENGTH)
