"""What somebody expects of a policy: single taps with their decisions, and invariants that no edit may break.

This is the vocabulary; toml/scenarios.py and toml/trials.py read it and analysis/scenarios.py asks the policy.
"""

from datetime import datetime
from enum import Enum

import msgspec

from policies.decision import Effect, Reason
from policies.ids import CertificationId, DoorId, OrganisationId, RuleId, ScheduleId, TierId
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import ResidentType, Roster


class Who(msgspec.Struct, frozen=True):
    """Some of the people: of the types, in the organisations, holding one of the tiers; empty means any."""

    types: tuple[ResidentType, ...] = ()
    tiers: tuple[TierId, ...] = ()
    organisations: tuple[OrganisationId, ...] = ()
    except_types: tuple[ResidentType, ...] = ()
    except_tiers: tuple[TierId, ...] = ()


ANYONE = Who()


class Expected(msgspec.Struct, frozen=True):
    """The decision that a tap should have; what is None may be anything.

    `rules` are all the determining ones, in any order; `next` is when the same tap would be granted (`never` is that
    it would not within eight days).
    """

    effect: Effect
    reason: Reason | None = None
    rules: tuple[RuleId, ...] | None = None
    next: datetime | None = None
    never: bool = False


class Trial(msgspec.Struct, frozen=True):
    """One tap of a scenario or matrix, with the `line` of the file that it is written in."""

    name: str
    line: int
    request: AccessRequest
    state: LiveState
    expected: Expected


class Claim(Enum):
    """What an invariant says of the people and doors that it is about."""

    ALWAYS = "always"
    NEVER = "never"
    NEVER_ALONE = "never-alone"
    WAYS_OUT = "ways-out"


class Invariant(msgspec.Struct, frozen=True):
    """A claim over the whole request space, at `doors` (empty: all).

    It is about the instants at which a schedule is open (`during`) or shut (`outside`), about people without one of
    the trainings (`without`), and about proofs from `assurance` on for `always`, up to it for the others.
    """

    id: str
    line: int
    claim: Claim
    who: Who = ANYONE
    doors: tuple[DoorId, ...] = ()
    modes: tuple[DoorMode, ...] = ()
    during: ScheduleId | None = None
    outside: ScheduleId | None = None
    without: tuple[CertificationId, ...] = ()
    assurance: Assurance = Assurance.AUTHENTICATED


class Scenarios(msgspec.Struct, frozen=True):
    """A whole file of them; `roster` has the people that the trials are about."""

    file: str
    roster: Roster
    trials: tuple[Trial, ...]
    invariants: tuple[Invariant, ...]
