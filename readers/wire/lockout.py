"""How long wrong PINs lock a badge or a keypad out: after a few free tries, twice as long with each further one.

A right PIN clears a badge, never a keypad: whoever has a PIN of their own could clear it between guesses at another's.
"""

from datetime import datetime, timedelta

import msgspec

from readers.wire.events import Instant

FORGOTTEN_AFTER = timedelta(hours=1)
"""Wrong PINs older than this count no more."""

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_MOST_DOUBLINGS = 10

BADGE_TRIES = 3
"""Wrong PINs of one badge in a row before it is locked out."""

READER_TRIES = 10
"""Wrong PINs at one keypad before it is locked out, whichever badges they came with."""


class Lockout(msgspec.Struct, frozen=True, omit_defaults=True):
    """Wrong PINs so far: how many, the last one, and until when no more are taken."""

    failures: int = 0
    last: Instant | None = None
    until: Instant | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether no PIN is taken now."""
        return self.until is not None and at < self.until

    def is_over(self, at: datetime) -> bool:
        """Return whether nothing of it counts any more."""
        return not self.holds(at) and (self.last is None or at >= self.last + FORGOTTEN_AFTER)

    def fail(self, at: datetime, tries: int) -> "Lockout":
        """Return what stands after one more wrong PIN, where `tries` are free."""
        failures = 1 if self.is_over(at) else self.failures + 1
        if failures < tries:
            return Lockout(failures, at)
        doublings = min(failures - tries, _MOST_DOUBLINGS)
        return Lockout(failures, at, at + min(_FIRST * 2**doublings, _LONGEST))


NONE = Lockout()
