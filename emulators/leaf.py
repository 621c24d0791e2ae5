"""A door's leaf with its closer: it swings open to a hand, is held, and falls shut. It knows of no lock and no wire."""

from collections.abc import Callable
from datetime import timedelta

from readers.ports import Clock, Timer

CLOSES_AFTER_S = 3.0
"""From the last hand on the leaf until it has fallen shut."""

SWING_S = 1.5
"""The last part of that: the closer swings the leaf from wide open to shut."""

WIDE_OPEN_DEG = 90.0

_CLOSING_TIME = timedelta(seconds=CLOSES_AFTER_S)


class Leaf:
    """One leaf; `on_move` hears when it has left its frame, and when it is back in it."""

    def __init__(self, clock: Clock, on_move: Callable[[], None]) -> None:
        self.is_open = False
        self._clock, self._on_move = clock, on_move
        self._shut_at = clock.now()
        self._closer: Timer | None = None

    @property
    def angle_deg(self) -> float:
        """How far it stands open now."""
        if not self.is_open:
            return 0.0
        left_s = (self._shut_at - self._clock.now()).total_seconds()
        return WIDE_OPEN_DEG * max(0.0, min(1.0, left_s / SWING_S))

    def swing_open(self) -> None:
        """Open it, or keep it open for who follows."""
        if self.is_open:
            if self._clock.now() + _CLOSING_TIME > self._shut_at:  # else a hand holds it longer
                self._set_closer(CLOSES_AFTER_S)
            return
        self.is_open = True
        self._set_closer(CLOSES_AFTER_S)
        self._on_move()

    def hold(self, seconds: float) -> bool:
        """Keep it from closing for `seconds`; return False if it is shut already."""
        if self.is_open:
            self._set_closer(seconds + CLOSES_AFTER_S)
        return self.is_open

    def let_go(self) -> None:
        """End a hold: the closer takes the leaf."""
        if self.is_open:
            self._set_closer(CLOSES_AFTER_S)

    def _set_closer(self, after_s: float) -> None:
        if self._closer is not None:
            self._closer.cancel()
        self._shut_at = self._clock.now() + timedelta(seconds=after_s)
        self._closer = self._clock.call_later(after_s, self._fall_shut)

    def _fall_shut(self) -> None:
        self._closer = None
        self.is_open = False
        self._on_move()
