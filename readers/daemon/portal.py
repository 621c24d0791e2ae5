"""One door: its machine obeyed, its hardware driven, its events journaled. Decides nothing."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from policies.building import Door
from policies.ids import SpaceId
from readers.door import Claim, DoorInput, DoorMachine, DoorState, Effect, Report, SetTimer, Strike
from readers.errors import HardwareFault
from readers.ports import Clock, DoorHardware, Feedback, Input, Timer
from readers.wire.events import Draft

_log = logging.getLogger(__name__)

_INPUTS = {
    Input.CONTACT_OPEN: DoorInput.OPENED,
    Input.CONTACT_CLOSED: DoorInput.CLOSED,
    Input.EXIT_REQUESTED: DoorInput.EXIT_REQUESTED,
}

_CONTACT = frozenset({Input.CONTACT_OPEN, Input.CONTACT_CLOSED})

SETTLES_WITHIN = timedelta(milliseconds=100)
"""A reed contact chatters for tens of milliseconds: the first edge counts at once, then the level it rests at."""

LOCK_AGAIN_S = 1.0
"""A bolt that did not answer may stand released: it is told to lock until it does."""


class Portal:
    """A door between its machine and the world.

    `note` keeps what happened, now or when it can; `on_state` hears every state the door comes to.
    """

    def __init__(
        self,
        door: Door,
        hardware: DoorHardware,
        note: Callable[[Draft], None],
        clock: Clock,
        on_state: Callable[[Door, DoorState], None],
    ) -> None:
        self.door = door
        self._hardware, self._note, self._clock, self._on_state = hardware, note, clock, on_state
        self._machine = DoorMachine(door)
        self._timers: dict[DoorInput, Timer] = {}
        self._relock: Timer | None = None
        self._contact: Input | None = None  # as the machine knows it
        self._contact_rests_at: Input | None = None
        self._settled_from: datetime | None = None
        self._settling: Timer | None = None
        self._in_service = False

    def open(self) -> None:
        """Begin: lock the strike, whatever it was left at, and listen to the door's wires."""
        self._in_service = True
        self._obey(Strike(release=False))
        self._hardware.listen(self._hear)
        self._on_state(self.door, self._machine.state)

    def close(self) -> None:
        """Stop the timers and leave the strike locked."""
        self._in_service = False
        for timer in (*self._timers.values(), self._settling):
            if timer is not None:
                timer.cancel()
        self._timers.clear()
        self._obey(Strike(release=False))

    def admit(self, claim: Claim) -> None:
        """Release the strike for somebody whose decision is journaled."""
        self._step(DoorInput.PERMITTED, claim)

    def show(self, feedback: Feedback) -> None:
        """Tell the person at the reader."""
        self._hardware.show(feedback)

    def _hear(self, heard: Input) -> None:
        """Take a change of an input; a portal that was replaced has the same wires but no say any more."""
        if not self._in_service:
            return
        if heard in _CONTACT:
            self._contact_rests_at = heard
            self._settle()
        elif heard in _INPUTS:
            self._step(_INPUTS[heard])
        else:
            _log.warning("door-input", extra={"door": self.door.id, "input": heard.value})

    def _settle(self) -> None:
        """Take the contact's edge at once, unless it follows another so closely that it may be chatter."""
        now = self._clock.now()
        if self._settled_from is not None and now < self._settled_from:
            if self._settling is None:
                wait_s = (self._settled_from - now).total_seconds()
                self._settling = self._clock.call_later(wait_s, self._look_again)
            return
        heard = self._contact_rests_at
        if heard is not None and heard is not self._contact:
            self._contact, self._settled_from = heard, now + SETTLES_WITHIN
            self._step(_INPUTS[heard])

    def _look_again(self) -> None:
        self._settling = self._settled_from = None
        self._settle()

    def _step(self, event: DoorInput, claim: Claim | None = None) -> None:
        before = self._machine.state
        for effect in self._machine.step(event, claim):
            self._obey(effect)
        if self._machine.state is not before:
            self._on_state(self.door, self._machine.state)

    def _obey(self, effect: Effect) -> None:
        match effect:
            case Strike(release):
                self._move(release=release)
            case SetTimer(due, after_s):
                self._set_timer(due, after_s)
            case Report(_, _):
                self._report(effect)

    def _move(self, *, release: bool) -> None:
        if self._relock is not None:
            self._relock.cancel()
            self._relock = None
        try:
            if release:
                self._hardware.unlock()
            else:
                self._hardware.lock()
        except HardwareFault as fault:
            _log.error("strike-fault", extra={"door": self.door.id, "release": release, "fault": str(fault)})
            if not release and self._in_service:
                self._relock = self._clock.call_later(LOCK_AGAIN_S, lambda: self._move(release=False))

    def _set_timer(self, due: DoorInput, after_s: float | None) -> None:
        if (running := self._timers.pop(due, None)) is not None:
            running.cancel()
        if after_s is not None:
            self._timers[due] = self._clock.call_later(after_s, lambda: self._step(due))

    def _report(self, report: Report) -> None:
        claim = report.claim or _NOBODY
        self._note(
            Draft(
                self._clock.now(),
                report.type,
                self.door.id,
                claim.reader,
                claim.target or None,
                claim.origin or None,
                claim.decision,
                person=claim.person,
                badge=claim.badge,
            )
        )


_NOBODY = Claim(SpaceId(""), SpaceId(""))
