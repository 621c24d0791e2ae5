"""A card in a hand that tears it away: before a command, or after it was carried out and before its answer came."""

from enum import Enum

from emulators.cards.card import VirtualCard


class Torn(Exception):
    """The card is gone."""


class Moment(Enum):
    BEFORE = "before the command"
    AFTER = "after the command, before its answer"


class TornCard:
    """Any card, torn away at its nth command to the chip. GET DATA is the reader's own and does not count."""

    def __init__(self, card: VirtualCard, at: int, moment: Moment) -> None:
        self._card, self._left, self._moment = card, at, moment
        self.atr = card.atr

    def process(self, apdu: bytes) -> bytes:
        if apdu[0] == 0xFF:
            return self._card.process(apdu)
        if self._left == 0 and self._moment is Moment.BEFORE:
            raise Torn
        answer = self._card.process(apdu)
        if self._left == 0:
            raise Torn
        self._left -= 1
        return answer

    def reset(self) -> None:
        self._card.reset()
