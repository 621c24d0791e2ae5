"""The keys of controllers in memory, so that a tap asks no database who sends it.

A key that is not known is looked for again, `LOOKS_A_SECOND` times however many wrong ones come. What is compared is
hashes: whoever measures how long a refusal takes learns nothing of any key.
"""

import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from threading import Lock

import msgspec

from access.services.rights import READER
from access.store import operators as stored
from access.store.database import Database
from policies.ids import DoorId

LOOKS_A_SECOND = 10
"""A key that was just made works at once, and within a second under a flood of wrong ones."""


class ReaderKey(msgspec.Struct, frozen=True):
    """A key that may ask for decisions at `doors`, until it expires."""

    id: str
    digest: bytes
    doors: frozenset[DoorId]
    expires_at: datetime | None = None


_NOBODY = ReaderKey("", bytes(hashlib.sha256().digest_size), frozenset())


class KeyRing:
    """Every living key, and the doors it is for. `of` asks memory alone; `look_again` asks the database."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database, self._monotonic = database, monotonic
        self._keys: dict[bytes, ReaderKey] = {}
        self._mark: tuple[int, int] | None = None
        self._looks: deque[float] = deque(maxlen=LOOKS_A_SECOND)
        self._lock = Lock()
        self.look_again()

    def of(self, secret: bytes, at: datetime) -> ReaderKey | None:
        """Return the key with this secret; None if it is not known here, or has run out."""
        return self.of_digest(digest_of(secret), at)

    def of_digest(self, digest: bytes, at: datetime) -> ReaderKey | None:
        """Return the key by what is kept of its secret."""
        key = self._keys.get(digest, _NOBODY)
        is_it = hmac.compare_digest(key.digest, digest)
        return key if is_it and (key.expires_at is None or at < key.expires_at) else None

    @property
    def may_look_again(self) -> bool:
        """Return whether there were not too many looks at the database lately."""
        return len(self._looks) < LOOKS_A_SECOND or self._monotonic() >= self._looks[0] + 1

    def look_again(self) -> bool:
        """Take up keys that were made or revoked; return whether there were any."""
        with self._lock:
            self._looks.append(self._monotonic())
            with self._database.reading() as session:
                mark = stored.key_mark(session)
                if mark == self._mark:
                    return False
                living = stored.living_keys(session)
            self._keys = {bytes.fromhex(key.digest): _reader_key(key) for key in living}
            self._mark = mark
            return True

    def forget(self, name: str) -> None:
        """Drop the key called `key:ID` in the audit, at once."""
        with self._lock:
            self._keys = {digest: key for digest, key in self._keys.items() if f"key:{key.id}" != name}


def digest_of(secret: bytes) -> bytes:
    """Return what is kept of a secret, and compared."""
    return hashlib.sha256(secret).digest()


def _reader_key(key: stored.KeyRecord) -> ReaderKey:
    doors = (scope.removeprefix(READER) for scope in key.scopes if scope.startswith(READER))
    return ReaderKey(key.id, bytes.fromhex(key.digest), frozenset(map(DoorId, doors)), key.expires_at)
