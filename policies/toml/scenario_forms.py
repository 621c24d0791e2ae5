"""The form of the tables of scenarios.toml."""

from typing import Any, Literal

import msgspec

from policies.decision import Effect, Reason
from policies.ids import (
    CertificationId,
    DoorId,
    OrganisationId,
    PersonId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
)
from policies.request import Direction, DoorMode
from policies.roster import BadgeKind, ResidentType

Proof = Literal["uid", "sun", "authenticated"]


class PersonForm(msgspec.Struct, frozen=True):
    """One `[[person]]` of the scenarios, with one badge."""

    id: PersonId
    type: ResidentType
    organisation: OrganisationId | None = None
    tiers: tuple[TierId, ...] = ()
    certifications: tuple[CertificationId, ...] = ()
    host: PersonId | None = None
    badge: BadgeKind = BadgeKind.DESFIRE


class TapForm(msgspec.Struct, frozen=True, rename={"company": "with"}):
    """How a tap is made: the badge's least proof, alone, in normal mode, where nothing is full, if not said."""

    assurance: Proof | None = None
    company: tuple[PersonId, ...] = ()
    mode: DoorMode = DoorMode.NORMAL
    counts: dict[SpaceId, int] = {}
    inside: bool = False
    pin: bool = True


class ScenarioForm(TapForm, frozen=True, kw_only=True, rename={"company": "with"}):
    """One `[[scenario]]`: a tap at `now`, local time, and what is expected."""

    id: str
    person: PersonId
    door: DoorId
    now: Any
    expect: Effect
    reason: Reason | None = None
    rules: tuple[RuleId, ...] | None = None
    next: Any = None
    way: Direction = Direction.ENTRY


class MatrixForm(TapForm, frozen=True, kw_only=True, rename={"company": "with"}):
    """One `[[matrix]]`: a line of doors, then a line a person, a sign a time: + granted, - refused, ? pending."""

    id: str
    times: tuple[Any, ...]
    table: str


class InvariantForm(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[always]]`, `[[never]]`, `[[never-alone]]` or `[[ways-out]]`; see `policies.scenarios.Invariant`."""

    id: str
    types: tuple[ResidentType, ...] = ()
    tiers: tuple[TierId, ...] = ()
    organisations: tuple[OrganisationId, ...] = ()
    except_types: tuple[ResidentType, ...] = ()
    except_tiers: tuple[TierId, ...] = ()
    doors: tuple[DoorId, ...] = ()
    spaces: tuple[SpaceId, ...] = ()
    modes: tuple[DoorMode, ...] = ()
    during: ScheduleId | None = None
    outside: ScheduleId | None = None
    without: tuple[CertificationId, ...] = ()
    assurance: Proof = "authenticated"
