"""The compiled rules: `Engine.decide` answers what rules.interpret would, in a few microseconds.

A set of rules is one integer, a bit for each rule in the policy's order. Precomputed: the rules about a standing (a
type, tiers and an organisation, which many people share), those that reach a door, those of a mode, and (by UTC
quarter-hour, remembered) those whose schedule is open. A decision is then a handful of integer ANDs. Change one
person and one integer is looked up or computed again. The meaning lives in rules.py.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from policies import conditions as on
from policies.building import Building, Passback
from policies.compiled import QUARTER_S, Compiled
from policies.decision import Decision, Effect, Flag, Reason
from policies.holders import Card, Holder, Holders, Standing
from policies.ids import BadgeId, DoorId, PersonId, RuleId, SpaceId
from policies.masks import bits
from policies.policy import Policy
from policies.portals import Portal, Reach
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Badge, Person, Roster, within
from policies.schedule import beyond_reach, is_open_on_the_wall

_QUARTER = timedelta(seconds=QUARTER_S)

_DENY, _GRANT, _GRANTED, _NORMAL = Effect.DENY, Effect.GRANT, Reason.GRANTED, DoorMode.NORMAL

_Outcome = tuple[Reason | None, tuple[RuleId, ...], bool]
"""Why the rights refuse (None: they do not), the determining rules, and whether they ask for a second person."""


class Engine:
    """The rules of one policy over one building and roster, ready to decide."""

    def __init__(self, policy: Policy, building: Building, roster: Roster) -> None:
        self.policy, self.building = policy, building
        reach, self.rules = Reach(policy, building), Compiled(policy)
        self.portals = {reader: Portal(reader, building, reach, self.rules) for reader in building.readers}
        self.holders = Holders(policy, roster)
        self._cards = self.holders.cards
        self._in_normal, self._broken = self.rules.in_mode[_NORMAL], self.rules.broken
        self._open_from = self._open_until = datetime.min.replace(tzinfo=UTC)
        self._open_now = 0
        self._names, self._ids = self.rules.known_names, self.rules.names

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
        standing = card.everyday
        if standing is not None and portal.is_plain and not state.modes:
            everyday = self._everyday_grant(portal, card, standing, request, state)
            if everyday is not None:
                return everyday
        door, inner, holder = portal.door, portal.inner, card.holder
        mode = state.modes.get(door, _NORMAL) if state.modes else _NORMAL
        reason, rules, needs_second = self._rights(portal, card, request, state, mode)
        if portal.is_exit:
            amiss = () if reason is None else (Flag.REFUSED_INWARDS,)
            return Decision(_GRANT, _GRANTED, (), holder.id, door, portal.reached, amiss, reason)
        if reason is not None:
            return Decision(_DENY, reason, rules, holder.id, door, inner)
        if portal.pins and mode is not DoorMode.FREE and self.lacks_pin(request):
            return Decision(Effect.PENDING, Reason.VERIFICATION_REQUIRED, rules, holder.id, door, inner)
        flags: tuple[Flag, ...] = ()
        if portal.full_forbids:
            flags = self._without_view(portal, holder.standing, state, mode)
        if mode is DoorMode.FREE or holder.standing.responder or not portal.is_shared:
            return Decision(_GRANT, _GRANTED, rules, holder.id, door, inner, flags)
        reason, more = self._over_live_state(portal, holder, request, state)
        if reason is None and (needs_second or portal.two_person):
            reason = self._second_person(holder, request, state)
        if reason is not None:
            effect = Effect.PENDING if reason is Reason.AUTHORIZATION_DELAYED else _DENY
            return Decision(effect, reason, rules, holder.id, door, inner)
        flags = tuple(dict.fromkeys(flags + more)) if flags else more
        return Decision(_GRANT, _GRANTED, rules, holder.id, door, inner, flags)

    def may_accompany(self, other: PersonId, request: AccessRequest, state: LiveState) -> bool:
        """Return whether somebody may enter here without an escort, and so be the second person or an escort.

        Whether they are there, and of the request more than when and where, is not looked at.
        """
        return self._own_rights(other, request, state)[0] is None

    def _own_rights(self, other: PersonId, request: AccessRequest, state: LiveState) -> _Outcome:
        """Return what somebody beside may do alone; whoever is there gave their proof at a tap of their own."""
        holder = self.holders.people.get(other)
        if holder is None:
            return Reason.CREDENTIAL_UNASSIGNED, (), False
        portal = self.portals[request.reader]
        own = AccessRequest(request.at, request.reader, request.badge, Assurance.AUTHENTICATED)
        return self._rights_of(portal, holder, own, state, state.modes.get(portal.door, _NORMAL))

    def _everyday_grant(
        self, portal: Portal, card: Card, standing: Standing, request: AccessRequest, state: LiveState
    ) -> Decision | None:
        """Grant what most taps are: somebody with no dates or trainings, at a plain door in normal mode, in hours.

        The same as below with nothing left out but what such a tap cannot meet; None sends it there.
        """
        proof, who = request.assurance, card.owner
        if not self._open_from <= request.at < self._open_until:
            if beyond_reach(request.at):
                return None
            self._open_mask(request.at)
        concerned = standing.mask & self._open_now
        permits = portal.everyday[proof] & concerned
        if not permits or proof < card.least_proof or portal.forbids & concerned:
            return None
        rules = self._names.get(permits) or self._ids(permits)
        is_inside = state.inside is not None and state.inside.get(who) == portal.inner  # type: ignore[arg-type]  # None is nowhere
        is_twice = is_inside and not standing.responder
        flags = self._passback(portal, card.holder, request, state)[1] if is_twice else ()
        return Decision(_GRANT, _GRANTED, rules, who, portal.door, portal.inner, flags)

    def _rights(
        self, portal: Portal, card: Card, request: AccessRequest, state: LiveState, mode: DoorMode
    ) -> _Outcome:
        if beyond_reach(request.at):
            return Reason.OTHER, (), False
        if card.badge is not None and (reason := on.badge_refusal(card.badge, request)):
            return reason, (), False
        if request.assurance < card.least_proof:
            return Reason.PROOF_TOO_WEAK, (), False
        return self._rights_of(portal, card.holder, request, state, mode)

    def _rights_of(
        self, portal: Portal, holder: Holder, request: AccessRequest, state: LiveState, mode: DoorMode
    ) -> _Outcome:
        standing, at = holder.standing, request.at
        if reason := holder.refusal(at):
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
        return self._permits(portal, holder, request, state, portal.permits & about, open_now)

    def _permits(
        self,
        portal: Portal,
        holder: Holder,
        request: AccessRequest,
        state: LiveState,
        covering: int,
        open_now: int,
    ) -> _Outcome:
        rules, person = self.rules, holder.person
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
        if in_hours & rules.certified:
            trained = self._kept(in_hours, lambda index: self._is_certified(index, person, request.at))
            if not trained:
                return Reason.NOT_CERTIFIED, self._ids(in_hours), False
        proven = trained & rules.proven[request.assurance] if request.assurance >= portal.proof else 0
        if not proven:
            return Reason.PROOF_TOO_WEAK, self._ids(trained), False
        held = proven
        if proven & rules.escorted and not self._is_escorted(holder, request, state):
            held = proven & ~rules.escorted
            if not held:
                return self._escort_missing(holder, request), self._ids(proven), False
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

    def _second_person(self, holder: Holder, request: AccessRequest, state: LiveState) -> Reason | None:
        others = [name for name in request.companions if name != holder.id]
        if not others:
            return Reason.AUTHORIZATION_DELAYED
        may_enter = any(self.may_accompany(other, request, state) for other in others)
        return None if may_enter else Reason.INCORRECT_ACCOMPANIMENT

    def _without_view(
        self, portal: Portal, standing: Standing, state: LiveState, mode: DoorMode
    ) -> tuple[Flag, ...]:
        """Return the flag of a grant that a forbid over counts would have been asked about, had anybody the counts."""
        if state.counts is not None or standing.responder:
            return ()
        asked = portal.full_forbids & standing.mask & self.rules.in_mode[mode] & self._open_now
        return (Flag.DEGRADED,) if asked else ()

    def lacks_pin(self, request: AccessRequest) -> bool:
        """Return whether the door asks for a PIN at the instant of a request that has none verified."""
        portal = self.portals[request.reader]
        if not portal.pins:
            return False
        if request.pin_ok or portal.pin or portal.card_pin is None:
            return not request.pin_ok
        schedule = self.policy.schedules.get(portal.card_pin)
        if schedule is None or not on.is_whole(schedule, self.policy):
            return True
        calendar = self.policy.calendar
        return is_open_on_the_wall(schedule, calendar, calendar.local(request.at))

    def _is_full(self, portal: Portal, state: LiveState) -> bool:
        return any(self._is_at_capacity(space, state) for space in portal.counted)

    def _is_at_capacity(self, space: SpaceId, state: LiveState) -> bool:
        capacity, counts = self.building.spaces[space].capacity, state.counts
        return capacity is not None and counts is not None and counts.get(space, 0) >= capacity

    def _is_certified(self, index: int, person: Person | None, at: datetime) -> bool:
        rule = self.policy.rules[index]
        return not rule.certifications or (person is not None and on.certified(rule, person, at))

    def _is_escorted(self, holder: Holder, request: AccessRequest, state: LiveState) -> bool:
        others = {name for name in request.companions if name != holder.id}
        host = None if holder.person is None else holder.person.host
        if host is None or host not in others:
            return False
        refusal, _, takes_two = self._own_rights(host, request, state)
        if refusal is not None:
            return False
        is_responder = self.holders.people[host].standing.responder
        if is_responder or not (takes_two or self.portals[request.reader].two_person):
            return True
        return any(self.may_accompany(other, request, state) for other in others - {host})

    def _escort_missing(self, holder: Holder, request: AccessRequest) -> Reason:
        alone = all(name == holder.id for name in request.companions)
        return Reason.NO_ACCOMPANIMENT if alone else Reason.INCORRECT_ACCOMPANIMENT

    def _grants(self, door: DoorId, person: Person, at: datetime) -> tuple[RuleId, ...]:
        return tuple(
            on.grant_rule(grant)
            for grant in person.grants
            if within(at, grant.valid_from, grant.valid_until)
            and on.permit_covers(grant.doors, grant.spaces, self.building, door)
        )

    def _open_mask(self, at: datetime) -> int:
        """Return the rules open at `at`, and stay with its quarter-hour: taps come in order of time."""
        mask = self.rules.open_mask(at)
        self._open_from = datetime.fromtimestamp(int(at.timestamp()) // QUARTER_S * QUARTER_S, tz=UTC)
        self._open_until = self._open_from + _QUARTER
        self._open_now = mask
        return mask

    def _kept(self, mask: int, holds: Callable[[int], bool]) -> int:
        return sum(1 << index for index in bits(mask) if holds(index))
