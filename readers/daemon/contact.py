"""A door's contact without its chatter: the first edge counts at once, then the level that it comes to rest at."""

from collections.abc import Callable
from datetime import datetime, timedelta

from readers.ports import Clock, Timer

SETTLES_WITHIN = timedelta(milliseconds=100)
"""A reed contact chatters for tens of milliseconds."""


class SettledContact:
    """One contact. `on_level` hears whether the leaf is open, at every change."""

    def __init__(self, clock: Clock, on_level: Callable[[bool], None]) -> None:
        self._clock, self._on_level = clock, on_level
        self._told: bool | None = None
        self._rests_at: bool | None = None
        self._settled_from: datetime | None = None
        self._settling: Timer | None = None

    @property
    def is_known(self) -> bool:
        """Return whether any level has been taken yet."""
        return self._rests_at is not None

    def hear(self, *, is_open: bool) -> None:
        """Take an edge at once, unless it follows another so closely that it may be chatter."""
        self._rests_at = is_open
        self._settle()

    def know(self, *, is_open: bool) -> None:
        """Take a level that is known already: only what differs from it is told."""
        self._told = self._rests_at = is_open

    def close(self) -> None:
        """Stop waiting."""
        if self._settling is not None:
            self._settling.cancel()

    def _settle(self) -> None:
        now = self._clock.now()
        if self._settled_from is not None and now < self._settled_from:
            if self._settling is None:
                wait_s = (self._settled_from - now).total_seconds()
                self._settling = self._clock.call_later(wait_s, self._look_again)
            return
        level = self._rests_at
        if level is not None and level is not self._told:
            self._told, self._settled_from = level, now + SETTLES_WITHIN
            self._on_level(level)

    def _look_again(self) -> None:
        self._settling = self._settled_from = None
        self._settle()
