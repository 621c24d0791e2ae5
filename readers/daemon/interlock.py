"""Doors of which no two are ever open: who enters by one waits until the others are shut. Who leaves never waits."""

from collections.abc import Callable, Mapping

import msgspec

from policies.ids import DoorId
from readers.daemon.portal import Portal
from readers.ports import Clock, Timer

WAITS_S = 15.0
"""How long somebody waits for the other door: the time to step through it and let it fall shut."""


class _Waiting(msgspec.Struct):
    """Somebody at a door; `on_end` hears whether they may go on."""

    door: DoorId
    on_end: Callable[[bool], None]
    timer: Timer | None = None


class Interlock:
    """The groups among one computer's doors."""

    def __init__(self, portals: Mapping[DoorId, Portal], clock: Clock) -> None:
        self._portals, self._clock = portals, clock
        self._waiting: list[_Waiting] = []

    def bars(self, door: DoorId) -> bool:
        """Return whether another door of the group is not shut and locked; one released by the house bars nothing."""
        portal = self._portals.get(door)
        group = portal.door.interlock if portal is not None else None
        if group is None:
            return False
        others = (each for each in self._portals.values() if each.door.interlock == group)
        return any(each.door.id != door and not each.is_secure and not each.is_released for each in others)

    def wait(self, door: DoorId, on_end: Callable[[bool], None]) -> None:
        """Call `on_end` with True as soon as nothing bars the door, with False once the time is over."""
        waiting = _Waiting(door, on_end)
        waiting.timer = self._clock.call_later(WAITS_S, lambda: self._end(waiting, may=False))
        self._waiting.append(waiting)

    def look(self) -> None:
        """Let those go on, in the order they came, whom nothing bars any more."""
        for waiting in tuple(self._waiting):
            if waiting in self._waiting and not self.bars(waiting.door):
                self._end(waiting, may=True)

    def close(self) -> None:
        """Forget everybody."""
        for waiting in self._waiting:
            if waiting.timer is not None:
                waiting.timer.cancel()
        self._waiting.clear()

    def _end(self, waiting: _Waiting, *, may: bool) -> None:
        if waiting.timer is not None:
            waiting.timer.cancel()
        self._waiting.remove(waiting)
        waiting.on_end(may)
