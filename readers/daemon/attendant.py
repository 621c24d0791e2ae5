"""What becomes of each tap at one reader: decided, kept and shown; and asked for what it lacks.

That is a PIN, a second person, or another door to be shut first. The order is the promise: decision → journal →
strike. Whatever fails on the way, nobody enters; who leaves is asked for nothing, and waits for no record either.
"""

import asyncio
import logging
from datetime import datetime

import msgspec

from policies.building import Door
from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import BadgeId, PersonId, ReaderId
from policies.request import NO_VIEW, AccessRequest, DoorMode, LiveState
from readers.credentials.exchange import Identified, Rejected
from readers.daemon.lobby import Lobby
from readers.daemon.pins import Keypad
from readers.daemon.portal import Portal
from readers.daemon.tap import Look, Tap, record_of
from readers.door import Claim
from readers.errors import JournalError
from readers.ports import Authority, Feedback
from readers.wire.pin import PinCheck
from readers.wire.reservations import MOST_COMPANIONS, Reserve, Verdict

_log = logging.getLogger(__name__)

_FEEDBACK = {Effect.GRANT: Feedback.GRANTED, Effect.DENY: Feedback.REFUSED}


class Attendant:
    """The one who attends to a reader of the `lobby`."""

    def __init__(self, reader: ReaderId, lobby: Lobby) -> None:
        self.reader = reader
        self._rights, self._ledger = lobby.rights, lobby.ledger
        self._clock, self._portal = lobby.clock, lobby.portal
        self._pins, self._interlock, self._company = lobby.pins, lobby.interlock, lobby.company
        self._lockouts, self._keypad = lobby.pins.lockouts, Keypad(lobby.clock)
        self._consulting: set[asyncio.Task[None]] = set()
        self._checking: asyncio.Task[None] | None = None
        self.authority: Authority | None = None
        """Whom to ask about what only the site knows; without one the rules' fallback holds."""

    def take(self, outcome: Identified | Rejected) -> Decision:
        """Attend to a card that has been read; the visit before it is over."""
        self._keypad.give_up()
        return self._settle(Tap(outcome))

    def press(self, key: str) -> None:
        """Take a key of the reader's pad: a digit, `*` to begin again, `#` to enter."""
        self._keypad.press(key)

    def close(self) -> None:
        """Stop asking."""
        self._keypad.close()
        for task in self._consulting:
            task.cancel()
        if self._checking is not None:
            self._checking.cancel()

    # ---- one step of a visit

    def _settle(self, tap: Tap) -> Decision:
        """Decide with what has been shown so far, and go on from there."""
        look = self._look(tap)
        if self.authority is not None and look.is_for_the_site:
            task = asyncio.get_running_loop().create_task(self._consult(self.authority, tap))
            self._consulting.add(task)
            task.add_done_callback(self._consulting.discard)
            return look.decision
        return self._go_on(tap, self._alone(tap, look))

    async def _consult(self, authority: Authority, tap: Tap) -> None:
        """Ask the site about a tap that this door grants as far as it can tell, and go on with its verdict.

        Meanwhile a lockdown may have come, another door of the interlock opened, or a right ended: it is decided again.
        Where no verdict comes in time that decision stands, marked as degraded: the declared fallback.
        """
        outcome = tap.outcome
        if isinstance(outcome, Rejected):
            return
        companions = self._beside(tap, self._portal(self.reader))[:MOST_COMPANIONS]
        asked = Reserve(self.reader, outcome.badge, outcome.assurance, tap.pin_ok, companions)
        verdict = await authority.reserve(asked)
        tap = msgspec.structs.replace(tap, reservation=verdict.reservation if verdict is not None else None)
        look = self._look(tap)
        if verdict is None:
            look = self._alone(tap, look)
        elif look.decision.effect is not Effect.DENY:
            look = look._replace(decision=_agreed(look.decision, verdict))
        self._go_on(tap, look)

    def _look(self, tap: Tap) -> Look:
        """Decide by what holds at the door now."""
        portal, at = self._portal(self.reader), self._clock.now()
        if portal is None:
            return Look(self._decide(tap, None, at, NO_VIEW), None, DoorMode.NORMAL, at)
        mode = portal.mode()
        return Look(self._decide(tap, portal, at, LiveState({portal.door.id: mode})), portal, mode, at)

    def _alone(self, tap: Tap, look: Look) -> Look:
        """Return what is decided where the site does not answer: by what these doors saw, if the door declares it."""
        portal, at = look.portal, look.at
        if portal is None or not portal.door.passback_alone or not look.is_for_the_site:
            return look
        inside, since = self._ledger.whereabouts.at(at)
        own = self._decide(tap, portal, at, LiveState({portal.door.id: look.mode}, None, inside, since))
        if own.grants and Flag.DEGRADED not in own.flags:
            own = msgspec.structs.replace(own, flags=(*own.flags, Flag.DEGRADED))
        return look._replace(decision=own)

    def _go_on(self, tap: Tap, look: Look) -> Decision:
        decision = self._conclude(tap, look)
        if decision.effect is Effect.PENDING:
            self._ask(tap, decision, look.portal)
        elif look.portal is not None and decision.grants and decision.space == look.portal.door.inner:
            self._let_in(look.portal.door, tap, decision)
        return decision

    def _let_in(self, door: Door, tap: Tap, decision: Decision) -> None:
        leaning = self._rights.leaning
        if decision.person is not None and not leaning.is_visitor(decision.rules):
            needed = bool(tap.companions) or leaning.needs_somebody(decision.rules)
            self._company.let_in(door, decision.person, needed_somebody=needed)

    def _conclude(self, tap: Tap, look: Look) -> Decision:
        """Keep a decision, let pass if it grants, and show it; return it, or the refusal where it is not kept.

        Nobody is kept in by a full disk: who leaves does so, and the record is owed.
        """
        decision, portal = look.decision, look.portal
        draft, kept = record_of(self.reader, tap, look, self._rights.snapshot), None
        if look.is_way_out:
            kept = self._ledger.note(draft)
        else:
            try:
                kept = self._ledger.keep(draft)
            except JournalError as fault:
                _log.error("journal-fault", extra={"reader": self.reader, "fault": str(fault)})
                decision = Decision(Effect.DENY, Reason.OTHER)
        if portal is None:
            return decision
        if decision.grants and isinstance(tap.outcome, Identified):
            portal.admit(self._claim(tap.outcome.badge, decision, kept.id if kept is not None else None))
        portal.show(self._feedback(decision, portal), self.reader)
        return decision

    def _claim(self, badge: BadgeId, decision: Decision, decided: str | None) -> Claim:
        origin, target = self._rights.passage(self.reader)
        slow = self._rights.needs_longer(decision.person)
        return Claim(origin, target, self.reader, decided, decision.person, badge, extended=slow)

    def _refuse(self, tap: Tap, asked: Decision, reason: Reason) -> None:
        """End a visit that was asked for something and did not show it."""
        refused = msgspec.structs.replace(asked, effect=Effect.DENY, reason=reason)
        portal = self._portal(self.reader)
        mode = portal.mode() if portal is not None else DoorMode.NORMAL
        self._conclude(tap, Look(refused, portal, mode, self._clock.now()))

    # ---- what is decided

    def _decide(self, tap: Tap, portal: Portal | None, at: datetime, state: LiveState) -> Decision:
        outcome = tap.outcome
        if isinstance(outcome, Rejected):
            door = self._rights.door_of(self.reader)
            return Decision(Effect.DENY, outcome.reason, door=door.id if door else None)
        companions = self._beside(tap, portal)
        request = AccessRequest(at, self.reader, outcome.badge, outcome.assurance, tap.pin_ok, companions)
        decision = self._rights.decide(request, state)
        if tap.duress:
            decision = msgspec.structs.replace(decision, flags=(*decision.flags, Flag.DURESS))
        if decision.reason is Reason.VERIFICATION_REQUIRED and self._lockouts.hold(
            outcome.badge, self.reader, at
        ):
            return msgspec.structs.replace(decision, effect=Effect.DENY, reason=Reason.LOCKOUT)
        if decision.grants and portal is not None and self._is_barred(portal, decision):
            reason = Reason.AUTHORIZATION_DELAYED
            return msgspec.structs.replace(decision, effect=Effect.PENDING, reason=reason)
        return decision

    def _beside(self, tap: Tap, portal: Portal | None) -> tuple[PersonId, ...]:
        """Return whom the tap was shown with, and who else is at the door."""
        return tap.companions if portal is None else (*tap.companions, *self._company.beside(portal.door))

    def _is_barred(self, portal: Portal, decision: Decision) -> bool:
        """Return whether somebody who enters must wait for another door."""
        return decision.space == portal.door.inner and self._interlock.bars(portal.door.id)

    def _feedback(self, decision: Decision, portal: Portal) -> Feedback:
        """Return what the person is shown: an outcome, or what they are asked for."""
        if decision.effect is not Effect.PENDING:
            return _FEEDBACK[decision.effect]
        if decision.reason is Reason.VERIFICATION_REQUIRED:
            return Feedback.ENTER_PIN
        return Feedback.WAITING if self._is_barred(portal, decision) else Feedback.SECOND_PERSON

    # ---- what is asked for

    def _ask(self, tap: Tap, decision: Decision, portal: Portal | None) -> None:
        if decision.reason is Reason.VERIFICATION_REQUIRED:
            self._keypad.ask(lambda pin: self._check(tap, decision, pin))
        elif portal is not None and self._is_barred(portal, decision):
            self._interlock.wait(portal.door.id, lambda may: self._step_up(tap, decision, may=may))
        elif portal is not None and decision.person is not None:
            self._company.wait(portal.door, decision.person, lambda who: self._meet(tap, decision, who))

    def _check(self, tap: Tap, decision: Decision, pin: str | None) -> None:
        """Have a PIN compared while other doors go on. A reader has one in hand: nobody's fingers are faster."""
        outcome = tap.outcome
        is_busy = self._checking is not None and not self._checking.done()
        if pin is None or is_busy or isinstance(outcome, Rejected):
            self._too_late(tap, decision)
        else:
            checking = self._compare(tap, decision, outcome.badge, pin)
            self._checking = asyncio.get_running_loop().create_task(checking)

    async def _compare(self, tap: Tap, decision: Decision, badge: BadgeId, pin: str) -> None:
        check = await self._pins.check(pin, self._rights.pin_of(decision.person))
        at = self._clock.now()
        if self._lockouts.hold(badge, self.reader, at):  # by wrong ones of another reader, meanwhile
            self._refuse(tap, decision, Reason.LOCKOUT)
        elif check is PinCheck.WRONG:
            is_out = self._lockouts.fail(badge, self.reader, at)
            self._refuse(tap, decision, Reason.MAX_ATTEMPTS if is_out else Reason.INCORRECT_FACTOR)
        else:
            self._lockouts.clear(badge, at)
            is_forced = check is PinCheck.DURESS
            self._settle(msgspec.structs.replace(tap, pin_ok=True, duress=is_forced))

    def _meet(self, tap: Tap, decision: Decision, with_whom: tuple[PersonId, ...]) -> None:
        if with_whom:
            self._settle(msgspec.structs.replace(tap, companions=with_whom))
        else:
            self._too_late(tap, decision)

    def _step_up(self, tap: Tap, decision: Decision, *, may: bool) -> None:
        if may:
            self._settle(tap)
        else:
            self._too_late(tap, decision)

    def _too_late(self, tap: Tap, decision: Decision) -> None:
        self._refuse(tap, decision, Reason.VERIFICATION_TIMEOUT)


def _agreed(wanted: Decision, verdict: Verdict) -> Decision:
    """Return what door and site decide together: a grant of both is whole, and what the site refuses is refused."""
    if verdict.effect is Effect.GRANT:
        flags = tuple(flag for flag in wanted.flags if flag is not Flag.DEGRADED)
        return msgspec.structs.replace(wanted, flags=flags)
    rules = verdict.rules or wanted.rules
    return msgspec.structs.replace(wanted, effect=Effect.DENY, reason=verdict.reason, rules=rules, flags=())
