"""A hand that tears a card away from a conversation that is driven by hand."""

from emulators.cards import hostile
from emulators.cards.card import VirtualCard
from emulators.cards.hostile import Moment

__all__ = ["Moment", "Torn", "TornCard"]


class Torn(Exception):
    """The card is gone."""


class TornCard(hostile.Torn):
    """Any card, torn away at its nth command to the chip."""

    def __init__(self, card: VirtualCard, at: int, moment: Moment) -> None:
        super().__init__(card, at, moment, self._tear)

    def _tear(self) -> None:
        raise Torn
