"""Cards that are hostile below their commands: in the blocks of ISO/IEC 14443-4, where a reader or its driver listens.

Each answers selection and activation as an honest card does, and then never comes to an end of its first answer.
"""

from emulators.cards.card import VirtualCard
from emulators.cards.contactless import Contactless

_I_MASK, _I_BLOCK, _CHAINING = 0xE2, 0x02, 0x10
_R_ACK, _S_WTX, _MOST_TIME = 0xA2, 0xF2, 59


class _Endless(Contactless):
    """A card whose answer to a command is never over."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__(card)
        self.asked = 0

    def _hear_block(self, frame: bytes) -> bytes | None:
        self.asked += 1
        return self._go_on(frame)

    def _go_on(self, frame: bytes) -> bytes | None:
        raise NotImplementedError


class Stalling(_Endless):
    """It asks for more time, again and again."""

    def _go_on(self, frame: bytes) -> bytes:
        del frame
        return bytes((_S_WTX, _MOST_TIME))


class Chaining(_Endless):
    """It has one more part to give, again and again."""

    def _go_on(self, frame: bytes) -> bytes:
        return bytes((_I_BLOCK | _CHAINING | frame[0] & 1,)) + bytes(200)


class Acknowledging(_Endless):
    """It acknowledges a block that it was not sent, so that the reader repeats the one that it was."""

    def _go_on(self, frame: bytes) -> bytes:
        return bytes((_R_ACK | ~frame[0] & 1,))


class Empty(_Endless):
    """It answers with frames that have nothing in them."""

    def _go_on(self, frame: bytes) -> bytes:
        del frame
        return b""
