"""One card's visit: what it is, by its answer to reset, and the protocol that identifies it.

`PROTOCOLS` is the one place where a kind of card meets its protocol. Whatever the bytes, an exchange ends in
`Identified` or `Rejected`. The answer to reset is the one that PC/SC builds for contactless cards (part 3, section
3.1.3.2.3).
"""

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType

from readers.credentials.exchange import UNREADABLE, Exchange
from readers.credentials.uid import identify_by_uid

_CONTACTLESS = bytes.fromhex(
    "8001"
)  # TD1 and TD2: T=0 and T=1 offered, as PC/SC fixes it for every contactless card
_HISTORICAL_ONLY = 0x80  # the high half of T0: TD1 follows, no other interface byte
_STORAGE_CARD = bytes.fromhex(
    "804f0ca000000306"
)  # application identifier with the RID of the PC/SC workgroup
_STANDARDS_14443 = frozenset(
    (0x01, 0x02, 0x03, 0x05, 0x06, 0x07)
)  # PC/SC part 3 supplement: type A and B, parts 1 to 3


class Technology(Enum):
    """What a contactless card is able to speak."""

    STORAGE = "iso-14443-3"
    PROCESSOR = "iso-14443-4"


PROTOCOLS: Mapping[Technology, Callable[[], Exchange]] = MappingProxyType(
    {Technology.STORAGE: identify_by_uid, Technology.PROCESSOR: identify_by_uid},
)


def identify(atr: bytes) -> Exchange:
    """Find out whose badge the card with this answer to reset is."""
    technology = recognise(atr)
    if technology is None:
        return UNREADABLE
    return (yield from PROTOCOLS[technology]())


def recognise(atr: bytes) -> Technology | None:
    """Tell the technology by the answer to reset; None for a contact card, a vicinity card or anything else.

    The check byte is not checked: readers in service get it wrong, and it protects nothing here.
    """
    head, historical = atr[:4], atr[4:]
    if head[:1] != b"\x3b" or head[2:] != _CONTACTLESS or head[1] & 0xF0 != _HISTORICAL_ONLY:
        return None
    if not historical.startswith(_STORAGE_CARD):
        return Technology.PROCESSOR
    standard = historical[len(_STORAGE_CARD) : len(_STORAGE_CARD) + 1]
    return Technology.STORAGE if standard and standard[0] in _STANDARDS_14443 else None
