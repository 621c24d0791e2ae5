"""A class of taps told as one tap that anybody can try: who, at which reader, when, and what is decided."""

from datetime import datetime

import msgspec

from policies.analysis.taps.cast import STRANGER
from policies.analysis.taps.entrance import Case, Entrance
from policies.decision import Decision, Effect, Reason
from policies.ids import CertificationId, DoorId, OrganisationId, PersonId, ReaderId, RuleId, SpaceId, TierId
from policies.request import AccessRequest, DoorMode
from policies.roster import Person, ResidentType, Roster


class Witness(msgspec.Struct, frozen=True):
    """Somebody of the class, with all that rules ask of people."""

    type: ResidentType
    organisation: OrganisationId | None
    tiers: tuple[TierId, ...]
    certifications: tuple[CertificationId, ...]


class Tap(msgspec.Struct, frozen=True):
    """One tap. `at` is in UTC; `company` says who is beside the person, `stranger` or a witness, and `host` their host.

    The host is beside them too, and not said again in `company`.
    """

    at: datetime
    door: DoorId
    reader: ReaderId
    person: Witness
    assurance: str
    pin_ok: bool
    mode: DoorMode
    counts: dict[SpaceId, int] | None
    inside_for_s: float | None
    company: tuple[PersonId | Witness, ...]
    host: Witness | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What is decided."""

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...]


NO_WAY = Decision(Effect.DENY, Reason.NO_ACCESS_RIGHTS)
"""The decision at a door that is not there, or has no reader on that side."""


def outcome(decision: Decision) -> Outcome:
    """Return what a decision comes to."""
    return Outcome(decision.effect, decision.reason, decision.rules)


def told(entrance: Entrance, case: Case, request: AccessRequest, roster: Roster) -> Tap:
    """Return the tap of a class, its people with all that makes them who they are."""
    return Tap(
        case.moment.at,
        entrance.door,
        request.reader,
        _witness(_holder(roster, request)),
        case.proof.name.lower(),
        case.pin_ok,
        case.mode,
        None if case.filling is None else dict(case.filling),
        case.inside,
        tuple(
            name if name == STRANGER else _witness(roster.people[name])
            for name in case.company.people
            if name != case.company.host
        ),
        None if case.company.host is None else _witness(roster.people[case.company.host]),
    )


def _holder(roster: Roster, request: AccessRequest) -> Person:
    owner = roster.badges[request.badge].person
    if owner is None:
        raise ValueError(f"badge {request.badge}: nobody's; expected one of the cast")
    return roster.people[owner]


def _witness(person: Person) -> Witness:
    held = tuple(held.id for held in person.certifications)
    return Witness(person.type, person.organisation, person.tiers, held)
