"""The rules and what they mean: the naive interpreter is the definition; engine.py must equal it.

Read `interpret` top to bottom: it is DOMAIN section 3.3, in its order of reasons. Default deny, a matching forbid
beats every permit, leaving is never refused to a known badge, and what cannot be evaluated denies.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum

import msgspec

from policies.building import Building, Passback
from policies.decision import Decision, Effect, Flag, Reason
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
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, BadgeStatus, Person, ResidentType, Roster, within
from policies.schedule import Calendar, Schedule, is_open


class Tier(msgspec.Struct, frozen=True):
    """What a contract or role entitles to, beyond the rules that name it.

    A `responder` passes capacity, anti-passback and two-person; an `exempt` holder enters in lockdown; `degraded`
    holders still enter by authenticated badge when the snapshot is too old (ARCHITECTURE, "Who decides").
    """

    id: TierId
    responder: bool = False
    exempt: bool = False
    degraded: bool = False


class RuleEffect(Enum):
    """A permit opens where nothing forbids; a forbid closes whatever permits."""

    PERMIT = "permit"
    FORBID = "forbid"


class Rule(msgspec.Struct, frozen=True):
    """One permit or forbid. An empty set of `types`, `tiers` or `organisations` means anyone.

    `spaces` and `doors` are alternatives; a rule with neither covers nothing. `certifications` are all needed.
    `escorted` asks for the person's host beside them.
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


class Policy(msgspec.Struct, frozen=True):
    """The rules of one building with what they refer to. `version` names the exact content."""

    version: str
    tiers: dict[TierId, Tier]
    schedules: dict[ScheduleId, Schedule]
    calendar: Calendar
    rules: tuple[Rule, ...]


BADGE_REFUSALS: Mapping[BadgeStatus, Reason] = {
    BadgeStatus.ISSUED: Reason.CREDENTIAL_NOT_YET_ACTIVE,
    BadgeStatus.SUSPENDED: Reason.CREDENTIAL_MANUAL_DISABLE,
    BadgeStatus.LOST: Reason.FACTOR_LOST,
    BadgeStatus.STOLEN: Reason.FACTOR_STOLEN,
    BadgeStatus.DAMAGED: Reason.FACTOR_DAMAGED,
    BadgeStatus.REVOKED: Reason.CREDENTIAL_DISABLED,
    BadgeStatus.REPLACED: Reason.CREDENTIAL_DISABLED,
    BadgeStatus.INACTIVE: Reason.CREDENTIAL_INACTIVITY,
    BadgeStatus.USED_UP: Reason.CREDENTIAL_MAX_USES,
}


def interpret(
    policy: Policy, building: Building, roster: Roster, request: AccessRequest, state: LiveState
) -> Decision:
    """Decide `request` by reading the rules one by one; raise KeyError for a reader the building does not have."""
    reader = building.readers[request.reader]
    reached = building.passage(request.reader)[1]
    badge = roster.badges.get(request.badge)
    person = roster.people.get(badge.person) if badge and badge.person else None
    if badge is None:
        return Decision(Effect.DENY, Reason.UNKNOWN_CREDENTIAL, door=reader.door, space=reached)
    inwards = _Entry(policy, building, roster, request, state).decide(badge, person)
    if reader.direction is Direction.ENTRY:
        return inwards
    refused = not inwards.grants
    return Decision(
        Effect.GRANT,
        Reason.GRANTED,
        person=badge.person,
        door=reader.door,
        space=reached,
        flags=(Flag.REFUSED_INWARDS,) if refused else (),
        inwards=inwards.reason if refused else None,
    )


class _Entry:
    """The one question whether this badge may go inwards at this door, now."""

    def __init__(
        self, policy: Policy, building: Building, roster: Roster, request: AccessRequest, state: LiveState
    ) -> None:
        self.policy, self.building, self.roster = policy, building, roster
        self.request, self.state = request, state
        self.door = building.doors[building.readers[request.reader].door]
        self.space = building.spaces[self.door.inner]

    def decide(self, badge: Badge, person: Person | None) -> Decision:
        reason = badge_refusal(badge, self.request)
        if reason or person is None:
            return self._deny(reason or Reason.CREDENTIAL_UNASSIGNED, badge.person)
        if reason := person_refusal(person, self.request.at):
            return self._deny(reason, person.id)
        mode = self.state.modes.get(self.door.id, DoorMode.NORMAL)
        if mode is DoorMode.LOCKED:
            return self._deny(Reason.DENY_ALL, person.id)
        if mode is DoorMode.LOCKDOWN and not self._has(person, "exempt"):
            return self._deny(Reason.THREAT_LEVEL, person.id)
        if forbids := self._matching_forbids(person):
            return self._deny(Reason.FORBIDDEN, person.id, forbids)
        if mode is DoorMode.FREE:
            return self._answer(Effect.GRANT, Reason.GRANTED, person.id)
        reason, permits = self._permits(person)
        if reason:
            return self._deny(reason, person.id, permits)
        if self.door.pin and not self.request.pin_ok:
            return self._answer(Effect.PENDING, Reason.VERIFICATION_REQUIRED, person.id, permits)
        return self._over_live_state(person, permits)

    def _matching_forbids(self, person: Person) -> tuple[RuleId, ...]:
        return tuple(
            rule.id
            for rule in self.policy.rules
            if rule.effect is RuleEffect.FORBID
            and concerns(rule, person)
            and forbid_covers(rule, self.building, self.door.id)
            and self._is_open(rule)
        )

    def _permits(self, person: Person) -> tuple[Reason | None, tuple[RuleId, ...]]:
        """Return the permits that hold; or why none does, with those that came closest."""
        granted = tuple(
            RuleId(f"grant:{grant.id}")
            for grant in person.grants
            if within(self.request.at, grant.valid_from, grant.valid_until)
            and permit_covers(grant.doors, grant.spaces, self.building, self.door.id)
        )
        if granted:
            return None, granted
        rules = [
            rule
            for rule in self.policy.rules
            if rule.effect is RuleEffect.PERMIT
            and concerns(rule, person)
            and permit_covers(rule.doors, rule.spaces, self.building, self.door.id)
        ]
        if not rules:
            return Reason.NO_ACCESS_RIGHTS, ()
        for reason, holds in (
            (Reason.OUT_OF_TIME_RANGE, self._is_open),
            (Reason.NOT_CERTIFIED, lambda rule: certified(rule, person, self.request.at)),
            (Reason.PROOF_TOO_WEAK, lambda rule: self.request.assurance >= rule.assurance),
            (Reason.NO_ACCOMPANIMENT, lambda rule: escort_present(rule, person, self.request)),
        ):
            still = [rule for rule in rules if holds(rule)]
            if not still:
                return reason, _ids(rules)
            rules = still
        return None, _ids(rules)

    def _over_live_state(self, person: Person, permits: tuple[RuleId, ...]) -> Decision:
        if self._has(person, "responder"):
            return self._answer(Effect.GRANT, Reason.GRANTED, person.id, permits)
        flags: tuple[Flag, ...] = ()
        if self.door.passback is not Passback.OFF:
            if self.state.inside is None:
                flags += (Flag.DEGRADED,) if self.door.passback is Passback.HARD else ()
            elif self.state.inside.get(person.id) == self.space.id:
                if self.door.passback is Passback.HARD:
                    return self._deny(Reason.PASSBACK, person.id, permits)
                flags += (Flag.PASSBACK,)
        limit = next((step for step in self._enforced() if self._is_full(step)), None)
        if limit is not None:
            return self._deny(Reason.UPPER_OCCUPANCY_LIMIT, person.id, permits)
        if self.state.counts is None and self._enforced() and Flag.DEGRADED not in flags:
            flags += (Flag.DEGRADED,)
        if self.door.two_person and (missing := self._second_person(person)):
            effect = Effect.PENDING if missing is Reason.AUTHORIZATION_DELAYED else Effect.DENY
            return self._answer(effect, missing, person.id, permits)
        return self._answer(Effect.GRANT, Reason.GRANTED, person.id, permits, flags)

    def _second_person(self, person: Person) -> Reason | None:
        others = [name for name in self.request.companions if name != person.id]
        if not others:
            return Reason.AUTHORIZATION_DELAYED
        known = (self.roster.people.get(name) for name in others)
        return None if any(map(self._may_accompany, filter(None, known))) else Reason.INCORRECT_ACCOMPANIMENT

    def _may_accompany(self, person: Person) -> bool:
        return (
            person_refusal(person, self.request.at) is None
            and not self._matching_forbids(person)
            and self._permits(person)[0] is None
        )

    def _enforced(self) -> tuple[SpaceId, ...]:
        return newly_enforced(self.building, self.door.id)

    def _is_full(self, space: SpaceId) -> bool:
        capacity, counts = self.building.spaces[space].capacity, self.state.counts
        return capacity is not None and counts is not None and counts.get(space, 0) >= capacity

    def _is_open(self, rule: Rule) -> bool:
        if rule.schedule is None:
            return True
        return is_open(self.policy.schedules[rule.schedule], self.policy.calendar, self.request.at)

    def _has(self, person: Person, flag: str) -> bool:
        return any(
            getattr(self.policy.tiers[tier], flag) for tier in person.tiers if tier in self.policy.tiers
        )

    def _deny(self, reason: Reason, person: PersonId | None, rules: tuple[RuleId, ...] = ()) -> Decision:
        return self._answer(Effect.DENY, reason, person, rules)

    def _answer(
        self,
        effect: Effect,
        reason: Reason,
        person: PersonId | None,
        rules: tuple[RuleId, ...] = (),
        flags: tuple[Flag, ...] = (),
    ) -> Decision:
        return Decision(effect, reason, rules, person, self.door.id, self.space.id, flags)


def badge_refusal(badge: Badge, request: AccessRequest) -> Reason | None:
    """Return why the badge itself may not enter, whoever holds it."""
    if badge.status is not BadgeStatus.ACTIVE:
        return BADGE_REFUSALS[badge.status]
    if badge.valid_from is not None and request.at < badge.valid_from:
        return Reason.CREDENTIAL_NOT_YET_ACTIVE
    if badge.valid_until is not None and request.at >= badge.valid_until:
        return Reason.CREDENTIAL_EXPIRED
    return Reason.PROOF_TOO_WEAK if request.assurance < badge.kind.least_proof else None


def person_refusal(person: Person, at: datetime) -> Reason | None:
    """Return why the person may not enter anywhere at `at`."""
    if person.suspended:
        return Reason.PERSON_SUSPENDED
    return None if within(at, person.valid_from, person.valid_until) else Reason.PERSON_EXPIRED


def concerns(rule: Rule, person: Person) -> bool:
    """Return whether the rule is about this person: every set that is given has them in it."""
    return (
        (not rule.types or person.type in rule.types)
        and (not rule.tiers or any(tier in rule.tiers for tier in person.tiers))
        and (not rule.organisations or person.organisation in rule.organisations)
    )


def forbid_covers(rule: Rule, building: Building, door: DoorId) -> bool:
    """Return whether a forbid reaches the door: a forbidden space covers everything inside it."""
    inner = building.doors[door].inner
    return door in rule.doors or any(step in rule.spaces for step in building.path_up(inner))


def permit_covers(
    doors: tuple[DoorId, ...], spaces: tuple[SpaceId, ...], building: Building, door: DoorId
) -> bool:
    """Return whether a permit reaches the door: it descends, but into a restricted space only by its name."""
    if door in doors:
        return True
    for step in building.path_up(building.doors[door].inner):
        if step in spaces:
            return True
        if building.spaces[step].restricted:
            return False
    return False


def certified(rule: Rule, person: Person, at: datetime) -> bool:
    """Return whether the person holds every certification of the rule at `at`."""
    held = {held.id for held in person.certifications if within(at, None, held.until)}
    return all(needed in held for needed in rule.certifications)


def escort_present(rule: Rule, person: Person, request: AccessRequest) -> bool:
    """Return whether the rule needs no escort, or the person's host is there."""
    return not rule.escorted or (person.host is not None and person.host in request.companions)


def newly_enforced(building: Building, door: DoorId) -> tuple[SpaceId, ...]:
    """Return the spaces with an enforced capacity that an entry at `door` adds somebody to."""
    joined = building.doors[door]
    outer = building.path_up(joined.outer)
    return tuple(
        step
        for step in building.path_up(joined.inner)
        if building.spaces[step].enforced and step not in outer
    )


def _ids(rules: Iterable[Rule]) -> tuple[RuleId, ...]:
    return tuple(rule.id for rule in rules)
