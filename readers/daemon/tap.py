"""A tap as its attendant has it in hand: what was read and shown, what was then decided and why, and its record."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from policies.decision import Decision, Flag
from policies.ids import PersonId, ReaderId
from policies.request import Assurance, DoorMode
from readers.credentials.exchange import Identified, Rejected
from readers.daemon.portal import Portal
from readers.wire.events import Draft, Inputs, decided
from readers.wire.snapshot import Snapshot


class Tap(msgspec.Struct, frozen=True):
    """What was read, and what has been shown for it since. `duress` is told to the server and to nobody here."""

    outcome: Identified | Rejected
    pin_ok: bool = False
    duress: bool = False
    companions: tuple[PersonId, ...] = ()
    reservation: str | None = None


class Look(NamedTuple):
    """What is decided about a tap, and what held at its door then."""

    decision: Decision
    portal: Portal | None
    mode: DoorMode
    at: datetime

    @property
    def is_way_out(self) -> bool:
        """Return whether somebody leaves by it."""
        return (
            self.decision.grants and self.portal is not None and self.decision.space == self.portal.door.outer
        )

    @property
    def is_for_the_site(self) -> bool:
        """Return whether it would be granted, as far as the door can tell: the site knows more."""
        return self.decision.grants and Flag.DEGRADED in self.decision.flags


def record_of(reader: ReaderId, tap: Tap, look: Look, snapshot: Snapshot | None) -> Draft:
    """Return the record of a decision by the rights in force; None stands for rights that never came."""
    outcome, decision = tap.outcome, look.decision
    badge, assurance = None, Assurance.NONE
    if isinstance(outcome, Identified):
        badge, assurance = outcome.badge, outcome.assurance
    version = snapshot.version if snapshot else 0
    inputs = Inputs(assurance, tap.pin_ok, look.mode.value, version, tap.reservation)
    return decided(look.at, reader, decision, snapshot.policy.version if snapshot else None, inputs, badge)
