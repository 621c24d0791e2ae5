"""The compiled rules: `Engine.decide` answers what rules.interpret would, in about a microsecond.

A set of rules is one integer, a bit for each rule in the policy's order. Precomputed: the rules about a person,
those that reach a door, and (by UTC quarter-hour, remembered) those whose schedule is open. A decision is then a
handful of integer ANDs. Change one person and one integer is computed again. The meaning lives in rules.py.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from policies.building import Building, Passback
from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import BadgeId, DoorId, OrganisationId, PersonId, ReaderId, RuleId, TierId
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, BadgeStatus, Person, ResidentType, Roster, within
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
from policies.schedule import GRID_MINUTES, is_open_on_the_wall

_QUARTER = timedelta(minutes=GRID_MINUTES)
_QUARTER_S = GRID_MINUTES * 60
_QUARTERS_KEPT = 1024
"""Ten days of quarter-hours: what a search for the next grant passes through."""

_NAMES_KEPT = 4096
"""Sets of determining rules; a building has a few hundred that ever occur together."""

_DENY, _GRANT, _GRANTED, _NORMAL = Effect.DENY, Effect.GRANT, Reason.GRANTED, DoorMode.NORMAL


_Standing = tuple[ResidentType, tuple[TierId, ...], OrganisationId | None]
"""All of a person that `rules.concerns` looks at."""


class _Card:
    """A badge, with what a tap needs of it at hand. `is_limited`: its state or dates may refuse."""

    __slots__ = ("badge", "is_limited", "least_proof", "person")

    def __init__(self, badge: Badge) -> None:
        self.badge = badge
        self.person = badge.person
        self.least_proof = int(badge.kind.least_proof)
        dates = badge.valid_from is not None or badge.valid_until is not None
        self.is_limited = dates or badge.status is not BadgeStatus.ACTIVE


class _Holder:
    """A person with the integer of the rules about them and the tier flags. `is_limited`: as for a card."""

    __slots__ = ("exempt", "has_grants", "id", "is_limited", "mask", "person", "responder")

    def __init__(self, person: Person, policy: Policy, mask: int) -> None:
        tiers = [policy.tiers[tier] for tier in person.tiers if tier in policy.tiers]
        self.person = person
        self.id = person.id
        self.mask = mask
        self.exempt = any(tier.exempt for tier in tiers)
        self.responder = any(tier.responder for tier in tiers)
        self.has_grants = bool(person.grants)
        dates = person.valid_from is not None or person.valid_until is not None
        self.is_limited = person.suspended or dates


class _Portal:
    """A reader's side of a door with everything about it that does not change from tap to tap."""

    __slots__ = (
        "door", "enforced", "forbids", "inner", "is_exit", "is_shared",
        "passback", "permits", "pin", "reached", "two_person",
    )  # fmt: skip

    def __init__(self, reader: ReaderId, building: Building, policy: Policy) -> None:
        side = building.readers[reader]
        door = building.doors[side.door]
        self.door, self.inner = door.id, door.inner
        self.reached = building.passage(reader)[1]
        self.is_exit = side.direction is Direction.EXIT
        self.pin, self.passback, self.two_person = door.pin, door.passback, door.two_person
        self.enforced = newly_enforced(building, side.door)
        self.is_shared = bool(self.enforced) or door.passback is not Passback.OFF or door.two_person
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
        self._holders: dict[PersonId | None, _Holder] = {}
        self._cards: dict[BadgeId, _Card] = {}
        self._masks: dict[_Standing, int] = {}
        for person in roster.people.values():
            self.put_person(person)
        for badge in roster.badges.values():
            self.put_badge(badge)
        self._always = _mask(rule.schedule is None for rule in policy.rules)
        self._by_schedule = [
            (schedule, _mask(rule.schedule == name for rule in policy.rules))
            for name, schedule in policy.schedules.items()
        ]
        self._open_masks: dict[int, int] = {}
        self._open_from = self._open_until = datetime.min.replace(tzinfo=UTC)
        self._open_now = 0
        self._names: dict[int, tuple[RuleId, ...]] = {}
        self._proof_masks = {
            proof: _mask(proof >= rule.assurance for rule in policy.rules) for proof in Assurance
        }
        self._conditional = _mask(bool(rule.certifications) or rule.escorted for rule in policy.rules)

    def put_person(self, person: Person) -> None:
        """Add or replace one person; their badges stay."""
        self._holders[person.id] = _Holder(person, self.policy, self._mask_of(person))

    def _mask_of(self, person: Person) -> int:
        """Return the rules about somebody; they are the same for all of one standing, so that few are computed."""
        standing = person.type, person.tiers, person.organisation
        mask = self._masks.get(standing)
        if mask is None:
            mask = self._masks[standing] = _mask(concerns(rule, person) for rule in self.policy.rules)
        return mask

    def put_badge(self, badge: Badge) -> None:
        """Add or replace one badge."""
        self._cards[badge.id] = _Card(badge)

    def decide(self, request: AccessRequest, state: LiveState) -> Decision:
        """Decide one tap; raise KeyError for a reader the building does not have."""
        portal = self._portals[request.reader]
        card = self._cards.get(request.badge)
        if card is None:
            return Decision(_DENY, Reason.UNKNOWN_CREDENTIAL, (), None, portal.door, portal.reached)
        inwards = self._decide_entry(portal, card, request, state)
        if not portal.is_exit:
            return inwards
        if inwards.effect is _GRANT:
            return Decision(_GRANT, _GRANTED, (), card.person, portal.door, portal.reached)
        flags = (Flag.REFUSED_INWARDS,)
        return Decision(_GRANT, _GRANTED, (), card.person, portal.door, portal.reached, flags, inwards.reason)

    def _decide_entry(
        self, portal: _Portal, card: _Card, request: AccessRequest, state: LiveState
    ) -> Decision:
        door, space, at = portal.door, portal.inner, request.at
        reason = badge_refusal(card.badge, request) if card.is_limited else None
        if reason is None and request.assurance < card.least_proof:
            reason = Reason.PROOF_TOO_WEAK
        holder = self._holders.get(card.person)
        if reason is not None or holder is None:
            return Decision(_DENY, reason or Reason.CREDENTIAL_UNASSIGNED, (), card.person, door, space)
        if holder.is_limited:
            reason = person_refusal(holder.person, at)
            if reason is not None:
                return Decision(_DENY, reason, (), holder.id, door, space)
        mode = state.modes.get(door, _NORMAL)
        if mode is not _NORMAL:
            if mode is DoorMode.LOCKED:
                return Decision(_DENY, Reason.DENY_ALL, (), holder.id, door, space)
            if mode is DoorMode.LOCKDOWN and not holder.exempt:
                return Decision(_DENY, Reason.THREAT_LEVEL, (), holder.id, door, space)
        open_now = self._open_now if self._open_from <= at < self._open_until else self._open_mask(at)
        concerned = holder.mask & open_now
        forbids = portal.forbids & concerned
        if forbids:
            return Decision(_DENY, Reason.FORBIDDEN, self._ids(forbids), holder.id, door, space)
        if mode is DoorMode.FREE:
            return Decision(_GRANT, _GRANTED, (), holder.id, door, space)
        in_hours = portal.permits & concerned
        if in_hours and not in_hours & self._conditional and not holder.has_grants:
            proven = in_hours & self._proof_masks[request.assurance]
            reason = None if proven else Reason.PROOF_TOO_WEAK
            rules = self._ids(proven or in_hours)
        else:
            reason, rules = self._permits(portal, holder, request, open_now)
        if reason is not None:
            return Decision(_DENY, reason, rules, holder.id, door, space)
        if portal.pin and not request.pin_ok:
            return Decision(Effect.PENDING, Reason.VERIFICATION_REQUIRED, rules, holder.id, door, space)
        if holder.responder or not portal.is_shared:
            return Decision(_GRANT, _GRANTED, rules, holder.id, door, space)
        effect, reason, flags = self._over_live_state(portal, holder, request, state)
        return Decision(effect, reason or _GRANTED, rules, holder.id, door, space, flags)

    def _permits(
        self, portal: _Portal, holder: _Holder, request: AccessRequest, open_now: int
    ) -> tuple[Reason | None, tuple[RuleId, ...]]:
        if holder.has_grants and (granted := self._grants(portal.door, holder.person, request.at)):
            return None, granted
        covering = portal.permits & holder.mask
        if not covering:
            return Reason.NO_ACCESS_RIGHTS, ()
        in_hours = covering & open_now
        if not in_hours:
            return Reason.OUT_OF_TIME_RANGE, self._ids(covering)
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
        if portal.passback is not Passback.OFF:
            is_hard = portal.passback is Passback.HARD
            if state.inside is None:
                flags = (Flag.DEGRADED,) if is_hard else ()
            elif state.inside.get(holder.id) == portal.inner:
                if is_hard:
                    return Effect.DENY, Reason.PASSBACK, ()
                flags = (Flag.PASSBACK,)
        if portal.enforced and state.counts is None:
            flags = flags if Flag.DEGRADED in flags else (*flags, Flag.DEGRADED)
        elif state.counts is not None:
            for space in portal.enforced:
                capacity = self.building.spaces[space].capacity
                if capacity is not None and state.counts.get(space, 0) >= capacity:
                    return Effect.DENY, Reason.UPPER_OCCUPANCY_LIMIT, ()
        if portal.two_person:
            return self._two_person(portal, holder, request, flags)
        return Effect.GRANT, None, flags

    def _two_person(
        self, portal: _Portal, holder: _Holder, request: AccessRequest, flags: tuple[Flag, ...]
    ) -> tuple[Effect, Reason | None, tuple[Flag, ...]]:
        others = [name for name in request.companions if name != holder.id]
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
        """Return the rules open in the quarter-hour of `at`, and stay with it: taps come in order of time."""
        quarter = int(at.timestamp()) // _QUARTER_S
        mask = self._open_masks.get(quarter)
        if mask is None:
            calendar = self.policy.calendar
            now = calendar.local(at)
            mask = self._always
            for schedule, rules in self._by_schedule:
                if rules and is_open_on_the_wall(schedule, calendar, now):
                    mask |= rules
            if len(self._open_masks) >= _QUARTERS_KEPT:
                self._open_masks.clear()
            self._open_masks[quarter] = mask
        self._open_from = datetime.fromtimestamp(quarter * _QUARTER_S, tz=UTC)
        self._open_until = self._open_from + _QUARTER
        self._open_now = mask
        return mask

    def _kept(self, mask: int, holds: Callable[[int], bool]) -> int:
        return sum(1 << index for index in _bits(mask) if holds(index))

    def _ids(self, mask: int) -> tuple[RuleId, ...]:
        names = self._names.get(mask)
        if names is None:
            rules = self.policy.rules
            names = tuple(rules[index].id for index in _bits(mask))
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            self._names[mask] = names
        return names

    def beginnings(self, badge: BadgeId) -> tuple[datetime, ...]:
        """Return the instants at which the badge, its person or one of their grants begins."""
        card = self._cards.get(badge)
        holder = self._holders.get(card.person) if card else None
        if card is None or holder is None:
            return ()
        begins = (
            card.badge.valid_from,
            holder.person.valid_from,
            *(g.valid_from for g in holder.person.grants),
        )
        return tuple(begin for begin in begins if begin is not None)


def next_grant(
    engine: Engine, request: AccessRequest, state: LiveState, within_days: int = 8
) -> datetime | None:
    """Return the first instant, in the zone of the request's own, at which the same tap would be granted.

    Only time moves: state, badge and companions stay as they are. None if it is not granted within the days.
    """
    zone = request.at.tzinfo
    quarter = datetime.fromtimestamp(int(request.at.timestamp()) // _QUARTER_S * _QUARTER_S, tz=zone)
    last = quarter + timedelta(days=within_days)
    steps = within_days * 24 * 60 // GRID_MINUTES
    moments = [quarter + _QUARTER * step for step in range(1, steps + 1)]
    moments += (
        begin.astimezone(zone) for begin in engine.beginnings(request.badge) if request.at < begin < last
    )
    for at in sorted(moments):
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
