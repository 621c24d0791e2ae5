"""One reader's loop: a card comes, is identified, is decided on, and the decision is kept before anything moves.

The order is the promise: decision → journal → strike. Whatever fails on the way, nothing opens.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from policies.decision import Decision, Effect, Reason
from policies.ids import ReaderId
from policies.request import NO_VIEW, AccessRequest, Assurance, DoorMode, LiveState
from readers.credentials.exchange import Identified, Rejected
from readers.daemon.portal import Portal
from readers.daemon.rights import Rights
from readers.daemon.visit import Credentials, read
from readers.door import Claim
from readers.errors import JournalError, TransportDown
from readers.ports import CardTransport, Clock, Feedback
from readers.wire.events import Draft, EventType, Inputs, Sealed

_log = logging.getLogger(__name__)

_RETRY_S = 1.0
"""How long a reader that is gone is left alone before it is asked for cards again; it heals by itself."""

_FEEDBACK = {Effect.GRANT: Feedback.GRANTED, Effect.DENY: Feedback.REFUSED, Effect.PENDING: Feedback.WAITING}


class Antenna:
    """The loop of one reader. `portal` finds the door of the reader, once a snapshot has named it."""

    def __init__(
        self,
        reader: ReaderId,
        transport: CardTransport,
        rights: Rights,
        keep: Callable[[Draft], Sealed],
        clock: Clock,
        portal: Callable[[ReaderId], Portal | None],
        credentials: Credentials,
    ) -> None:
        self.reader = reader
        self._transport, self._rights, self._keep, self._clock = transport, rights, keep, clock
        self._portal, self._credentials = portal, credentials

    async def run(self) -> None:
        """Serve card after card, until cancelled."""
        while True:
            try:
                card = await self._transport.next_card()
            except TransportDown as fault:
                _log.warning("reader-down", extra={"reader": self.reader, "fault": str(fault)})
                await self._clock.sleep(_RETRY_S)
                continue
            outcome = await read(card, self._credentials, self._clock.now())
            if isinstance(outcome, Rejected) and outcome.why:
                _log.info("badge-unproven", extra={"reader": self.reader, "why": outcome.why})
            self.settle(outcome)
            await card.removed()

    def settle(self, outcome: Identified | Rejected) -> Decision:
        """Decide on what was read, keep the decision, and let pass if it grants."""
        at = self._clock.now()
        portal = self._portal(self.reader)
        mode = portal.mode() if portal is not None else DoorMode.NORMAL
        decision = self._decide(outcome, mode, at)
        try:
            kept = self._keep(self._draft(outcome, decision, mode, at))
        except JournalError as fault:
            _log.error("journal-fault", extra={"reader": self.reader, "fault": str(fault)})
            return self._answer(portal, Decision(Effect.DENY, Reason.OTHER))
        if portal is not None and decision.grants and isinstance(outcome, Identified):
            portal.admit(self._claim(outcome, decision, kept.id))
        return self._answer(portal, decision)

    def _answer(self, portal: Portal | None, decision: Decision) -> Decision:
        if portal is not None:
            portal.show(_FEEDBACK[decision.effect])
        return decision

    def _decide(self, outcome: Identified | Rejected, mode: DoorMode, at: datetime) -> Decision:
        door = self._rights.door_of(self.reader)
        if isinstance(outcome, Identified):
            request = AccessRequest(at, self.reader, outcome.badge, outcome.assurance)
            return self._rights.decide(request, LiveState({door.id: mode}) if door else NO_VIEW)
        return Decision(Effect.DENY, outcome.reason, door=door.id if door else None)

    def _draft(
        self, outcome: Identified | Rejected, decision: Decision, mode: DoorMode, at: datetime
    ) -> Draft:
        snapshot = self._rights.snapshot
        badge, assurance = (
            (outcome.badge, outcome.assurance) if isinstance(outcome, Identified) else (None, Assurance.NONE)
        )
        return Draft(
            at,
            EventType.DECISION,
            decision.door,
            self.reader,
            decision.space,
            None,
            None,
            decision.effect,
            decision.reason,
            decision.inwards,
            decision.rules,
            decision.flags,
            snapshot.policy.version if snapshot else None,
            Inputs(assurance, mode=mode.value, snapshot=snapshot.version if snapshot else 0),
            person=decision.person,
            badge=badge,
        )

    def _claim(self, outcome: Identified, decision: Decision, decided: str) -> Claim:
        origin, target = self._rights.passage(self.reader)
        return Claim(
            origin,
            target,
            self.reader,
            decided,
            decision.person,
            outcome.badge,
            extended=self._rights.needs_longer(decision.person),
        )
