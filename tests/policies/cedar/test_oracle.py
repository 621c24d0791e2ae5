"""Interpreter, compiled engine and Cedar on the same taps, aimed at the rules: three ways, one answer.

Cedar judges the permits and forbids over the exported text. What the host judges before (badge, person, door modes,
temporary grants) and after (PIN, anti-passback, enforced capacity, who comes second) interpreter and engine must
agree on to the last flag. Cedar is asked in batches, once a distinct question.
"""

import json
from pathlib import Path
from typing import NamedTuple

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from policies.cedar.entities import person_entity, site_entities
from policies.cedar.question import open_schedules, question
from policies.cedar.text import can_be_evaluated, policies_text
from policies.conditions import Situation
from policies.decision import Reason
from policies.engine import Engine
from policies.loader import load
from policies.policy import RuleEffect
from policies.request import DoorMode
from policies.rules import Entry, interpret
from tests.policies import strategies as some
from tests.policies.directed import aim

SHARDS, TAPS_A_SHARD = 4, 8_000
PARTS, WORLDS_A_PART, TAPS_A_WORLD = 4, 44, 400
"""Taps at KM0, and at worlds with policies of their own, in parts that run side by side: 102,400 in all."""

JUDGED = 0.85
"""The least share of a shard's taps that reach the rules, so that Cedar judges them too."""

HOST_REFUSES = {
    Reason.UNKNOWN_CREDENTIAL,
    Reason.CREDENTIAL_UNASSIGNED,
    Reason.FACTOR_LOST,
    Reason.PERSON_SUSPENDED,
    Reason.PERSON_EXPIRED,
    Reason.DENY_ALL,
    Reason.THREAT_LEVEL,
}
NO_PERMIT = {
    Reason.NO_ACCESS_RIGHTS,
    Reason.OUT_OF_TIME_RANGE,
    Reason.NOT_CERTIFIED,
    Reason.NO_ACCOMPANIMENT,
}


class Verdict(NamedTuple):
    """What Cedar is expected to say: whether it permits (None: either), and which of the rules `among` determine it."""

    permits: bool | None
    rules: frozenset[str]
    among: frozenset[str]


class Court:
    """One site with its people, before all three judges."""

    def __init__(self, policy, building, roster):
        self.policy, self.building, self.roster = policy, building, roster
        self.engine = Engine(policy, building, roster)
        self.rules = {rule.id: rule for rule in policy.rules}
        self.all = frozenset(self.rules)
        self.forbids = frozenset(rule.id for rule in policy.rules if rule.effect is RuleEffect.FORBID)
        self.broken = frozenset(rule.id for rule in policy.rules if not can_be_evaluated(rule, policy))
        self.text = cedarpy.PolicySet.from_str(policies_text(policy))
        people = map(person_entity, roster.people.values())
        self.entities = cedarpy.Entities.from_json_str(
            json.dumps([*site_entities(policy, building), *people])
        )
        self.opened = {}
        self.judged_by_cedar = 0

    def judge(self, taps):
        """Ask all three about every tap."""
        asked: dict = {}
        for request, state in taps:
            decision = interpret(self.policy, self.building, self.roster, request, state)
            assert self.engine.decide(request, state) == decision, (request, state)
            situation = Situation(self.policy, self.building, self.roster, request, state)
            verdict = self.expected(situation, decision)
            if verdict is None:
                continue
            self.judged_by_cedar += 1
            person = self.roster.people[decision.person]
            for accompanied, each in ((True, verdict), (False, self.alone(verdict))):
                if accompanied or each != verdict:
                    words = question(situation, person, self.open_at(request.at), accompanied=accompanied)
                    context = json.dumps(words["context"])
                    key = person.id, situation.door.id, context, each
                    asked.setdefault(key, (words | {"context": context}, each, request, state))
        self.ask(list(asked.values()))

    def expected(self, situation, decision):
        """Return what the interpreter's decision says about permits and forbids; None if they were not asked."""
        names, reason = frozenset(decision.rules), decision.reason
        if reason in HOST_REFUSES or (reason is Reason.PROOF_TOO_WEAK and not names):
            return None
        if reason is Reason.OTHER:
            return Verdict(False, names, self.broken)
        if reason is Reason.FORBIDDEN:
            return Verdict(False, names, self.all)
        if situation.mode is DoorMode.FREE or any(name.startswith("grant:") for name in names):
            return Verdict(None, frozenset(), self.forbids)
        if reason in NO_PERMIT or self.lacks_host(situation, decision):
            return Verdict(False, frozenset(), self.all)
        return Verdict(True, names, self.all)

    def lacks_host(self, situation, decision):
        """Return whether no permit holds for want of a proof or a host, where that is not a second person's lack."""
        if decision.reason is Reason.PROOF_TOO_WEAK:
            return True
        is_escorted = Entry(situation).is_escorted(self.roster.people[decision.person])
        needs = all(self.rules[name].escorted for name in decision.rules)
        return decision.reason is Reason.INCORRECT_ACCOMPANIMENT and needs and not is_escorted

    def alone(self, verdict):
        """Return the verdict where nobody who may enter is beside the person."""
        rules = frozenset(name for name in verdict.rules if not self.rules[name].accompanied)
        return Verdict(bool(rules), rules, verdict.among) if verdict.permits else verdict

    def ask(self, cases):
        answers = cedarpy.is_authorized_batch([words for words, *_ in cases], self.text, self.entities)
        for (words, verdict, *tap), answer in zip(cases, answers, strict=True):
            found = answer.diagnostics
            assert found.errors == []
            rules = verdict.among & frozenset(found.id_annotations_by_reason.values())
            assert verdict.permits in {answer.allowed, None}, (tap, words, rules, verdict)
            assert rules == verdict.rules, (tap, words, verdict)

    def open_at(self, at):
        quarter = int(at.timestamp()) // 900
        if quarter not in self.opened:
            self.opened[quarter] = open_schedules(self.policy, at)
        return self.opened[quarter]


@pytest.mark.parametrize("seed", range(SHARDS))
def test_all_three_agree_on_taps_aimed_at_every_rule_of_the_building(seed):
    print("seed", seed)
    site = load(Path(policies.__file__).parent / "km0")
    roster, taps = aim(site.policy, site.building, seed, TAPS_A_SHARD)
    court = Court(site.policy, site.building, roster)
    court.judge(taps)
    assert court.judged_by_cedar >= JUDGED * TAPS_A_SHARD


@pytest.mark.parametrize("part", range(PARTS))
@settings(max_examples=WORLDS_A_PART)
@given(policy=some.policies(), building=some.buildings(), seed=st.integers(0, 2**32))
def test_all_three_agree_on_whatever_a_policy_says(part, policy, building, seed):
    del part  # Hypothesis draws other worlds in each
    roster, taps = aim(policy, building, seed, TAPS_A_WORLD)
    Court(policy, building, roster).judge(taps)
