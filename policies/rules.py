"""What the rules mean: the naive interpreter is the definition; engine.py must equal it.

Read `Entry.decide` top to bottom: it is docs/domain.md, 3.3, in its order of reasons. Default deny, a matching
forbid beats every permit, leaving is never refused to a known badge, and what cannot be evaluated denies.
"""

from collections.abc import Callable, Iterable
from functools import cached_property

from policies import conditions as on
from policies.building import Building, Passback
from policies.conditions import Situation
from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import PersonId, RuleId
from policies.policy import Policy, Rule, RuleEffect
from policies.request import AccessRequest, Direction, DoorMode, LiveState
from policies.roster import Badge, Person, Roster
from policies.schedule import beyond_reach

_Outcome = tuple[Reason | None, tuple[RuleId, ...]]


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
    entry = Entry(Situation(policy, building, roster, request, state))
    if reader.direction is Direction.ENTRY:
        return entry.decide(badge, person)
    refusal, _ = entry.refusal(badge, person)  # the way out is free, whatever is full and whoever is inside
    flags = (Flag.REFUSED_INWARDS,) if refusal else ()
    return Decision(Effect.GRANT, Reason.GRANTED, (), badge.person, reader.door, reached, flags, refusal)


class Entry:
    """The one question whether this badge may go inwards at this door, now."""

    def __init__(self, situation: Situation) -> None:
        self.now = situation
        self.door, self.space = situation.door, situation.space
        self._about: dict[PersonId, list[Rule]] = {}

    def decide(self, badge: Badge, person: Person | None) -> Decision:
        reason, rules = self.refusal(badge, person)
        if reason or person is None:
            return self._answer(Effect.DENY, reason or Reason.CREDENTIAL_UNASSIGNED, badge.person, rules)
        flags = (Flag.DEGRADED,) if self._forbids_without_view(person) else ()
        if self.now.mode is DoorMode.FREE:
            return self._answer(Effect.GRANT, Reason.GRANTED, person.id, (), flags)
        if self.now.asks_for_pin and not self.now.request.pin_ok:
            return self._answer(Effect.PENDING, Reason.VERIFICATION_REQUIRED, person.id, rules)
        if self.now.has(person, "responder"):
            return self._answer(Effect.GRANT, Reason.GRANTED, person.id, rules)
        return self._over_live_state(person, rules, flags)

    def refusal(self, badge: Badge, person: Person | None) -> _Outcome:
        """Return why the rights refuse, and the rules that say so; else None, and the permits that hold."""
        if beyond_reach(self.now.request.at):
            return Reason.OTHER, ()
        if reason := on.badge_refusal(badge, self.now.request):
            return reason, ()
        return self.refusal_of(person) if person else (Reason.CREDENTIAL_UNASSIGNED, ())

    def refusal_of(self, person: Person) -> _Outcome:
        """Return what `refusal` does of a person, whichever badge they came with."""
        if reason := on.person_refusal(person, self.now.request.at):
            return reason, ()
        if self.now.mode is DoorMode.LOCKED:
            return Reason.DENY_ALL, ()
        if self.now.mode is DoorMode.LOCKDOWN and not self.now.has(person, "exempt"):
            return Reason.THREAT_LEVEL, ()
        if broken := self._rules(person, lambda rule: not self.now.can_tell(rule)):
            return Reason.OTHER, _ids(broken)
        if forbids := self._forbids(person):
            return Reason.FORBIDDEN, _ids(forbids)
        return (None, ()) if self.now.mode is DoorMode.FREE else self._permits(person)

    def _permits(self, person: Person) -> _Outcome:
        """Return the permits that hold; or why none does, with those that came closest."""
        if granted := self.now.grants(person):
            weak = self.now.request.assurance < self.door.proof
            return Reason.PROOF_TOO_WEAK if weak else None, granted
        rules = self._rules(person, lambda rule: rule.effect is RuleEffect.PERMIT)
        if not rules:
            return Reason.NO_ACCESS_RIGHTS, ()
        for reason, holds in (
            (Reason.OUT_OF_TIME_RANGE, self.now.is_in_hours),
            (Reason.NOT_CERTIFIED, lambda rule: self.now.is_certified(rule, person)),
            (Reason.PROOF_TOO_WEAK, self.now.is_proven),
            (self._escort_missing(), lambda rule: not rule.escorted or self.is_escorted(person)),
        ):
            still = [rule for rule in rules if holds(rule)]
            if not still:
                return reason, _ids(rules)
            rules = still
        return None, _ids(rules)

    def _forbids(self, person: Person) -> list[Rule]:
        forbids = self._rules(person, lambda rule: rule.effect is RuleEffect.FORBID)
        hold = filter(self.now.is_in_hours, forbids)
        return [rule for rule in hold if not rule.full or self.now.is_full()]

    def _forbids_without_view(self, person: Person) -> list[Rule]:
        """Return the forbids over counts that would have been asked, had anybody the counts."""
        return self._rules(
            person,
            lambda rule: rule.full and self.now.is_in_hours(rule) and self.now.state.counts is None,
        )

    def _rules(self, person: Person, holds: Callable[[Rule], bool]) -> list[Rule]:
        """Return the rules about this person at this door in its mode for which `holds`."""
        if person.id not in self._about:
            rules = self.now.policy.rules
            self._about[person.id] = [rule for rule in rules if self.now.applies(rule, person)]
        return [rule for rule in self._about[person.id] if holds(rule)]

    @cached_property
    def _accompanying(self) -> dict[PersonId, tuple[RuleId, ...]]:
        """The others who may enter here without an escort, with the permits that let them: nobody else counts."""
        alone = Entry(self.now.of_a_companion())
        known = filter(None, (self.now.roster.people.get(name) for name in self.now.others))
        asked = {other.id: alone.refusal_of(other) for other in known}
        return {name: permits for name, (refusal, permits) in asked.items() if refusal is None}

    def is_escorted(self, person: Person) -> bool:
        """Return whether the person's host is there and may enter, beside another who may where it takes two."""
        may = self._accompanying
        if person.host is None or person.host not in may:
            return False
        host = self.now.roster.people[person.host]
        return len(may) > 1 or self.now.has(host, "responder") or not self._takes_two(may[host.id])

    def _escort_missing(self) -> Reason:
        return Reason.INCORRECT_ACCOMPANIMENT if self.now.others else Reason.NO_ACCOMPANIMENT

    def _over_live_state(
        self, person: Person, permits: tuple[RuleId, ...], flags: tuple[Flag, ...]
    ) -> Decision:
        refusal, more = self._passback(person)
        if refusal:
            return self._answer(Effect.DENY, refusal, person.id, permits)
        if any(self.now.is_at_capacity(space) for space in self.now.enforced):
            return self._answer(Effect.DENY, Reason.UPPER_OCCUPANCY_LIMIT, person.id, permits)
        if self.now.enforced and self.now.state.counts is None:
            more += (Flag.DEGRADED,)
        if self._takes_two(permits) and (missing := self._second_person()):
            effect = Effect.PENDING if missing is Reason.AUTHORIZATION_DELAYED else Effect.DENY
            return self._answer(effect, missing, person.id, permits)
        return self._answer(
            Effect.GRANT, Reason.GRANTED, person.id, permits, tuple(dict.fromkeys(flags + more))
        )

    def _passback(self, person: Person) -> tuple[Reason | None, tuple[Flag, ...]]:
        kind, state = self.door.passback, self.now.state
        if kind is Passback.OFF or self.now.has(person, "passback_exempt"):
            return None, ()
        if state.inside is None:
            return None, () if kind is Passback.SOFT else (Flag.DEGRADED,)
        if state.inside.get(person.id) != self.space.id:
            return None, ()
        if kind is Passback.HARD:
            return Reason.PASSBACK, ()
        if kind is Passback.SOFT:
            return None, (Flag.PASSBACK,)
        since = (state.since or {}).get(person.id)
        if since is None:
            return None, (Flag.PASSBACK, Flag.DEGRADED)
        is_too_soon = (self.now.request.at - since).total_seconds() < self.door.passback_s
        return (Reason.PASSBACK, ()) if is_too_soon else (None, (Flag.PASSBACK,))

    def _takes_two(self, permits: tuple[RuleId, ...]) -> bool:
        alone = {rule.id for rule in self.now.policy.rules if not rule.accompanied}
        return self.door.two_person or not any(rule in alone or rule.startswith("grant:") for rule in permits)

    def _second_person(self) -> Reason | None:
        """Return what is amiss with the second person, who must have the right to enter here as well."""
        if not self.now.others:
            return Reason.AUTHORIZATION_DELAYED
        return None if self._accompanying else Reason.INCORRECT_ACCOMPANIMENT

    def _answer(
        self,
        effect: Effect,
        reason: Reason,
        person: PersonId | None,
        rules: tuple[RuleId, ...] = (),
        flags: tuple[Flag, ...] = (),
    ) -> Decision:
        return Decision(effect, reason, rules, person, self.door.id, self.space.id, flags)


def _ids(rules: Iterable[Rule]) -> tuple[RuleId, ...]:
    return tuple(rule.id for rule in rules)
