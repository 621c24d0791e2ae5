"""An end to every command: nfcpy's block protocol goes on for as long as a card asks it to.

A card may ask for more time, acknowledge the wrong block or begin one more part, again and again (ISO/IEC 14443-4,
section 7), and nfcpy obeys each. What it sends goes through `Bounded`, which ends a command that has had its time.
"""

import time
from typing import Protocol

from readers.errors import CardGone

COMMAND_WITHIN_S = 1.5
"""Many times what an honest card takes over its longest command; a visit of a badge has two seconds in all."""


class Frontend(Protocol):
    """What nfcpy's block protocol asks of nfcpy's reader."""

    def exchange(self, send_data: bytearray, timeout: float) -> bytearray:
        """Send one block and return the block that answers it."""
        ...


class Bounded:
    """A reader that passes blocks on until the command's time is over."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self._until = 0.0

    def begin(self) -> None:
        """Begin a command."""
        self._until = time.monotonic() + COMMAND_WITHIN_S

    def exchange(self, send_data: bytearray, timeout: float) -> bytearray:
        """Send one block; raise `CardGone` once the time is over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise CardGone(f"the card was not done with a command within {COMMAND_WITHIN_S} s")
        return self._frontend.exchange(send_data, min(timeout, left))
