"""Cards that lie, stall or are pulled away: each is any card with one thing wrong about it.

A copy of a serial number is a `UidCard` of that number; a card of a wrong key is one with other keys in its memory.
"""

from collections.abc import Callable
from enum import Enum

from emulators.cards.card import VirtualCard
from readers.credentials.desfire.framing import WRAPPED_CLASS, WRAPPED_STATUS, Instruction, Status

_READER_CLASS = 0xFF


class _About:
    """A card with something wrong about it; what the reader knows by itself (class FF) is not touched."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def process(self, apdu: bytes) -> bytes:
        if apdu[:1] == bytes((_READER_CLASS,)):
            return self._card.process(apdu)
        return self._lie(apdu)

    def reset(self) -> None:
        self._card.reset()

    def _lie(self, apdu: bytes) -> bytes:
        raise NotImplementedError


class Babbling(_About):
    """It has always one more frame to give."""

    def _lie(self, apdu: bytes) -> bytes:
        del apdu
        return bytes(40) + bytes((WRAPPED_STATUS, Status.ADDITIONAL_FRAME))


class Truncated(_About):
    """Of each answer it gives `kept` bytes and the status."""

    def __init__(self, card: VirtualCard, kept: int) -> None:
        super().__init__(card)
        self._kept = kept

    def _lie(self, apdu: bytes) -> bytes:
        answer = self._card.process(apdu)
        return answer[:-2][: self._kept] + answer[-2:]


class Downgraded(_About):
    """A DESFire that says it knows no authentication of the second generation."""

    def _lie(self, apdu: bytes) -> bytes:
        if apdu[:2] == bytes((WRAPPED_CLASS, Instruction.AUTHENTICATE_EV2_FIRST)):
            return bytes((WRAPPED_STATUS, Status.ILLEGAL_COMMAND))
        return self._card.process(apdu)


class Replaying(_About):
    """A copy that has only the answers that were overheard of a card, by what was asked."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__(card)
        self._heard: dict[bytes, bytes] = {}
        self.is_copy = False

    def _lie(self, apdu: bytes) -> bytes:
        if not self.is_copy:
            self._heard[apdu] = self._card.process(apdu)
        return self._heard.get(apdu, b"\x6f\x00")


class Moment(Enum):
    """When a card is pulled away: the command is not heard, or carried out and its answer lost."""

    BEFORE = "before the command"
    AFTER = "after the command, before its answer"


class Torn(_About):
    """It is pulled away at its nth command, from 0 on: `pull` is called, which raises or lets the field lose it."""

    def __init__(self, card: VirtualCard, at: int, moment: Moment, pull: Callable[[], object]) -> None:
        super().__init__(card)
        self._left, self._moment, self._pull = at, moment, pull

    def _lie(self, apdu: bytes) -> bytes:
        if self._left == 0 and self._moment is Moment.BEFORE:
            self._pull()
            return b"\x6f\x00"
        answer = self._card.process(apdu)
        if self._left == 0:
            self._pull()
        self._left -= 1
        return answer
