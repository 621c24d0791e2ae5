"""PINs as they are kept and travel: a salted scrypt hash (RFC 7914), never the digits.

A PIN goes with a badge and is never enough alone: four digits hold out minutes against whoever has the hash. Under
duress its last digit is entered one higher (9 becomes 0): the door opens as ever, and the server is told.
"""

import base64
import hashlib
import hmac
import re
from enum import Enum

_N, _R, _P = 2**13, 8, 1
"""8 MiB and some 30 ms on a door computer: slow for a thief, not for the person at the door."""

_LENGTH = 32
_DIGITS = re.compile(r"[0-9]{4,8}")

LONGEST = 8
"""Digits of the longest PIN."""


class PinCheck(Enum):
    """What somebody entered."""

    RIGHT = "right"
    DURESS = "duress"
    WRONG = "wrong"


def is_pin(entered: str) -> bool:
    """Return whether it has the form of a PIN: 4 to 8 digits."""
    return _DIGITS.fullmatch(entered) is not None


def hash_pin(pin: str, salt: bytes) -> str:
    """Return what is kept of a PIN; `salt` is fresh random bytes. Raise ValueError for what is no PIN."""
    if not is_pin(pin):
        raise ValueError("a PIN has 4 to 8 digits")
    return f"scrypt${_N}${_R}${_P}${_base64(salt)}${_base64(_derive(pin, salt, _N, _R, _P))}"


def check_pin(entered: str, kept: str) -> PinCheck:
    """Compare what was entered with what is kept; what is kept in an unknown form is matched by nothing."""
    try:
        return _compare(entered, kept)
    except (
        ValueError,
        TypeError,
    ):  # also numbers that scrypt does not take, or not within the memory it is given
        return PinCheck.WRONG


def _compare(entered: str, kept: str) -> PinCheck:
    name, n, r, p, salt, expected = kept.split("$")
    numbers, salt_bytes = (int(n), int(r), int(p)), base64.b64decode(salt)
    wanted = base64.b64decode(expected)
    if name != "scrypt" or not is_pin(entered):
        return PinCheck.WRONG
    for pin, outcome in ((entered, PinCheck.RIGHT), (_one_lower(entered), PinCheck.DURESS)):
        if hmac.compare_digest(_derive(pin, salt_bytes, *numbers), wanted):
            return outcome
    return PinCheck.WRONG


def _one_lower(entered: str) -> str:
    return entered[:-1] + str((int(entered[-1]) - 1) % 10)


def _derive(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode("ascii"), salt=salt, n=n, r=r, p=p, dklen=_LENGTH, maxmem=2**26)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
