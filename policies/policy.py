"""What a policy says: tiers, and rules over a finite vocabulary. What the rules mean is in rules.py.

Finite sets, flags and named schedules only: that is what makes the exact analysis possible (DOMAIN section 3.9).
"""

from enum import Enum

import msgspec

from policies.ids import (
    CertificationId,
    DoorId,
    OrganisationId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
    UseId,
)
from policies.request import Assurance, DoorMode
from policies.roster import ResidentType
from policies.schedule import Calendar, Schedule


class Tier(msgspec.Struct, frozen=True):
    """What a contract or role entitles to, beyond the rules that name it.

    A `responder` passes capacity, anti-passback and two-person; an `exempt` holder enters in lockdown; `degraded`
    holders still enter by authenticated badge when the snapshot is too old (ARCHITECTURE, "Who decides");
    `passback_exempt` holders may enter twice. Who holds a tier also holds those that it `includes`.
    """

    id: TierId
    responder: bool = False
    exempt: bool = False
    degraded: bool = False
    passback_exempt: bool = False
    includes: tuple[TierId, ...] = ()


class RuleEffect(Enum):
    """A permit opens where nothing forbids; a forbid closes whatever permits."""

    PERMIT = "permit"
    FORBID = "forbid"


class Rule(msgspec.Struct, frozen=True):
    """One permit or forbid. An empty set of `types`, `tiers`, `organisations` or `modes` means any.

    `spaces`, `doors` and `uses` are alternatives; a rule with none of them covers nothing. Of a permit,
    `certifications` are all needed, `assurance` is the least proof, `escorted` asks for the person's host beside
    them and `accompanied` for a second person, who may enter too. A forbid that is `full` holds while a space that
    the entry would add to has reached its capacity.
    """

    id: RuleId
    effect: RuleEffect
    types: tuple[ResidentType, ...] = ()
    tiers: tuple[TierId, ...] = ()
    organisations: tuple[OrganisationId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    doors: tuple[DoorId, ...] = ()
    schedule: ScheduleId | None = None
    certifications: tuple[CertificationId, ...] = ()
    assurance: Assurance = Assurance.NONE
    escorted: bool = False
    uses: tuple[UseId, ...] = ()
    modes: tuple[DoorMode, ...] = ()
    accompanied: bool = False
    full: bool = False


class Policy(msgspec.Struct, frozen=True):
    """The rules of one building with what they refer to. `version` names the exact content."""

    version: str
    tiers: dict[TierId, Tier]
    schedules: dict[ScheduleId, Schedule]
    calendar: Calendar
    rules: tuple[Rule, ...]
    organisations: tuple[OrganisationId, ...] = ()
    certifications: tuple[CertificationId, ...] = ()

    def held(self, tiers: tuple[TierId, ...]) -> tuple[TierId, ...]:
        """Return `tiers` with all that they include, each once; what the policy does not know includes nothing."""
        held = list(dict.fromkeys(tiers))
        for tier in held:  # grows while it is walked
            known = self.tiers.get(tier)
            held += [more for more in (known.includes if known else ()) if more not in held]
        return tuple(held)
