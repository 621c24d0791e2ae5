"""What a PN532 is told so that it watches its field by itself, and speaks when something comes (NXP UM0701-02).

Asked for cards with retries without end, the chip answers when there is one; an ACK of the host's ends its looking. A
card is felt at once, and an idle reader costs this computer two questions a second instead of dozens.
"""

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

LIST_TARGETS, TYPE_A_106, _TYPE_B_106 = 0x4A, 0x00, 0x03  # section 7.3.5
_ANY_FAMILY = 0x00
_MAX_RETRIES = 0x05  # of RFConfiguration, section 7.3.1: for ATR_REQ, PSL_REQ and passive activation
_ONCE, _FOR_EVER = b"\x01\x00\x01", b"\x01\x00\xff"
_RF_FIELD, _OFF = 0x01, b"\x02"  # off, and on again by itself when cards are asked for

_TYPE_A_S = 1.0
_TYPE_B_S = 0.05  # cards of type B are rare at doors: they are found within the second
_SETTLES_WITHIN_S = 0.03
"""Cards in one hand come one after the other, and the chip answers at the first."""


class Chip(Protocol):
    """What is asked of nfcpy's driver for the chip."""

    def command(self, cmd_code: int, cmd_data: bytearray, timeout: float) -> bytearray | None:
        """Give a command and return what it comes to; OSError ETIMEDOUT, after an ACK, where it comes to nothing."""
        ...

    def rf_configuration(self, cfg_item: int, cfg_data: bytes) -> None:
        """Set something about the field."""
        ...


def serial_port(path: str) -> Path | None:
    """Return the port of a serial PN532; None for what nfcpy itself opens, other chips among them."""
    kind, _, rest = path.partition(":")
    name = rest.removesuffix(":pn532")
    if kind == "tty" and name.startswith("/"):
        return Path(name)  # a path may have colons of its own, as those of /dev/serial/by-path do
    return Path(f"/dev/tty{name}") if kind == "tty" and name and ":" not in name else None


class Watch:
    """One chip that looks by itself. `drop` forgets what the chip may have said while it was stopped."""

    def __init__(self, chip: Chip, drop: Callable[[], None]) -> None:
        self._chip, self._drop, self._is_set = chip, drop, False

    def feels_a_card(self) -> bool:
        """Let the chip look for about a second; return whether something came, which is then to be asked for anew.

        Raise OSError where it answers no more.
        """
        chip = self._chip
        if not self._is_set:
            chip.rf_configuration(_MAX_RETRIES, _FOR_EVER)
            self._is_set = True  # and so is a chip that lost its power meanwhile: it is what it starts with
        came = self._looks(bytes((TYPE_A_106,)), _TYPE_A_S)
        came = came or self._looks(bytes((_TYPE_B_106, _ANY_FAMILY)), _TYPE_B_S)
        if came:
            time.sleep(_SETTLES_WITHIN_S)
            self._is_set = False
            chip.rf_configuration(_MAX_RETRIES, _ONCE)
        # A card that was selected, heard or not, hears no further question before its power was cut.
        chip.rf_configuration(_RF_FIELD, _OFF)
        return came

    def _looks(self, kind: bytes, seconds: float) -> bool:
        try:
            self._chip.command(LIST_TARGETS, bytearray((1, *kind)), timeout=seconds)
        except OSError as nobody:
            if nobody.errno != errno.ETIMEDOUT:
                raise
            self._drop()
            return False
        return True
