"""Keys by name and version, and the diversification that gives each card its own (NXP AN10922, AES-128).

No master key ever comes here: whoever holds one lends its block cipher to `diversify`. Names stand for one use each, so
that a key which reads is never a key which personalises.
"""

from collections.abc import Callable

import msgspec

from readers.credentials.ciphers import AES_BLOCK, pad, subkeys, xor

_AES_128 = b"\x01"  # the diversification constant (AN10922, section 2.2)
_WHOLE = 2 * AES_BLOCK
_MOST_INPUT = _WHOLE - 1
FACTORY_VERSION = 0
"""The version of keys that no site has set; a site's own begin at 1."""


class KeyRef(msgspec.Struct, frozen=True):
    """A master key: what it is for, and which of its generations. `version` is 1 to 255."""

    name: str
    version: int


def diversify(encrypt_block: Callable[[bytes], bytes], identity: bytes) -> bytes:
    """Return the key of one card, 16 bytes, from the master key's block cipher and the card's identity.

    `identity` is 1 to 31 bytes; ValueError otherwise. The input is padded to 32 bytes however short it is: a plain
    CMAC pads to 16 what fits in 16, and so gives short identities another key (AN10922, section 2.2.1).
    """
    if not 1 <= len(identity) <= _MOST_INPUT:
        raise ValueError(f"{len(identity)} bytes to diversify by; expected 1 to {_MOST_INPUT}")
    message = _AES_128 + identity
    is_whole = len(message) == _WHOLE
    first, second = subkeys(encrypt_block, AES_BLOCK)
    padded = message if is_whole else pad(message, _WHOLE)
    last = xor(padded[AES_BLOCK:], first if is_whole else second)
    return encrypt_block(xor(encrypt_block(padded[:AES_BLOCK]), last))
