"""What every emulated card is: the other side of the wire. It never knows what the reader wants of it.

The answer to reset and the pseudo-commands of class FF are those that a PC/SC reader gives in the card's name (PC/SC
part 3, sections 3.1.3.2.3 and 3.2.2), so a `VirtualCard` is a card as seen through such a reader.
"""

from functools import reduce
from operator import xor
from typing import Protocol

_WORKGROUP = bytes.fromhex("a000000306")  # the PC/SC workgroup's registered identifier
_STORAGE_LENGTH = 0x0C  # what follows in the application identifier's data object
_MOST_HISTORICAL = 15


class VirtualCard(Protocol):
    """A card that answers."""

    @property
    def atr(self) -> bytes:
        """Return the answer to reset."""
        ...

    def process(self, apdu: bytes) -> bytes:
        """Answer one command, status word included; whatever comes in, something goes out."""
        ...

    def reset(self) -> None:
        """Lose the field's power: whatever was agreed in this visit is forgotten."""
        ...


def storage_card_atr(*, standard: int, name: int) -> bytes:
    """Build the answer to reset of a card without a processor; codes from the supplement to PC/SC part 3."""
    identifier = _WORKGROUP + bytes((standard,)) + name.to_bytes(2, "big") + bytes(4)
    return processor_card_atr(bytes((0x80, 0x4F, _STORAGE_LENGTH)) + identifier)


def processor_card_atr(historical: bytes) -> bytes:
    """Build the answer to reset of a card that speaks ISO/IEC 14443-4, from the historical bytes of its ATS."""
    if len(historical) > _MOST_HISTORICAL:
        raise ValueError(f"{len(historical)} historical bytes: an answer to reset holds {_MOST_HISTORICAL}")
    body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
    return b"\x3b" + body + bytes((reduce(xor, body),))
