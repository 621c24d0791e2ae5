"""One door as physics: a strike, a leaf with its closer, a contact, an exit switch, and a lamp at the reader.

To the controller it is `readers.ports.DoorHardware`; to people it is something to push, leave by, hold or force.
It never knows what the controller wants. From inside the handle is mechanical: leaving is never refused.
"""

from collections.abc import Callable
from datetime import timedelta

from emulators.faults import DoorFaults, RelayFault
from policies.building import Door, Strike
from readers.errors import HardwareFault
from readers.ports import Clock, Feedback, Input, Timer

CLOSES_AFTER_S = 3.0
"""From the last hand on the leaf until it has fallen shut."""

SWING_S = 1.5
"""The last part of that: the closer swings the leaf from wide open to shut."""

WIDE_OPEN_DEG = 90.0


class EmulatedDoor:
    """The door that `door` describes. Throw its `faults` at any time."""

    def __init__(self, door: Door, clock: Clock, faults: DoorFaults | None = None) -> None:
        self.door = door
        self.faults = faults or DoorFaults()
        self.is_open = False
        self.lamp: Feedback | None = None
        self._clock = clock
        self._unlocked = False
        self._shut_at = clock.now()
        self._closer: Timer | None = None
        self._contact_says_open = False
        self._chatter: Timer | None = None
        self._inputs: tuple[Callable[[Input], None], ...] = ()
        self._watchers: tuple[Callable[[Feedback], None], ...] = ()

    # ---- the controller's side: readers.ports.DoorHardware

    def unlock(self) -> None:
        """Release the strike."""
        self._switch(unlocked=True)

    def lock(self) -> None:
        """Engage the strike; an open leaf latches when it falls shut."""
        self._switch(unlocked=False)

    def show(self, feedback: Feedback) -> None:
        """Light the lamp at the reader."""
        self.lamp = feedback
        for watcher in self._watchers:
            watcher(feedback)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        """Wire an input listener to the contact and the exit switch."""
        self._inputs = (*self._inputs, on_input)

    # ---- what can be seen

    @property
    def is_released(self) -> bool:
        """Whether the leaf gives way to a push. Without power, that is up to the strike's kind."""
        if self.faults.power_cut:
            return self.door.strike is Strike.FAIL_SAFE
        return self._unlocked

    @property
    def angle_deg(self) -> float:
        """How far the leaf stands open now."""
        if not self.is_open:
            return 0.0
        left_s = (self._shut_at - self._clock.now()).total_seconds()
        return WIDE_OPEN_DEG * max(0.0, min(1.0, left_s / SWING_S))

    def watch(self, on_lamp: Callable[[Feedback], None]) -> None:
        """Call `on_lamp` each time the lamp is lit."""
        self._watchers = (*self._watchers, on_lamp)

    # ---- what people do

    def push(self) -> bool:
        """Push the leaf and go through; return whether it gave way, to the strike or because it stood open."""
        if not (self.is_open or self.is_released):
            return False
        self._swing_open()
        return True

    def leave(self) -> None:
        """Go out by the handle: it works its switch, where there is one, and always opens."""
        if self.door.exit_button:
            self._tell(Input.EXIT_REQUESTED)
        self._swing_open()

    def force(self) -> None:
        """Break in: the leaf opens whatever the strike."""
        self._swing_open()

    def hold(self, seconds: float) -> bool:
        """Keep an open leaf from closing for `seconds`; return False if it is shut already."""
        if not self.is_open:
            return False
        self._set_closer(seconds + CLOSES_AFTER_S)
        return True

    def let_go(self) -> None:
        """End a hold: the closer takes the leaf."""
        if self.is_open:
            self._set_closer(CLOSES_AFTER_S)

    # ---- how it works

    def _switch(self, *, unlocked: bool) -> None:
        if self.faults.relay is RelayFault.NO_ANSWER:
            raise HardwareFault(
                f"door {self.door.id}: the relay does not answer, expected it to switch the strike"
            )
        if self.faults.relay is None:
            self._unlocked = unlocked

    def _swing_open(self) -> None:
        if self.is_open:
            if self._clock.now() + _CLOSING_TIME > self._shut_at:  # else a hand holds it longer
                self._set_closer(CLOSES_AFTER_S)
            return
        self.is_open = True
        self._set_closer(CLOSES_AFTER_S)
        self._contact(is_open=True)

    def _set_closer(self, after_s: float) -> None:
        if self._closer is not None:
            self._closer.cancel()
        self._shut_at = self._clock.now() + timedelta(seconds=after_s)
        self._closer = self._clock.call_later(after_s, self._fall_shut)

    def _fall_shut(self) -> None:
        self._closer = None
        self.is_open = False
        self._contact(is_open=False)

    def _contact(self, *, is_open: bool) -> None:
        if self._chatter is not None:
            self._chatter.cancel()
            self._chatter = None
        self._report(is_open=is_open)
        if self.faults.bounce is not None:
            self._bounce(self.faults.bounce.gaps_s())

    def _bounce(self, gaps_s: tuple[float, ...]) -> None:
        if not gaps_s:
            self._chatter = None
            return

        def edge() -> None:
            self._report(is_open=not self._contact_says_open)
            self._bounce(gaps_s[1:])

        self._chatter = self._clock.call_later(gaps_s[0], edge)

    def _report(self, *, is_open: bool) -> None:
        if not self.door.contact or self.faults.contact_stuck or is_open is self._contact_says_open:
            return
        self._contact_says_open = is_open
        self._tell(Input.CONTACT_OPEN if is_open else Input.CONTACT_CLOSED)

    def _tell(self, what: Input) -> None:
        for on_input in self._inputs:
            on_input(what)


_CLOSING_TIME = timedelta(seconds=CLOSES_AFTER_S)
