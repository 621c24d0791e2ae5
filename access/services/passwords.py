"""Passwords as argon2id hashes (RFC 9106), what a good one is, and secrets that a machine makes up.

A good password is long and not guessable (NIST SP 800-63B, section 3.1.1.2): no rule about digits or signs, which only
make people write `Password1!`; zxcvbn counts how many guesses one would take that knows words, names and keyboards.
"""

import hashlib
import secrets
from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from access.errors import Invalid

LEAST_LENGTH = 12
_LEAST_OWN = 8  # characters that are in no name which anybody would try
_LEAST_SCORE = 3  # of 4: "safely unguessable", 10⁸ guesses and more, behind a slow hash and a lock-out
_LOOKED_AT = 72  # what follows can only make it better, and takes long to weigh
_SECRET_BYTES = 32  # 256 bits, so that a plain hash of one is enough
_AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 64 MiB: a flood of sign-ins must not take the machine's memory."""


class Passwords:
    """Makes and checks hashes, at the library's recommended cost unless given another."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """Return the hash to keep."""
        with _AT_ONCE:
            return self._hasher.hash(password)

    def verify(self, hashed: str, password: str) -> bool:
        """Return whether this is the password; takes the same time for a hash that nobody has."""
        with _AT_ONCE:
            try:
                return self._hasher.verify(hashed, password)
            except (VerificationError, InvalidHashError):
                return False


def expect_good(password: str, easily_guessed: Iterable[str]) -> None:
    """Raise `Invalid` for a password that is short, or that somebody would guess who knows the given words."""
    if len(password) < LEAST_LENGTH:
        raise Invalid(f"new password: expected at least {LEAST_LENGTH} characters")
    words = [word.lower() for word in easily_guessed if word]
    own = password.lower()
    for word in words:
        own = own.replace(word, "")
    weighed = zxcvbn(password[:_LOOKED_AT], user_inputs=words)
    if len(own) < _LEAST_OWN or weighed["score"] < _LEAST_SCORE:
        raise Invalid(
            "new password: expected one that is harder to guess: several words, no names, no series"
        )


def fresh_secret() -> str:
    """Return 256 random bits as text for URLs and headers."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def fresh_identifier() -> str:
    """Return a random name for something that has none: no secret."""
    return secrets.token_hex(8)


def digest(secret: str) -> str:
    """Return the hash that a random secret is kept as."""
    return hashlib.sha256(secret.encode()).hexdigest()
