"""The compiled rules: `Engine.decide` answers what rules.interpret would, in a few microseconds.

A set of rules is one integer, a bit for each rule in the policy's order. Precomputed: the rules about a person,
those that reach a door, and (by UTC quarter-hour, remembered) those whose schedule is open. A decision is then a
handful of integer ANDs. Change one person and one integer is computed again. The meaning lives in rules.py.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from policies.building import Building, Door, Passback, Space
from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SpaceId
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, Person, Roster, within
from policies.rules import (
    Policy,
    RuleEffect,
    badge_refusal,
    certified,
    concerns,
    escort_present,
    forbid_covers,
    newly_enforced,
    permit_covers,
    person_refusal,
)
from policies.schedule import GRID_MINUTES, is_open

_QUARTER_S = GRID_MINUTES * 60
_QUARTERS_KEPT = 8
"""Taps come in order of time, so a few remembered quarter-hours are enough; replays of old taps compute anew."""


class _Holder:
    """A person with the integer of the rules about them and the tier flags, looked up once a tap."""

    __slots__ = ("exempt", "mask", "person", "responder")

    def __init__(self, person: Person, policy: Policy) -> None:
        tiers = [policy.tiers[tier] for tier in person.tiers if tier in policy.tiers]
        self.person = person
        self.mask = _mask(concerns(rule, person) for rule in policy.rules)
        self.exempt = any(tier.exempt for tier in tiers)
        self.responder = any(tier.responder for tier in tiers)


class _Portal:
    """A reader's side of a door with everything about it that does not change from tap to tap."""

    __slots__ = ("door", "enforced", "forbids", "is_exit", "permits", "reached", "space")

    def __init__(self, reader: ReaderId, building: Building, policy: Policy) -> None:
        side = building.readers[reader]
        self.door: Door = building.doors[side.door]
        self.space: Space = building.spaces[self.door.inner]
        self.reached: SpaceId = building.passage(reader)[1]
        self.is_exit = side.direction is Direction.EXIT
        self.enforced = newly_enforced(building, side.door)
        self.permits = _mask(
            rule.effect is RuleEffect.PERMIT and permit_covers(rule.doors, rule.spaces, building, side.door)
            for rule in policy.rules
        )
        self.forbids = _mask(
            rule.effect is RuleEffect.FORBID and forbid_covers(rule, building, side.door)
            for rule in policy.rules
        )


class Engine:
    """The rules of one policy over one building and roster, ready to decide."""

    def __init__(self, policy: Policy, building: Building, roster: Roster) -> None:
        self.policy, self.building = policy, building
        self._portals = {reader: _Portal(reader, building, policy) for reader in building.readers}
        self._holders: dict[PersonId, _Holder] = {}
        self._badges: dict[BadgeId, Badge] = dict(roster.badges)
        for person in roster.people.values():
            self.put_person(person)
        self._open_masks: dict[int, int] = {}
        self._proof_masks = {
            proof: _mask(proof >= rule.assurance for rule in policy.rules) for proof in Assurance
        }
        self._conditional = _mask(bool(rule.certifications) or rule.escorted for rule in policy.rules)

    def put_person(self, person: Person) -> None:
        """Add or replace one person; their badges stay."""
        self._holders[person.id] = _Holder(person, self.policy)

    def put_badge(self, badge: Badge) -> None:
        """Add or replace one badge."""
        self._badges[badge.id] = badge

    def decide(self, request: AccessRequest, state: LiveState) -> Decision:
        """Decide one tap; raise KeyError for a reader the building does not have."""
        portal = self._portals[request.reader]
        badge = self._badges.get(request.badge)
        if badge is None:
            return Decision(Effect.DENY, Reason.UNKNOWN_CREDENTIAL, door=portal.door.id, space=portal.reached)
        inwards = self._decide_entry(portal, badge, request, state)
        if not portal.is_exit:
            return inwards
        if inwards.effect is Effect.GRANT:
            return Decision(
                Effect.GRANT, Reason.GRANTED, person=badge.person, door=portal.door.id, space=portal.reached
            )
        return Decision(
            Effect.GRANT,
            Reason.GRANTED,
            person=badge.person,
            door=portal.door.id,
            space=portal.reached,
            flags=(Flag.REFUSED_INWARDS,),
            inwards=inwards.reason,
        )

    def _decide_entry(
        self, portal: _Portal, badge: Badge, request: AccessRequest, state: LiveState
    ) -> Decision:
        door, space, at = portal.door, portal.space.id, request.at
        holder = self._holders.get(badge.person) if badge.person is not None else None
        reason = badge_refusal(badge, request)
        if reason is not None or holder is None:
            refusal = reason or Reason.CREDENTIAL_UNASSIGNED
            return Decision(Effect.DENY, refusal, (), badge.person, door.id, space)
        person = holder.person
        reason = person_refusal(person, at)
        if reason is not None:
            return Decision(Effect.DENY, reason, (), person.id, door.id, space)
        mode = state.modes.get(door.id, DoorMode.NORMAL)
        if mode is DoorMode.LOCKED:
            return Decision(Effect.DENY, Reason.DENY_ALL, (), person.id, door.id, space)
        if mode is DoorMode.LOCKDOWN and not holder.exempt:
            return Decision(Effect.DENY, Reason.THREAT_LEVEL, (), person.id, door.id, space)
        open_now = self._open_mask(at)
        forbids = portal.forbids & holder.mask & open_now
        if forbids:
            return Decision(Effect.DENY, Reason.FORBIDDEN, self._ids(forbids), person.id, door.id, space)
        if mode is DoorMode.FREE:
            return Decision(Effect.GRANT, Reason.GRANTED, (), person.id, door.id, space)
        reason, rules = self._permits(portal, holder, request, open_now)
        if reason is not None:
            return Decision(Effect.DENY, reason, rules, person.id, door.id, space)
        if door.pin and not request.pin_ok:
            return Decision(Effect.PENDING, Reason.VERIFICATION_REQUIRED, rules, person.id, door.id, space)
        flags: tuple[Flag, ...] = ()
        if not holder.responder:
            effect, reason, flags = self._over_live_state(portal, holder, request, state)
            if reason is not None:
                return Decision(effect, reason, rules, person.id, door.id, space)
        return Decision(Effect.GRANT, Reason.GRANTED, rules, person.id, door.id, space, flags)

    def _permits(
        self, portal: _Portal, holder: _Holder, request: AccessRequest, open_now: int
    ) -> tuple[Reason | None, tuple[RuleId, ...]]:
        if holder.person.grants and (granted := self._grants(portal.door.id, holder.person, request.at)):
            return None, granted
        covering = portal.permits & holder.mask
        if not covering:
            return Reason.NO_ACCESS_RIGHTS, ()
        in_hours = covering & open_now
        if not in_hours:
            return Reason.OUT_OF_TIME_RANGE, self._ids(covering)
        if not in_hours & self._conditional and (proven := in_hours & self._proof_masks[request.assurance]):
            return None, self._ids(proven)
        return self._conditions(in_hours, holder.person, request)

    def _conditions(
        self, in_hours: int, person: Person, request: AccessRequest
    ) -> tuple[Reason | None, tuple[RuleId, ...]]:
        rules = self.policy.rules
        trained = self._kept(in_hours, lambda index: certified(rules[index], person, request.at))
        if not trained:
            return Reason.NOT_CERTIFIED, self._ids(in_hours)
        proven = trained & self._proof_masks[request.assurance]
        if not proven:
            return Reason.PROOF_TOO_WEAK, self._ids(trained)
        escorted = self._kept(proven, lambda index: escort_present(rules[index], person, request))
        if not escorted:
            return Reason.NO_ACCOMPANIMENT, self._ids(proven)
        return None, self._ids(escorted)

    def _over_live_state(
        self, portal: _Portal, holder: _Holder, request: AccessRequest, state: LiveState
    ) -> tuple[Effect, Reason | None, tuple[Flag, ...]]:
        flags: tuple[Flag, ...] = ()
        passback = portal.door.passback
        if passback is Passback.HARD and state.inside is None:
            flags = (Flag.DEGRADED,)
        elif (
            passback is not Passback.OFF
            and state.inside is not None
            and state.inside.get(holder.person.id) == portal.space.id
        ):
            if passback is Passback.HARD:
                return Effect.DENY, Reason.PASSBACK, ()
            flags = (Flag.PASSBACK,)
        if portal.enforced and state.counts is None:
            flags = flags if Flag.DEGRADED in flags else (*flags, Flag.DEGRADED)
        elif state.counts is not None:
            for space in portal.enforced:
                capacity = self.building.spaces[space].capacity
                if capacity is not None and state.counts.get(space, 0) >= capacity:
                    return Effect.DENY, Reason.UPPER_OCCUPANCY_LIMIT, ()
        if portal.door.two_person:
            return self._two_person(portal, holder, request, flags)
        return Effect.GRANT, None, flags

    def _two_person(
        self, portal: _Portal, holder: _Holder, request: AccessRequest, flags: tuple[Flag, ...]
    ) -> tuple[Effect, Reason | None, tuple[Flag, ...]]:
        others = [name for name in request.companions if name != holder.person.id]
        if not others:
            return Effect.PENDING, Reason.AUTHORIZATION_DELAYED, ()
        open_now = self._open_mask(request.at)
        for other in filter(None, map(self._holders.get, others)):
            if (
                person_refusal(other.person, request.at) is None
                and not portal.forbids & other.mask & open_now
                and self._permits(portal, other, request, open_now)[0] is None
            ):
                return Effect.GRANT, None, flags
        return Effect.DENY, Reason.INCORRECT_ACCOMPANIMENT, ()

    def _grants(self, door: DoorId, person: Person, at: datetime) -> tuple[RuleId, ...]:
        return tuple(
            RuleId(f"grant:{grant.id}")
            for grant in person.grants
            if within(at, grant.valid_from, grant.valid_until)
            and permit_covers(grant.doors, grant.spaces, self.building, door)
        )

    def _open_mask(self, at: datetime) -> int:
        quarter = int(at.timestamp()) // _QUARTER_S
        mask = self._open_masks.get(quarter)
        if mask is None:
            schedules, calendar = self.policy.schedules, self.policy.calendar
            mask = _mask(
                rule.schedule is None or is_open(schedules[rule.schedule], calendar, at)
                for rule in self.policy.rules
            )
            if len(self._open_masks) >= _QUARTERS_KEPT:
                self._open_masks.clear()
            self._open_masks[quarter] = mask
        return mask

    def _kept(self, mask: int, holds: Callable[[int], bool]) -> int:
        return sum(1 << index for index in _bits(mask) if holds(index))

    def _ids(self, mask: int) -> tuple[RuleId, ...]:
        rules = self.policy.rules
        return tuple(rules[index].id for index in _bits(mask))


def next_grant(
    engine: Engine, request: AccessRequest, state: LiveState, within_days: int = 8
) -> datetime | None:
    """Return the next quarter-hour at which the same tap would be granted; None if none within the days.

    Only time moves: state, badge and companions stay as they are.
    """
    quarter = int(request.at.timestamp()) // _QUARTER_S * _QUARTER_S
    start = datetime.fromtimestamp(quarter, tz=request.at.tzinfo)
    for step in range(1, within_days * 24 * 60 // GRID_MINUTES + 1):
        at = start + timedelta(minutes=GRID_MINUTES * step)
        if engine.decide(_at(request, at), state).effect is Effect.GRANT:
            return at
    return None


def _at(request: AccessRequest, at: datetime) -> AccessRequest:
    return AccessRequest(
        at, request.reader, request.badge, request.assurance, request.pin_ok, request.companions
    )


def _mask(bits: Iterable[bool]) -> int:
    return sum(1 << index for index, bit in enumerate(bits) if bit)


def _bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
