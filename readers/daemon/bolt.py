"""One door's strike as its daemon orders it: moved at once, and told again to lock until it answers."""

import logging
from collections.abc import Callable

from policies.ids import DoorId
from readers.daemon.alarms import Alarms
from readers.errors import HardwareFault
from readers.ports import Clock, DoorHardware, Timer
from readers.wire.signals import Alarm

_log = logging.getLogger(__name__)

LOCK_AGAIN_S = 1.0
"""A bolt that did not answer may stand released: it is told to lock until it does."""


class Bolt:
    """The strike of one door. One that does not answer raises an alarm; `on_order` hears of each order but the last."""

    def __init__(
        self, door: DoorId, hardware: DoorHardware, alarms: Alarms, clock: Clock, on_order: Callable[[], None]
    ) -> None:
        self._door, self._hardware, self._alarms = door, hardware, alarms
        self._clock, self._on_order = clock, on_order
        self._again: Timer | None = None

    def order(self, *, release: bool) -> None:
        """Release or lock, now."""
        if not self._move(release=release) and not release:
            self._again = self._clock.call_later(LOCK_AGAIN_S, lambda: self.order(release=False))
        self._on_order()

    def leave(self, *, release: bool) -> None:
        """Release or lock for the last time."""
        self._move(release=release)

    def _move(self, *, release: bool) -> bool:
        """Return whether the bolt answered."""
        if self._again is not None:
            self._again.cancel()
            self._again = None
        try:
            if release:
                self._hardware.unlock()
            else:
                self._hardware.lock()
        except HardwareFault as fault:
            if Alarm.STRIKE not in self._alarms.raised():
                _log.error(
                    "strike-fault", extra={"door": self._door, "release": release, "fault": str(fault)}
                )
            self._alarms.set(Alarm.STRIKE)
            return False
        self._alarms.clear(Alarm.STRIKE)
        return True
