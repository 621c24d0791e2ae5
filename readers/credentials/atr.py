"""The answer to reset that a reader makes up for a contactless card (PC/SC part 3, section 3.1.3.2.3).

Built here for readers and emulated cards alike, and recognised here.
"""

from enum import Enum
from functools import reduce
from operator import xor

_TS = b"\x3b"

_TD1_FOLLOWS = 0x80
"""The high half of T0: TD1 and no other interface byte; the low half counts historical bytes."""

_TD1_TD2 = bytes.fromhex("8001")
"""T=0 and T=1 offered, as for every contactless card."""

_STORAGE_CARD = bytes.fromhex("804f0ca000000306")
"""An application identifier with the RID of the PC/SC workgroup."""

_STANDARDS_14443 = frozenset((0x01, 0x02, 0x03, 0x05, 0x06, 0x07))
"""Supplement to part 3: types A and B, parts 1 to 3."""

_MOST_HISTORICAL = 15

TYPE_A_PART_3 = 0x03
"""The supplement's code for a card that ends with ISO/IEC 14443-3, type A."""


class Technology(Enum):
    """What a contactless card is able to speak."""

    STORAGE = "iso-14443-3"
    PROCESSOR = "iso-14443-4"


def storage_card_atr(*, standard: int, name: int) -> bytes:
    """Build the answer to reset of a card without a processor, from the codes of the supplement to part 3."""
    return processor_card_atr(_STORAGE_CARD + bytes((standard,)) + name.to_bytes(2, "big") + bytes(4))


def processor_card_atr(historical: bytes) -> bytes:
    """Build the answer to reset of a card that speaks ISO/IEC 14443-4, from the historical bytes of its ATS."""
    if len(historical) > _MOST_HISTORICAL:
        raise ValueError(f"{len(historical)} historical bytes: an answer to reset holds {_MOST_HISTORICAL}")
    body = bytes((_TD1_FOLLOWS | len(historical),)) + _TD1_TD2 + historical
    return _TS + body + bytes((reduce(xor, body),))


def recognise(atr: bytes) -> Technology | None:
    """Tell the technology by the answer to reset; None for a contact card, a vicinity card or anything else.

    The check byte is not checked: readers in service get it wrong, and it protects nothing here.
    """
    head, historical = atr[:4], atr[4:]
    if head[:1] != _TS or head[2:] != _TD1_TD2 or head[1] & 0xF0 != _TD1_FOLLOWS:
        return None
    if not historical.startswith(_STORAGE_CARD):
        return Technology.PROCESSOR
    standard = historical[len(_STORAGE_CARD) : len(_STORAGE_CARD) + 1]
    return Technology.STORAGE if standard and standard[0] in _STANDARDS_14443 else None
