"""Each condition that a rule, a badge or a person can set, on its own: whom it concerns, where, when, how proven.

What they come to together, and in which order, is rules.py. A `Situation` is one tap with all that it is judged by.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from policies.building import Building, Door, Space
from policies.decision import Reason
from policies.ids import DoorId, RuleId, SpaceId
from policies.policy import Policy, Rule, RuleEffect
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Badge, BadgeStatus, Grant, Person, Roster, within
from policies.schedule import Schedule, is_open

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


class Situation:
    """One tap at a door, with the rules, the people and the live state around it."""

    def __init__(
        self, policy: Policy, building: Building, roster: Roster, request: AccessRequest, state: LiveState
    ) -> None:
        self.policy, self.building, self.roster = policy, building, roster
        self.request, self.state = request, state
        self.door = building.doors[building.readers[request.reader].door]
        self.space: Space = building.spaces[self.door.inner]
        self.mode = state.modes.get(self.door.id, DoorMode.NORMAL)
        badge = roster.badges.get(request.badge)
        self.others = [name for name in request.companions if badge is None or name != badge.person]

    def of_a_companion(self) -> "Situation":
        """Return the tap as somebody beside is judged by it: with nobody beside them, and proven.

        Whoever is beside proved themselves at a tap of their own, which judged that proof.
        """
        own = msgspec.structs.replace(self.request, assurance=Assurance.AUTHENTICATED, companions=())
        return Situation(self.policy, self.building, self.roster, own, self.state)

    @property
    def asks_for_pin(self) -> bool:
        """Whether the door wants a PIN now."""
        return pin_asked(self.door, self.policy, self.request.at)

    @property
    def enforced(self) -> tuple[SpaceId, ...]:
        """The spaces with an enforced capacity that an entry here adds somebody to."""
        return newly_enforced(self.building, self.door.id)

    def has(self, person: Person, flag: str) -> bool:
        """Return whether a tier that the person holds has the `flag`."""
        held = (self.policy.tiers.get(tier) for tier in self.policy.held(person.tiers))
        return any(getattr(tier, flag) for tier in held if tier)

    def applies(self, rule: Rule, person: Person) -> bool:
        """Return whether the rule is about this person at this door in its mode, whatever the hour and the proof."""
        if rule.full and self.has(person, "responder"):
            return False
        covers = forbid_covers if rule.effect is RuleEffect.FORBID else rule_permit_covers
        return (
            concerns(rule, person, self.policy)
            and covers(rule, self.building, self.door.id)
            and (not rule.modes or self.mode in rule.modes)
        )

    def can_tell(self, rule: Rule) -> bool:
        """Return whether the rule can be evaluated: it names no schedule, or one that is there with all its days."""
        schedule = self.policy.schedules.get(rule.schedule) if rule.schedule else None
        return rule.schedule is None or (schedule is not None and is_whole(schedule, self.policy))

    def is_in_hours(self, rule: Rule) -> bool:
        if rule.schedule is None:
            return True
        return is_open(self.policy.schedules[rule.schedule], self.policy.calendar, self.request.at)

    def is_certified(self, rule: Rule, person: Person) -> bool:
        return certified(rule, person, self.request.at)

    def is_proven(self, rule: Rule) -> bool:
        return self.request.assurance >= max(rule.assurance, self.door.proof)

    def is_full(self) -> bool:
        """Return whether a space that an entry here adds to is known to have reached its capacity."""
        return any(self.is_at_capacity(space) for space in newly_counted(self.building, self.door.id))

    def is_at_capacity(self, space: SpaceId) -> bool:
        capacity, counts = self.building.spaces[space].capacity, self.state.counts
        return capacity is not None and counts is not None and counts.get(space, 0) >= capacity

    def grants(self, person: Person) -> tuple[RuleId, ...]:
        """Return the temporary grants of the person that are in force here, as the ids that decisions name them by."""
        return tuple(
            grant_rule(grant)
            for grant in person.grants
            if within(self.request.at, grant.valid_from, grant.valid_until)
            and permit_covers(grant.doors, grant.spaces, self.building, self.door.id)
        )


def grant_rule(grant: Grant) -> RuleId:
    """Return the id that a temporary grant has among the determining rules; no rule of a policy has a colon."""
    return RuleId(f"grant:{grant.id}")


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


def concerns(rule: Rule, person: Person, policy: Policy) -> bool:
    """Return whether the rule is about this person: every set that is given has them in it."""
    return (
        (not rule.types or person.type in rule.types)
        and (not rule.tiers or any(tier in rule.tiers for tier in policy.held(person.tiers)))
        and (not rule.organisations or person.organisation in rule.organisations)
    )


def forbid_covers(rule: Rule, building: Building, door: DoorId) -> bool:
    """Return whether a forbid reaches the door: a forbidden space covers everything inside it."""
    path = building.path_up(building.doors[door].inner)
    return door in rule.doors or any(
        step in rule.spaces or building.spaces[step].use in rule.uses for step in path
    )


def rule_permit_covers(rule: Rule, building: Building, door: DoorId) -> bool:
    """Return whether a permit reaches the door, by name or by what the space is for."""
    return permit_covers(rule.doors, rule.spaces, building, door) or used_for(rule, building, door)


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


def used_for(rule: Rule, building: Building, door: DoorId) -> bool:
    """Return whether a permit reaches the door by a use, which names no space and so opens no restricted one."""
    for step in building.path_up(building.doors[door].inner):
        if building.spaces[step].restricted:
            return False
        if building.spaces[step].use in rule.uses:
            return True
    return False


def pin_asked(door: Door, policy: Policy, at: datetime) -> bool:
    """Return whether the door wants a PIN at `at`; where its schedule cannot be evaluated it does."""
    if door.pin or door.card_pin is None:
        return door.pin
    schedule = policy.schedules.get(door.card_pin)
    return schedule is None or not is_whole(schedule, policy) or is_open(schedule, policy.calendar, at)


def is_whole(schedule: Schedule, policy: Policy) -> bool:
    """Return whether the calendar has all the days that the schedule is closed on."""
    return all(days in policy.calendar.days for days in schedule.closed_on)


def certified(rule: Rule, person: Person, at: datetime) -> bool:
    """Return whether the person holds every certification of the rule at `at`."""
    held = {held.id for held in person.certifications if within(at, None, held.until)}
    return all(needed in held for needed in rule.certifications)


def newly_counted(building: Building, door: DoorId) -> tuple[SpaceId, ...]:
    """Return the spaces with a capacity that an entry at `door` adds somebody to, the innermost first."""
    joined = building.doors[door]
    outer = building.path_up(joined.outer)
    return tuple(
        step
        for step in building.path_up(joined.inner)
        if building.spaces[step].capacity is not None and step not in outer
    )


def newly_enforced(building: Building, door: DoorId) -> tuple[SpaceId, ...]:
    """Return those of `newly_counted` whose capacity doors enforce."""
    return tuple(space for space in newly_counted(building, door) if building.spaces[space].enforced)
