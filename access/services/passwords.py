"""Passwords as argon2id hashes (RFC 9106), and secrets that a machine makes up."""

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_LENGTH = 12
_SECRET_BYTES = 32  # 256 bits, so that a plain hash of one is enough
_AT_ONCE = BoundedSemaphore(
    2
)  # each hash takes 64 MiB: a flood of sign-ins must not take the machine's memory


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


def fresh_secret() -> str:
    """Return 256 random bits as text for URLs and headers."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def fresh_identifier() -> str:
    """Return a random name for something that has none: no secret."""
    return secrets.token_hex(8)


def digest(secret: str) -> str:
    """Return the hash that a random secret is kept as."""
    return hashlib.sha256(secret.encode()).hexdigest()
