"""What every emulated card is: the other side of the wire. It never knows what the reader wants of it.

The answer to reset and the pseudo-commands of class FF are those that a PC/SC reader gives in the card's name (PC/SC
part 3, sections 3.1.3.2.3 and 3.2.2), so a `VirtualCard` is a card as seen through such a reader.
"""

from typing import Protocol


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
