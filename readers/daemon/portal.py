"""One door: its machine obeyed, its hardware driven, its mode followed, its events journaled. Decides nothing."""

from collections.abc import Callable

from policies.building import Door
from policies.ids import ReaderId, SpaceId
from policies.request import DoorMode
from readers.daemon.alarms import Alarms
from readers.daemon.bolt import Bolt
from readers.daemon.contact import SettledContact
from readers.daemon.regime import Regime
from readers.daemon.rights import Rights
from readers.daemon.standings import Standings
from readers.door import (
    Claim,
    DoorInput,
    DoorMachine,
    DoorState,
    Effect,
    Report,
    Ring,
    SetTimer,
    Strike,
    Warn,
)
from readers.door.modes import InForce
from readers.ports import Clock, DoorHardware, Feedback, Input, Timer
from readers.wire.events import Draft, EventType
from readers.wire.signals import MAINTENANCE, Alarm, DoorStatus, Shown

_RELEASES = {Input.RELEASED: True, Input.REARMED: False}

_ALARMS = {
    Input.CONTACT_FAULT: (Alarm.CONTACT, True),
    Input.TAMPERED: (Alarm.TAMPERED, True),
    Input.TAMPER_ENDED: (Alarm.TAMPERED, False),
    Input.OUTPUT_FAILED: (Alarm.STRIKE, True),
    Input.OUTPUT_RESTORED: (Alarm.STRIKE, False),
}

_CONTACT = frozenset({Input.CONTACT_OPEN, Input.CONTACT_CLOSED})

_MODES = {
    DoorMode.NORMAL: DoorInput.SECURED,
    DoorMode.FREE: DoorInput.FREED,
    DoorMode.LOCKED: DoorInput.SHUT,
    DoorMode.LOCKDOWN: DoorInput.SHUT,
}

_SHOWN = {
    DoorState.LOCKED: Shown.LOCKED,
    DoorState.UNLOCKED: Shown.UNLOCKED,
    DoorState.LEAVING: Shown.UNLOCKED,
    DoorState.OPEN: Shown.OPEN,
    DoorState.WARNING: Shown.OPEN,
    DoorState.HELD: Shown.HELD,
    DoorState.FORCED: Shown.FORCED,
    DoorState.FREE: Shown.UNLOCKED,
    DoorState.FREE_LEAVING: Shown.UNLOCKED,
    DoorState.FREE_OPEN: Shown.OPEN,
    DoorState.RELEASED: Shown.RELEASED,
    DoorState.RELEASED_OPEN: Shown.RELEASED,
    DoorState.UNARMED: Shown.RELEASED,
    DoorState.UNARMED_OPEN: Shown.RELEASED,
}

_NOBODY = Claim(SpaceId(""), SpaceId(""))


class Portal:
    """A door between its machine and the world.

    `note` keeps what happened, now or when it can; `on_status` hears every change of what there is to see.
    """

    def __init__(
        self,
        door: Door,
        hardware: DoorHardware,
        rights: Rights,
        standings: Standings,
        note: Callable[[Draft], object],
        clock: Clock,
        on_status: Callable[[Door, DoorStatus], None],
    ) -> None:
        self.door, self._rights = door, rights
        self._hardware, self._note, self._clock, self._on_status = hardware, note, clock, on_status
        self.regime = Regime(door, rights, standings, clock, self._follow)
        self._machine = DoorMachine(door, unarmed=self.regime.standing.unarmed)
        self._alarms = Alarms(door, note, clock, lambda: self.regime.in_force.maintenance)
        self._bolt = Bolt(door.id, hardware, self._alarms, clock, self._tell)
        self._contact = SettledContact(clock, self._see)
        self._timers: dict[DoorInput, Timer] = {}
        self._told: DoorStatus | None = None
        self._in_service = False
        self.on_release: Callable[[bool], None] = self.take_release
        """Hears what the release input tells: this door alone, or who knows the other doors of its line."""

    # ---- for the daemon

    def open(self) -> None:
        """Begin: bring the strike to where it belongs, whatever it was left at, and listen to the door's wires."""
        self._in_service = True
        if self.is_released:
            self._alarms.go_on(Alarm.RELEASED)
        self._obey(Strike(release=self.is_released))
        self.regime.look()
        sensed = self._hardware.senses()
        for heard in Input:
            if heard in sensed:
                self._find(heard)
        self._hardware.listen(self._hear)
        self._tell()

    def close(self) -> None:
        """Stop the timers and leave the strike locked, unless a release holds it."""
        self.regime.close()
        self._contact.close()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._in_service = False
        self._bolt.leave(release=self.is_released)
        self._alarms.close()

    @property
    def is_released(self) -> bool:
        """Return whether the building's own wiring has released the door, and nobody has re-armed it since."""
        return self._machine.state.is_released

    @property
    def is_secure(self) -> bool:
        """Return whether the door is shut and locked."""
        return self._machine.state.is_secure

    def mode(self) -> DoorMode:
        """Return the mode in force now."""
        return self.regime.look().mode

    def look_again(self) -> None:
        """Take up what changed of the orders or schedules that stand here."""
        self.regime.look()
        self._tell()

    def admit(self, claim: Claim) -> None:
        """Release the strike for somebody whose decision is journaled."""
        leaves = claim.target == self.door.outer
        self._step(DoorInput.EXIT_REQUESTED if leaves else DoorInput.PERMITTED, claim)

    def rearm(self) -> bool:
        """Lock again after a release; return False, and change nothing, where it lasts still or there was none."""
        is_free = self.mode() is DoorMode.FREE
        before = self._machine.state
        self._step(DoorInput.REARMED_FREE if is_free else DoorInput.REARMED)
        return self._machine.state is not before

    def take_release(self, lasts: bool) -> None:  # noqa: FBT001  (what an input tells has one value and no name)
        """Take that the building's own wiring lets the door go, or does so no more: then it waits for re-arming."""
        self._step(DoorInput.RELEASED if lasts else DoorInput.RELEASE_ENDED)

    def show(self, feedback: Feedback, at: ReaderId) -> None:
        """Tell the person at a reader."""
        self._hardware.show(feedback, at)

    # ---- what is heard

    def _find(self, sensed: Input) -> None:
        """Take what an input tells first, perhaps late: a leaf that is found open was not forced."""
        if sensed not in _CONTACT:
            self._hear(sensed)
        elif self.door.contact:
            self._contact.know(is_open=sensed is Input.CONTACT_OPEN)
            if sensed is Input.CONTACT_OPEN:
                self._step(DoorInput.FOUND_OPEN)

    def _hear(self, heard: Input) -> None:
        """Take a change of an input; a portal that was replaced has the same wires but no say any more."""
        if not self._in_service:
            return
        if heard is Input.EXIT_REQUESTED:
            self._step(DoorInput.EXIT_REQUESTED)
        elif heard in _RELEASES:
            self.on_release(_RELEASES[heard])
        elif heard in _ALARMS:
            alarm, begins = _ALARMS[heard]
            self._obey(Ring(alarm, begins))
            self._tell()
        elif self.door.contact:
            self._obey(Ring(Alarm.CONTACT, begins=False))
            if self._contact.is_known:
                self._contact.hear(is_open=heard is Input.CONTACT_OPEN)
            else:
                self._find(heard)
            self._tell()

    def _see(self, is_open: bool) -> None:  # noqa: FBT001  (what a contact tells has one value and no name)
        self._step(DoorInput.OPENED if is_open else DoorInput.CLOSED)

    def _follow(self, now: InForce) -> None:
        """Take a new mode up, and put it on record."""
        order = now.order.id if now.order else None
        cause = MAINTENANCE if now.maintenance else now.by.value
        event, at = EventType.MODE_CHANGED, self._clock.now()
        self._note(Draft(at, event, self.door.id, cause=cause, mode=now.mode, command=order))
        self._step(_MODES[now.mode])

    # ---- what is done

    def _step(self, event: DoorInput, claim: Claim | None = None) -> None:
        was_released = self.is_released
        effects = self._machine.step(event, claim)
        for effect in effects:
            self._obey(effect)
        if self.is_released is not was_released:
            self.regime.note_release(unarmed=self.is_released)
        if any(self._is_entry(effect) for effect in effects):
            self.regime.note_entry()
        self._tell()

    def _is_entry(self, effect: Effect) -> bool:
        """Return whether somebody known went in."""
        if not isinstance(effect, Report) or effect.claim is None or effect.type is not EventType.PASSAGE:
            return False
        return effect.claim.person is not None and effect.claim.target == self.door.inner

    def _obey(self, effect: Effect) -> None:
        match effect:
            case Strike(release):
                self._bolt.order(release=release)
            case SetTimer(due, after_s):
                self._set_timer(due, after_s)
            case Report(_, _):
                self._report(effect)
            case Ring(alarm, begins):
                self._alarms.set(alarm) if begins else self._alarms.clear(alarm)
            case Warn(begins):
                self._warn(Feedback.CLOSE_DOOR if begins else Feedback.READY)

    def _warn(self, feedback: Feedback) -> None:
        """Tell whoever is near: at every reader of the door, and by its own lamp."""
        self._hardware.show(feedback)
        for reader in self._rights.readers_of(self.door.id):
            self._hardware.show(feedback, reader)

    def _set_timer(self, due: DoorInput, after_s: float | None) -> None:
        if (running := self._timers.pop(due, None)) is not None:
            running.cancel()
        if after_s is not None:
            self._timers[due] = self._clock.call_later(after_s, lambda: self._step(due))

    # ---- what is told

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

    def _tell(self) -> None:
        """Publish what there is to see, if it is not what was seen before."""
        if not self._in_service:
            return
        now, standing = self.regime.in_force, self.regime.standing
        status = DoorStatus(
            _SHOWN[self._machine.state],
            self._clock.now(),
            now.mode,
            now.by,
            now.until,
            self._alarms.raised(),
            now.waits,
            now.maintenance,
            standing.orders.revision,
        )
        if self._told is None or not status.says_the_same(self._told):
            self._told = status
            self._on_status(self.door, status)
