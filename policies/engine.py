"""The compiled rules: `Engine.decide` answers what rules.interpret would, in a few microseconds.

A set of rules is one integer, a bit for each rule in the policy's order. Precomputed: the rules about a standing (a
type, tiers and an organisation, which many people share), those that reach a door, those of a mode, and (by UTC
quarter-hour, remembered) those whose schedule is open. A decision is then a handful of integer ANDs. Change one
person and one integer is looked up or computed again. The meaning lives in rules.py.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from policies import conditions as on
from policies.building import Building, Passback
from policies.decision import Decision, Effect, Flag, Reason
from policies.holders import NOBODY, Card, Holder, Holders, Standing
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SpaceId
from policies.masks import bits, mask_of
from policies.policy import Policy, RuleEffect
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, Person, Roster, within
from policies.schedule import GRID_MINUTES, is_open_on_the_wall, quarters

_QUARTER_S = GRID_MINUTES * 60
_QUARTER = timedelta(seconds=_QUARTER_S)
_QUARTERS_KEPT = 1024
"""Ten days of quarter-hours: what a search for the next grant passes through."""

_NAMES_KEPT = 4096
"""Sets of determining rules; a building has a few hundred that ever occur together."""

_DENY, _GRANT, _GRANTED, _NORMAL = Effect.DENY, Effect.GRANT, Reason.GRANTED, DoorMode.NORMAL

_Outcome = tuple[Reason | None, tuple[RuleId, ...], bool]
"""Why the rights refuse (None: they do not), the determining rules, and whether they ask for a second person."""


class Portal:
    """A reader's side of a door with everything about it that does not change from tap to tap."""

    __slots__ = (
        "card_pin", "door", "enforced", "forbids", "full_forbids", "inner", "is_exit", "is_shared",
        "passback", "passback_s", "permits", "pin", "pins", "proof", "reached", "two_person",
    )  # fmt: skip

    def __init__(self, reader: ReaderId, building: Building, policy: Policy) -> None:
        side = building.readers[reader]
        door = building.doors[side.door]
        self.door, self.inner = door.id, door.inner
        self.reached = building.passage(reader)[1]
        self.is_exit = side.direction is Direction.EXIT
        self.pin, self.card_pin, self.proof = door.pin, door.card_pin, door.proof
        self.pins = door.pin or door.card_pin is not None
        self.passback, self.passback_s, self.two_person = door.passback, door.passback_s, door.two_person
        self.enforced = on.newly_enforced(building, side.door)
        rules = policy.rules
        self.permits = mask_of(
            rule.effect is RuleEffect.PERMIT and on.rule_permit_covers(rule, building, side.door)
            for rule in rules
        )
        forbids = [
            rule.effect is RuleEffect.FORBID and on.forbid_covers(rule, building, side.door) for rule in rules
        ]
        self.forbids = mask_of(hit and not rule.full for hit, rule in zip(forbids, rules, strict=True))
        self.full_forbids = mask_of(hit and rule.full for hit, rule in zip(forbids, rules, strict=True))
        asks_for_second = door.two_person or self.permits & mask_of(rule.accompanied for rule in rules)
        self.is_shared = bool(self.enforced or asks_for_second or door.passback is not Passback.OFF)

    def covering(self, standing: Standing) -> int:
        """Return every rule that reaches this door for people of this standing; none over counts for responders."""
        return self.permits | self.forbids | (0 if standing.responder else self.full_forbids)


class _Compiled(NamedTuple):
    """What the engine knows of the rules themselves."""

    always: int
    broken: int
    conditional: int
    accompanied: int
    in_mode: dict[DoorMode, int]
    proven: dict[Assurance, int]


def _compile(policy: Policy) -> _Compiled:
    rules, schedules = policy.rules, policy.schedules
    whole = {name for name, schedule in schedules.items() if on.is_whole(schedule, policy)}
    return _Compiled(
        mask_of(rule.schedule is None for rule in rules),
        mask_of(rule.schedule is not None and rule.schedule not in whole for rule in rules),
        mask_of(bool(rule.certifications) or rule.escorted for rule in rules),
        mask_of(rule.accompanied for rule in rules),
        {mode: mask_of(not rule.modes or mode in rule.modes for rule in rules) for mode in DoorMode},
        {proof: mask_of(proof >= rule.assurance for rule in rules) for proof in Assurance},
    )


class Engine:
    """The rules of one policy over one building and roster, ready to decide."""

    def __init__(self, policy: Policy, building: Building, roster: Roster) -> None:
        self.policy, self.building = policy, building
        self.portals = {reader: Portal(reader, building, policy) for reader in building.readers}
        self.holders = Holders(policy, roster)
        self.rules = _compile(policy)
        self._cards = self.holders.cards
        self._by_schedule = [
            (schedule, mask_of(rule.schedule == name for rule in policy.rules) & ~self.rules.broken)
            for name, schedule in policy.schedules.items()
        ]
        self._in_normal, self._broken = self.rules.in_mode[_NORMAL], self.rules.broken
        self._open_masks: dict[int, int] = {}
        self._open_from = self._open_until = datetime.min.replace(tzinfo=UTC)
        self._open_now = 0
        self._names: dict[int, tuple[RuleId, ...]] = {0: ()}

    def put_person(self, person: Person) -> None:
        """Add or replace one person; their badges stay."""
        self.holders.put_person(person)

    def put_badge(self, badge: Badge) -> None:
        """Add or replace one badge."""
        self.holders.put_badge(badge)

    def drop_person(self, person: PersonId) -> None:
        """Forget a person; their badges stay, and are nobody's. Somebody who is not known is no error."""
        self.holders.drop_person(person)

    def drop_badge(self, badge: BadgeId) -> None:
        """Forget a badge; one that is not known is no error."""
        self.holders.drop_badge(badge)

    def decide(self, request: AccessRequest, state: LiveState) -> Decision:
        """Decide one tap; raise KeyError for a reader the building does not have."""
        portal = self.portals[request.reader]
        card = self._cards.get(request.badge)
        if card is None:
            return Decision(_DENY, Reason.UNKNOWN_CREDENTIAL, (), None, portal.door, portal.reached)
        door, inner, holder = portal.door, portal.inner, card.holder
        mode = state.modes.get(door, _NORMAL) if state.modes else _NORMAL
        reason, rules, needs_second = self._rights(portal, card, request, state, mode)
        if portal.is_exit:
            amiss = () if reason is None else (Flag.REFUSED_INWARDS,)
            return Decision(_GRANT, _GRANTED, (), holder.id, door, portal.reached, amiss, reason)
        if reason is not None:
            return Decision(_DENY, reason, rules, holder.id, door, inner)
        if portal.pins and mode is not DoorMode.FREE and self._lacks_pin(portal, request):
            return Decision(Effect.PENDING, Reason.VERIFICATION_REQUIRED, rules, holder.id, door, inner)
        flags: tuple[Flag, ...] = ()
        if portal.full_forbids:
            flags = self._without_view(portal, holder.standing, state, mode)
        if mode is DoorMode.FREE or holder.standing.responder or not portal.is_shared:
            return Decision(_GRANT, _GRANTED, rules, holder.id, door, inner, flags)
        reason, more = self._over_live_state(portal, holder, request, state)
        if reason is None and (needs_second or portal.two_person):
            reason = self._second_person(portal, holder, request, state, mode)
        if reason is not None:
            effect = Effect.PENDING if reason is Reason.AUTHORIZATION_DELAYED else _DENY
            return Decision(effect, reason, rules, holder.id, door, inner)
        flags = tuple(dict.fromkeys(flags + more)) if flags else more
        return Decision(_GRANT, _GRANTED, rules, holder.id, door, inner, flags)

    def _rights(
        self, portal: Portal, card: Card, request: AccessRequest, state: LiveState, mode: DoorMode
    ) -> _Outcome:
        if card.badge is not None and (reason := on.badge_refusal(card.badge, request)):
            return reason, (), False
        if request.assurance < card.least_proof:
            return Reason.PROOF_TOO_WEAK, (), False
        return self._rights_of(portal, card.holder, request, state, mode)

    def _rights_of(
        self, portal: Portal, holder: Holder, request: AccessRequest, state: LiveState, mode: DoorMode
    ) -> _Outcome:
        standing, person, at = holder.standing, holder.person, request.at
        if standing is NOBODY:
            return Reason.CREDENTIAL_UNASSIGNED, (), False
        if person is not None and (reason := on.person_refusal(person, at)):
            return reason, (), False
        if mode is DoorMode.LOCKED:
            return Reason.DENY_ALL, (), False
        if mode is DoorMode.LOCKDOWN and not standing.exempt:
            return Reason.THREAT_LEVEL, (), False
        in_mode = self._in_normal if mode is _NORMAL else self.rules.in_mode[mode]
        about = standing.mask & in_mode
        if self._broken and (broken := about & self._broken & portal.covering(standing)):
            return Reason.OTHER, self._ids(broken), False
        open_now = self._open_now if self._open_from <= at < self._open_until else self._open_mask(at)
        concerned = about & open_now
        forbids = portal.forbids & concerned
        if portal.full_forbids & concerned and not standing.responder and self._is_full(portal, state):
            forbids |= portal.full_forbids & concerned
        if forbids:
            return Reason.FORBIDDEN, self._ids(forbids), False
        if mode is DoorMode.FREE:
            return None, (), False
        return self._permits(portal, person, request, portal.permits & about, open_now)

    def _permits(
        self, portal: Portal, person: Person | None, request: AccessRequest, covering: int, open_now: int
    ) -> _Outcome:
        rules = self.rules
        if (
            person is not None
            and person.grants
            and (granted := self._grants(portal.door, person, request.at))
        ):
            weak = request.assurance < portal.proof
            return Reason.PROOF_TOO_WEAK if weak else None, granted, False
        if not covering:
            return Reason.NO_ACCESS_RIGHTS, (), False
        in_hours = covering & open_now
        if not in_hours:
            return Reason.OUT_OF_TIME_RANGE, self._ids(covering), False
        trained = in_hours
        if in_hours & rules.conditional:
            trained = self._kept(in_hours, lambda index: self._is_certified(index, person, request.at))
            if not trained:
                return Reason.NOT_CERTIFIED, self._ids(in_hours), False
        proven = trained & rules.proven[request.assurance] if request.assurance >= portal.proof else 0
        if not proven:
            return Reason.PROOF_TOO_WEAK, self._ids(trained), False
        held = proven
        if proven & rules.conditional:
            held = self._kept(proven, lambda index: self._is_escorted(index, person, request))
            if not held:
                return self._escort_missing(request), self._ids(proven), False
        return None, self._ids(held), not held & ~rules.accompanied

    def _over_live_state(
        self, portal: Portal, holder: Holder, request: AccessRequest, state: LiveState
    ) -> tuple[Reason | None, tuple[Flag, ...]]:
        reason, flags = self._passback(portal, holder, request, state)
        if reason is not None or not portal.enforced:
            return reason, flags
        if state.counts is None:
            return None, flags if Flag.DEGRADED in flags else (*flags, Flag.DEGRADED)
        is_full = any(self._is_at_capacity(space, state) for space in portal.enforced)
        return Reason.UPPER_OCCUPANCY_LIMIT if is_full else None, flags

    def _passback(
        self, portal: Portal, holder: Holder, request: AccessRequest, state: LiveState
    ) -> tuple[Reason | None, tuple[Flag, ...]]:
        kind, who = portal.passback, holder.id
        if kind is Passback.OFF or holder.standing.passback_exempt or who is None:
            return None, ()
        if state.inside is None:
            return None, () if kind is Passback.SOFT else (Flag.DEGRADED,)
        if state.inside.get(who) != portal.inner:
            return None, ()
        if kind is Passback.HARD:
            return Reason.PASSBACK, ()
        if kind is Passback.TIMED:
            since = state.since.get(who) if state.since else None
            if since is None:
                return None, (Flag.PASSBACK, Flag.DEGRADED)
            if (request.at - since).total_seconds() < portal.passback_s:
                return Reason.PASSBACK, ()
        return None, (Flag.PASSBACK,)

    def _second_person(
        self, portal: Portal, holder: Holder, request: AccessRequest, state: LiveState, mode: DoorMode
    ) -> Reason | None:
        others = [name for name in request.companions if name != holder.id]
        if not others:
            return Reason.AUTHORIZATION_DELAYED
        known = filter(None, (self.holders.people.get(name) for name in others))
        may_enter = any(self._rights_of(portal, other, request, state, mode)[0] is None for other in known)
        return None if may_enter else Reason.INCORRECT_ACCOMPANIMENT

    def _without_view(
        self, portal: Portal, standing: Standing, state: LiveState, mode: DoorMode
    ) -> tuple[Flag, ...]:
        """Return the flag of a grant that a forbid over counts would have been asked about, had anybody the counts."""
        if state.counts is not None or standing.responder:
            return ()
        asked = portal.full_forbids & standing.mask & self.rules.in_mode[mode] & self._open_now
        return (Flag.DEGRADED,) if asked else ()

    def _lacks_pin(self, portal: Portal, request: AccessRequest) -> bool:
        if request.pin_ok or portal.pin or portal.card_pin is None:
            return not request.pin_ok
        schedule = self.policy.schedules.get(portal.card_pin)
        if schedule is None or not on.is_whole(schedule, self.policy):
            return True
        calendar = self.policy.calendar
        return is_open_on_the_wall(schedule, calendar, calendar.local(request.at))

    def _is_full(self, portal: Portal, state: LiveState) -> bool:
        return any(
            self._is_at_capacity(space, state) for space in on.newly_counted(self.building, portal.door)
        )

    def _is_at_capacity(self, space: SpaceId, state: LiveState) -> bool:
        capacity, counts = self.building.spaces[space].capacity, state.counts
        return capacity is not None and counts is not None and counts.get(space, 0) >= capacity

    def _is_certified(self, index: int, person: Person | None, at: datetime) -> bool:
        rule = self.policy.rules[index]
        return not rule.certifications or (person is not None and on.certified(rule, person, at))

    def _is_escorted(self, index: int, person: Person | None, request: AccessRequest) -> bool:
        rule = self.policy.rules[index]
        return not rule.escorted or (person is not None and on.escort_present(rule, person, request))

    def _escort_missing(self, request: AccessRequest) -> Reason:
        who = self._cards[request.badge].holder.id
        alone = all(name == who for name in request.companions)
        return Reason.NO_ACCOMPANIMENT if alone else Reason.INCORRECT_ACCOMPANIMENT

    def _grants(self, door: DoorId, person: Person, at: datetime) -> tuple[RuleId, ...]:
        return tuple(
            on.grant_rule(grant)
            for grant in person.grants
            if within(at, grant.valid_from, grant.valid_until)
            and on.permit_covers(grant.doors, grant.spaces, self.building, door)
        )

    def open_mask(self, at: datetime) -> int:
        """Return the rules that are open in the quarter-hour of `at`, whomever and whatever they are about."""
        quarter = int(at.timestamp()) // _QUARTER_S
        mask = self._open_masks.get(quarter)
        if mask is None:
            calendar = self.policy.calendar
            now = calendar.local(at)
            mask = self.rules.always
            for schedule, rules in self._by_schedule:
                if rules and is_open_on_the_wall(schedule, calendar, now):
                    mask |= rules
            if len(self._open_masks) >= _QUARTERS_KEPT:
                self._open_masks.clear()
            self._open_masks[quarter] = mask
        return mask

    def _open_mask(self, at: datetime) -> int:
        """Return `open_mask`, and stay with it: taps come in order of time."""
        mask = self.open_mask(at)
        self._open_from = datetime.fromtimestamp(int(at.timestamp()) // _QUARTER_S * _QUARTER_S, tz=UTC)
        self._open_until = self._open_from + _QUARTER
        self._open_now = mask
        return mask

    def _kept(self, mask: int, holds: Callable[[int], bool]) -> int:
        return sum(1 << index for index in bits(mask) if holds(index))

    def _ids(self, mask: int) -> tuple[RuleId, ...]:
        names = self._names.get(mask)
        if names is None:
            rules = self.policy.rules
            names = tuple(rules[index].id for index in bits(mask))
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            self._names[mask] = names
        return names

    def beginnings(self, badge: BadgeId) -> tuple[datetime, ...]:
        """Return the instants at which the badge, its person or one of their grants begins."""
        card = self._cards.get(badge)
        if card is None:
            return ()
        person = card.holder.person
        begins = [card.badge.valid_from if card.badge else None]
        if person is not None:
            begins += (person.valid_from, *(grant.valid_from for grant in person.grants))
        return tuple(begin for begin in begins if begin is not None)


def next_grant(
    engine: Engine, request: AccessRequest, state: LiveState, within_days: int = 8
) -> datetime | None:
    """Return the first instant, in the zone of the request's own, at which the same tap would be granted.

    Only time moves: state, badge and companions stay as they are. None if it is not granted within the days.
    """
    zone, within = request.at.tzinfo, timedelta(days=within_days)
    moments = list(quarters(request.at, within))
    begins = (begin.astimezone(zone) for begin in engine.beginnings(request.badge))
    moments += (begin for begin in begins if request.at < begin < request.at + within)
    for at in sorted(moments):
        if engine.decide(_at(request, at), state).effect is Effect.GRANT:
            return at
    return None


def _at(request: AccessRequest, at: datetime) -> AccessRequest:
    return AccessRequest(
        at, request.reader, request.badge, request.assurance, request.pin_ok, request.companions
    )
