"""Supply lines that a fire panel breaks: one input tells for all doors of its line that hang on this computer."""

from collections.abc import Mapping

from policies.ids import DoorId
from readers.daemon.portal import Portal


class ReleaseLines:
    """The lines among one computer's doors. A line is broken while any of its inputs says so."""

    def __init__(self, portals: Mapping[DoorId, Portal]) -> None:
        self._portals = portals
        self._broken: set[DoorId] = set()

    def hear(self, door: DoorId, broken: bool) -> None:  # noqa: FBT001  (what an input tells has one value and no name)
        """Take what the input at a door tells, and tell every door of its line."""
        was_broken = self._is_broken(door)
        (self._broken.add if broken else self._broken.discard)(door)
        now_broken = self._is_broken(door)
        for portal in self._line(door):
            if portal.door.id == door or now_broken is not was_broken:
                portal.take_release(now_broken)

    def join(self, door: DoorId) -> None:
        """Tell a door that was just opened what its line is like."""
        if self._is_broken(door):
            self._portals[door].take_release(True)  # noqa: FBT003  (as an input tells it)

    def leave(self, door: DoorId) -> None:
        """Forget what a door's input said: it is about to be made anew."""
        self._broken.discard(door)

    def _line(self, door: DoorId) -> list[Portal]:
        portal = self._portals.get(door)
        if portal is None:
            return []
        line = portal.door.release
        if line is None:
            return [portal]
        return [each for each in self._portals.values() if each.door.release == line]

    def _is_broken(self, door: DoorId) -> bool:
        return any(each.door.id in self._broken for each in self._line(door))
