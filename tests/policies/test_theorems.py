"""What holds of every policy whatever it says, each theorem a sentence: tried on policies that Hypothesis makes up.

test_engine.py has the rest of them: default deny, a forbid trumps, the way out, a restricted space, a weaker proof.
"""

import random
from collections.abc import Iterator

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.building import Building
from policies.decision import Decision, Effect, Reason
from policies.engine import Engine
from policies.ids import DoorId, RuleId
from policies.policy import Policy, Rule, RuleEffect
from policies.request import AccessRequest, Direction, DoorMode, LiveState
from policies.roster import Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.policies.strategies import World

few = settings(max_examples=30)

OPENS = {Effect.DENY: 0, Effect.PENDING: 1, Effect.GRANT: 2}
BEFORE_THE_RULES = {
    Reason.UNKNOWN_CREDENTIAL,
    Reason.CREDENTIAL_UNASSIGNED,
    Reason.PERSON_SUSPENDED,
    Reason.PERSON_EXPIRED,
    Reason.DENY_ALL,
    Reason.THREAT_LEVEL,
    Reason.PROOF_TOO_WEAK,
    Reason.CREDENTIAL_NOT_YET_ACTIVE,
    Reason.CREDENTIAL_MANUAL_DISABLE,
    Reason.FACTOR_LOST,
    Reason.FACTOR_STOLEN,
    Reason.FACTOR_DAMAGED,
    Reason.CREDENTIAL_DISABLED,
    Reason.CREDENTIAL_INACTIVITY,
    Reason.CREDENTIAL_MAX_USES,
    Reason.CREDENTIAL_EXPIRED,
}
"""Why somebody is refused whatever the rules say: the badge, the person, the mode of the door."""


def decisions(world: World, rules: tuple[Rule, ...]) -> list[Decision]:
    """Return how the taps of a world are decided by these rules instead."""
    engine = Engine(msgspec.structs.replace(world.policy, rules=rules), world.building, world.roster)
    return [engine.decide(*tap) for tap in world.taps]


def enters(building: Building, request: AccessRequest) -> bool:
    return building.readers[request.reader].direction is Direction.ENTRY


def opens_no_more(world: World, fewer: tuple[Rule, ...], than: tuple[Rule, ...]) -> bool:
    pairs = zip(decisions(world, fewer), decisions(world, than), strict=True)
    return all(OPENS[one.effect] <= OPENS[other.effect] for one, other in pairs)


def can_be_told(rule: Rule, policy: Policy) -> bool:
    """Return whether the rule's schedule is there with all the days that it is closed on."""
    schedule = policy.schedules.get(rule.schedule) if rule.schedule else None
    days = schedule.closed_on if schedule else ()
    return rule.schedule is None or (
        schedule is not None and all(each in policy.calendar.days for each in days)
    )


@few
@given(some.worlds(), some.rules())
def test_adding_a_forbid_never_opens_a_door(world, drawn):
    forbids = [msgspec.structs.replace(each, **_AS_FORBID) for each in drawn]
    for number, forbid in enumerate(forbids):
        added = msgspec.structs.replace(forbid, id=RuleId(f"added-{number}"))
        assert opens_no_more(world, (*world.policy.rules, added), than=world.policy.rules)


_AS_FORBID = {
    "effect": RuleEffect.FORBID,
    "certifications": (),
    "assurance": 0,
    "escorted": False,
    "accompanied": False,
}
"""A forbid asks for no proof, as the loader sees to."""


@few
@given(some.worlds())
def test_dropping_a_permit_never_opens_a_door(world):
    rules = world.policy.rules
    for rule in rules:
        if rule.effect is RuleEffect.PERMIT and can_be_told(rule, world.policy):
            assert opens_no_more(world, tuple(each for each in rules if each is not rule), than=rules)


@few
@given(some.worlds(), st.integers(0, 99))
def test_the_order_of_rules_never_matters(world, seed):
    shuffled = tuple(random.Random(seed).sample(world.policy.rules, len(world.policy.rules)))
    for one, other in zip(decisions(world, world.policy.rules), decisions(world, shuffled), strict=True):
        assert set(one.rules) == set(other.rules)
        assert msgspec.structs.replace(one, rules=()) == msgspec.structs.replace(other, rules=())


def unsound(policy: Policy) -> Iterator[tuple[str, Policy]]:
    """Yield the policy with a schedule lost, and with the days of its calendar lost."""
    for name in policy.schedules:
        kept = {each: schedule for each, schedule in policy.schedules.items() if each != name}
        yield f"{name} lost", msgspec.structs.replace(policy, schedules=kept)
    calendar = msgspec.structs.replace(policy.calendar, days={})
    yield "days lost", msgspec.structs.replace(policy, calendar=calendar)


@few
@given(some.worlds(), st.sampled_from(RuleEffect), st.sampled_from(some.SCHEDULES))
def test_a_rule_that_cannot_be_evaluated_denies_whom_it_is_about(world, effect, named):
    rule = Rule(RuleId("broken"), effect, doors=some.DOORS, schedule=named)
    policy = msgspec.structs.replace(world.policy, rules=(*world.policy.rules, rule))
    for _, broken in unsound(policy):
        if can_be_told(rule, broken):
            continue
        engine = Engine(broken, world.building, world.roster)
        for request, state in world.taps:
            decision = engine.decide(request, state)
            if not enters(world.building, request):
                assert decision.grants == (request.badge in world.roster.badges)
            elif decision.reason is Reason.OTHER:
                assert rule.id in decision.rules
                assert decision.effect is Effect.DENY
            else:
                assert decision.effect is Effect.DENY
                assert decision.reason in BEFORE_THE_RULES


@few
@given(some.worlds())
def test_what_is_lost_from_a_policy_never_opens_a_door(world):
    before = [Engine(world.policy, world.building, world.roster).decide(*tap) for tap in world.taps]
    for what, broken in unsound(world.policy):
        after = [Engine(broken, world.building, world.roster).decide(*tap) for tap in world.taps]
        for tap, one, other in zip(world.taps, after, before, strict=True):
            # not even a PIN is sure any more, so it may be asked for before a full space refuses
            assert other.grants or not one.grants, (what, tap)


@few
@given(some.worlds())
def test_two_engines_of_one_policy_decide_alike_whatever_each_was_asked_before(world):
    one, other = (Engine(world.policy, world.building, world.roster) for _ in range(2))
    asked = [one.decide(*tap) for tap in world.taps]
    assert [other.decide(*tap) for tap in reversed(world.taps)][::-1] == asked


@few
@given(some.worlds())
def test_a_decision_is_decided_again_from_what_is_written_down_of_it(world):
    written = msgspec.json.encode((world.policy, world.building, world.roster, world.taps))
    kinds = tuple[Policy, Building, Roster, list[tuple[AccessRequest, LiveState]]]
    policy, building, roster, taps = msgspec.json.decode(written, type=kinds)
    engine = Engine(world.policy, world.building, world.roster)
    for tap, again in zip(world.taps, taps, strict=True):
        assert interpret(policy, building, roster, *again) == engine.decide(*tap)


@few
@given(some.worlds())
def test_an_event_keeps_enough_to_decide_a_tap_of_somebody_alone_again(world):
    """Who stood beside them, who was inside and how full it was are no part of an event."""
    engine = Engine(world.policy, world.building, world.roster)
    for request, state in world.taps:
        door = world.building.readers[request.reader].door
        mode = state.modes.get(door, DoorMode.NORMAL)
        alone = msgspec.structs.replace(request, companions=())
        other_doors = dict.fromkeys(world.building.doors, DoorMode.LOCKDOWN) | {DoorId(door): mode}
        first = engine.decide(alone, LiveState(other_doors))
        kept = AccessRequest(request.at, request.reader, request.badge, request.assurance, request.pin_ok)
        assert engine.decide(kept, LiveState({door: mode})) == first
