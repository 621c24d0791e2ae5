"""Explanations against the interpreter: what they call a miss refuses, in the order of reasons; may is honest."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.analysis.explanation.explain import Explanation, explain
from policies.analysis.explanation.inquiry import Inquiry
from policies.analysis.explanation.verdicts import Condition, Verdict
from policies.analysis.explanation.words import phrase
from policies.analysis.needs import Kind, Need
from policies.analysis.when import next_grant
from policies.decision import Effect, Reason
from policies.engine import Engine
from policies.policy import RuleEffect
from policies.request import AccessRequest, Direction, LiveState
from tests.policies import strategies as some
from tests.policies.strategies import PARIS, World

REASONS = {
    Condition.BADGE: {
        reason for reason in Reason if "credential" in reason.value or "factor" in reason.value
    },
    Condition.PERSON: {Reason.CREDENTIAL_UNASSIGNED, Reason.PERSON_SUSPENDED, Reason.PERSON_EXPIRED},
    Condition.DOOR_MODE: {Reason.DENY_ALL, Reason.THREAT_LEVEL},
    Condition.EVALUABLE: {Reason.OTHER},
    Condition.FORBIDS: {Reason.FORBIDDEN},
    Condition.PERMITS: {
        Reason.NO_ACCESS_RIGHTS,
        Reason.OUT_OF_TIME_RANGE,
        Reason.NOT_CERTIFIED,
        Reason.PROOF_TOO_WEAK,
        Reason.NO_ACCOMPANIMENT,
        Reason.INCORRECT_ACCOMPANIMENT,
    },
    Condition.PROOF: {Reason.PROOF_TOO_WEAK},
    Condition.PIN: {Reason.VERIFICATION_REQUIRED},
    Condition.PASSBACK: {Reason.PASSBACK},
    Condition.CAPACITY: {Reason.UPPER_OCCUPANCY_LIMIT},
    Condition.SECOND: {Reason.AUTHORIZATION_DELAYED, Reason.INCORRECT_ACCOMPANIMENT},
}


def whole(request: AccessRequest, state: LiveState) -> Inquiry:
    return Inquiry(
        request.at,
        request.reader,
        request.badge,
        request.assurance,
        request.pin_ok,
        request.companions,
        state,
    )


def explained(world: World, inquiry: Inquiry) -> Explanation:
    return explain(world.policy, world.building, world.roster, inquiry)


@settings(max_examples=15)
@given(some.worlds())
def test_an_entry_is_granted_where_no_gate_is_missed_and_else_the_first_one_missed_is_the_reason(world):
    for request, state in world.taps:
        told = explained(world, whole(request, state))
        missed = [gate.of for gate in told.gates if gate.verdict is Verdict.MISS]
        if told.direction is Direction.EXIT:
            assert (told.decision.inwards is None) == (
                not set(missed) - {Condition.PIN, Condition.PASSBACK, Condition.CAPACITY, Condition.SECOND}
            ) or told.decision.reason is Reason.UNKNOWN_CREDENTIAL
            continue
        assert told.decision.grants == (not missed)
        assert told.decision.grants or told.decision.reason in REASONS[missed[0]]


@settings(max_examples=15)
@given(some.worlds())
def test_the_rules_called_hits_are_those_that_determine(world):
    for request, state in world.taps:
        told = explained(world, whole(request, state))
        hits = {rule.id: rule.effect for rule in told.rules if rule.verdict is Verdict.HIT}
        permits = [name for name, effect in hits.items() if effect is RuleEffect.PERMIT]
        grants = [name for name in permits if name.startswith("grant:")]
        forbids = tuple(name for name, effect in hits.items() if effect is RuleEffect.FORBID)
        if told.decision.reason is Reason.FORBIDDEN:
            assert told.decision.rules == forbids
        elif told.decision.grants and told.decision.rules:
            assert told.decision.rules == tuple(grants or permits)


@settings(max_examples=15)
@given(some.worlds(), st.lists(st.booleans(), min_size=4, max_size=4))
def test_what_is_not_given_makes_hits_and_misses_uncertain_but_never_wrong(world, hidden):
    for request, state in world.taps:
        calm = msgspec.structs.replace(state, modes={}) if hidden[3] else state
        full = whole(request, calm)
        unknown = dict(zip(("assurance", "pin_ok", "companions", "state"), hidden, strict=True))
        badge = world.roster.badges.get(request.badge)
        if badge is not None and not badge.kind.least_proof <= request.assurance <= badge.kind.most_proof:
            unknown["assurance"] = False
        partial = msgspec.structs.replace(
            full, **{name: None for name, is_hidden in unknown.items() if is_hidden}
        )
        complete, told = explained(world, full), explained(world, partial)
        known = {gate.of: gate.verdict for gate in complete.gates}
        for gate in told.gates:
            assert gate.verdict in {Verdict.MAY, known[gate.of]}
        for rule, same in zip(told.rules, complete.rules, strict=True):
            assert rule.verdict in {Verdict.MAY, same.verdict}
            assert all(
                check.verdict in {Verdict.MAY, other.verdict}
                for check, other in zip(rule.checks, same.checks, strict=True)
            )


@settings(max_examples=15)
@given(some.worlds())
def test_next_is_the_next_grant(world):
    engine = Engine(world.policy, world.building, world.roster)
    for request, state in world.taps:
        told = explained(world, whole(request, state))
        if told.decision.effect is Effect.DENY and told.decision.person in world.roster.people:
            assert told.next == next_grant(engine, request, state)


@pytest.mark.parametrize(
    ("at", "french", "english"),
    [
        ("2026-09-15T11:00Z", "à partir de 13:00", "from 13:00"),
        ("2026-09-15T11:00:01Z", "à partir de 13:01", "from 13:01"),
        ("2026-09-15T22:00Z", "demain à partir de 00:00", "from 00:00 tomorrow"),
        ("2026-09-18T05:00Z", "vendredi à partir de 07:00", "from 07:00 on Friday"),
        ("2026-09-22T05:00Z", "mardi 22 septembre à partir de 07:00", "from 07:00 on Tuesday 22 September"),
    ],
)
def test_a_time_is_told_as_one_would_say_it(at, french, english):
    now = datetime(2026, 9, 15, 9, 0, tzinfo=UTC)
    said = phrase(Need(Kind.TIME, at=datetime.fromisoformat(at)), PARIS, now)
    assert (said.fr, said.en) == (french, english)
