"""One door: its machine obeyed, its hardware driven, its events journaled. Decides nothing."""

import logging
from collections.abc import Callable

from policies.building import Door
from policies.ids import SpaceId
from readers.door import Claim, DoorInput, DoorMachine, DoorState, Effect, Report, SetTimer, Strike
from readers.errors import HardwareFault, JournalError
from readers.ports import Clock, DoorHardware, Feedback, Input, Timer
from readers.wire.events import Draft, Sealed

_log = logging.getLogger(__name__)

_INPUTS = {
    Input.CONTACT_OPEN: DoorInput.OPENED,
    Input.CONTACT_CLOSED: DoorInput.CLOSED,
    Input.EXIT_REQUESTED: DoorInput.EXIT_REQUESTED,
}


class Portal:
    """A door between its machine and the world. `on_state` hears every state the door comes to."""

    def __init__(
        self,
        door: Door,
        hardware: DoorHardware,
        keep: Callable[[Draft], Sealed],
        clock: Clock,
        on_state: Callable[[Door, DoorState], None],
    ) -> None:
        self.door = door
        self._hardware, self._keep, self._clock, self._on_state = hardware, keep, clock, on_state
        self._machine = DoorMachine(door)
        self._timers: dict[DoorInput, Timer] = {}
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
        for timer in self._timers.values():
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
        if self._in_service:
            self._step(_INPUTS[heard])

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
        try:
            if release:
                self._hardware.unlock()
            else:
                self._hardware.lock()
        except HardwareFault as fault:
            _log.error("strike-fault", extra={"door": self.door.id, "release": release, "fault": str(fault)})

    def _set_timer(self, due: DoorInput, after_s: float | None) -> None:
        if (running := self._timers.pop(due, None)) is not None:
            running.cancel()
        if after_s is not None:
            self._timers[due] = self._clock.call_later(after_s, lambda: self._step(due))

    def _report(self, report: Report) -> None:
        claim = report.claim or _NOBODY
        draft = Draft(
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
        try:
            self._keep(draft)
        except JournalError as error:
            _log.error(
                "journal-fault", extra={"door": self.door.id, "event": report.type.value, "fault": str(error)}
            )


_NOBODY = Claim(SpaceId(""), SpaceId(""))
