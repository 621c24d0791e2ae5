"""A door's contact at the end of its cable: closed while the leaf is shut, but for chatter and broken wires.

A supervised one ends in resistors, so that a cut or a short is told from a contact; without them a cut reads as an open
door and a short as a shut one.
"""

from collections.abc import Callable

from emulators.faults import CableFault, DoorFaults
from readers.ports import Clock, Input, Timer

_UNSUPERVISED = {CableFault.CUT: Input.CONTACT_OPEN, CableFault.SHORT: Input.CONTACT_CLOSED}


class Contact:
    """One contact. `tell` hears every change of what the other end of the cable sees."""

    def __init__(
        self, clock: Clock, faults: DoorFaults, tell: Callable[[Input], None], *, supervised: bool
    ) -> None:
        self.seen = Input.CONTACT_CLOSED
        self._clock, self._faults, self._tell, self._supervised = clock, faults, tell, supervised
        self._touches_open = False
        self._chatter: Timer | None = None

    def move(self, *, is_open: bool) -> None:
        """Follow the leaf, with a chatter at first where the contact is a bad one."""
        if self._chatter is not None:
            self._chatter.cancel()
            self._chatter = None
        self._touch(is_open=is_open)
        if self._faults.bounce is not None:
            self._bounce(self._faults.bounce.gaps_s())

    def look(self) -> None:
        """Tell what the far end of the cable sees, if that has changed."""
        seen = self._at_the_far_end()
        if seen is not self.seen:
            self.seen = seen
            self._tell(seen)

    def _at_the_far_end(self) -> Input:
        cable = self._faults.cable
        if cable is not None:
            return Input.CONTACT_FAULT if self._supervised else _UNSUPERVISED[cable]
        return Input.CONTACT_OPEN if self._touches_open else Input.CONTACT_CLOSED

    def _touch(self, *, is_open: bool) -> None:
        if not self._faults.contact_stuck:
            self._touches_open = is_open
            self.look()

    def _bounce(self, gaps_s: tuple[float, ...]) -> None:
        if not gaps_s:
            self._chatter = None
            return

        def edge() -> None:
            self._touch(is_open=not self._touches_open)
            self._bounce(gaps_s[1:])

        self._chatter = self._clock.call_later(gaps_s[0], edge)
