"""Keys put together from components, and what no key may be: the key ceremony's checks (docs/readers.md).

Components are added up (exclusive or), so that each alone says nothing of the key. What cancels out would leave a key
that anybody can guess, or that one holder knows. A component or key is never shown: a key is known by its check value.
"""

import secrets
from functools import reduce
from itertools import combinations
from pathlib import Path

from access.errors import Invalid
from readers.credentials.ciphers import AES_BLOCK, AES_KEY, Cipher, xor

_CHECK_VALUE = 3


def check_value(key: bytes) -> str:
    """Return what a key is compared by: the first three bytes of what it makes of a block of zeros, in hex."""
    return Cipher.aes(key).encrypt(bytes(AES_BLOCK))[:_CHECK_VALUE].hex()


def put_together(paths: list[Path]) -> bytes:
    """Return the key of the components in these files; one drawn here where there are none. Raise `Invalid`."""
    if not paths:
        return secrets.token_bytes(AES_KEY)
    if len(paths) == 1:
        raise Invalid("components: one alone is the key itself; expected two or more")
    components = [(path, _component(path)) for path in paths]
    for (one, value), (other, same) in combinations(components, 2):
        if value == same:
            raise Invalid(
                f"components {one} and {other}: the same, so they cancel out; expected one a person"
            )
    key = reduce(xor, (value for _, value in components))
    for path, value in components:
        if value == key:
            raise Invalid(f"components: all but {path} cancel out, so that it alone is the key")
    if is_guessable(key):
        raise Invalid(f"components {', '.join(map(str, paths))}: they give a key of one repeated byte")
    return key


def is_guessable(key: bytes) -> bool:
    """Return whether all bytes are alike: zeros, as a factory's card has them, or a filler; chance draws none."""
    return len(set(key)) == 1


def expected_check_value(told: str | None, key: bytes, paths: list[Path]) -> None:
    """Raise `Invalid` if a key put together is not the one whose check value is on paper."""
    if told is None:
        return
    if not paths:
        raise Invalid("--kcv: a key that is drawn has no check value on paper yet; expected components")
    if told.lower() != check_value(key):
        raise Invalid(
            f"--kcv {told}: the components give {check_value(key)}; expected those of one key, nothing was added"
        )


def _component(path: Path) -> bytes:
    try:
        value = bytes.fromhex(path.read_text("ascii"))
    except ValueError:  # what is there instead may be half a key, and is not shown
        value = b""
    if len(value) != AES_KEY:
        raise Invalid(f"component {path}: expected {2 * AES_KEY} hex digits")
    if is_guessable(value):
        what = "zeros" if not any(value) else "one repeated byte"
        raise Invalid(
            f"component {path}: nothing but {what}; expected one drawn by `openssl rand -hex {AES_KEY}`"
        )
    return value
