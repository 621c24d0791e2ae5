"""Emulated NTAG 424 DNA tags, from the tag's side of its specification."""

from emulators.cards.ntag424.card import Ntag424Card
from emulators.cards.ntag424.memory import Mirroring, TagFile, TagMemory

__all__ = ["Mirroring", "Ntag424Card", "TagFile", "TagMemory"]
