"""Emulated DESFire cards, from the card's side of its specification."""

from emulators.cards.desfire.card import DesfireCard, Generation
from emulators.cards.desfire.memory import Application, File, Key, Memory

__all__ = ["Application", "DesfireCard", "File", "Generation", "Key", "Memory"]
