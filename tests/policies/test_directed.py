"""The taps that the oracles judge are aimed well: each rule of KM0 is hit, and missed by each condition alone."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import policies
from policies.decision import Reason
from policies.engine import Engine
from policies.loader import load
from policies.policy import RuleEffect
from policies.request import Assurance
from policies.schedule import is_open, quarters
from tests.policies.broken import ForgetsForbidsOnTheShortWay
from tests.policies.directed import aim

KM0 = load(Path(policies.__file__).parent / "km0")
SEED, TAPS = 0, 30_000


def outcomes(rule, is_ever_shut):
    """Return what a rule must be seen to lead to: it holds, and each condition of a permit is all that is missing."""
    if rule.effect is RuleEffect.FORBID:
        return [Reason.FORBIDDEN]
    missing = {
        Reason.OUT_OF_TIME_RANGE: is_ever_shut,
        Reason.NOT_CERTIFIED: bool(rule.certifications),
        Reason.PROOF_TOO_WEAK: rule.assurance > Assurance.UID,
        Reason.NO_ACCOMPANIMENT: rule.escorted,
        Reason.AUTHORIZATION_DELAYED: rule.accompanied,
    }
    return [Reason.GRANTED, *(reason for reason, is_asked in missing.items() if is_asked)]


def test_every_rule_is_hit_and_missed_by_each_of_its_conditions_alone():
    policy, calendar = KM0.policy, KM0.policy.calendar
    roster, taps = aim(policy, KM0.building, SEED, TAPS)
    engine = Engine(policy, KM0.building, roster)
    seen: Counter = Counter()
    for tap in taps:
        decision = engine.decide(*tap)
        seen.update((rule, decision.reason) for rule in decision.rules)
    week = list(quarters(taps[0][0].at, timedelta(days=7)))
    shut = {
        name for name, each in policy.schedules.items() if not all(is_open(each, calendar, at) for at in week)
    }
    expected = [
        (rule.id, reason) for rule in policy.rules for reason in outcomes(rule, rule.schedule in shut)
    ]
    assert [each for each in expected if not seen[each]] == []


def test_taps_take_the_short_way_too_so_that_a_forbid_left_out_there_shows():
    roster, taps = aim(KM0.policy, KM0.building, SEED, TAPS // 5)
    engine, hasty = (
        judge(KM0.policy, KM0.building, roster) for judge in (Engine, ForgetsForbidsOnTheShortWay)
    )
    differing = sum(engine.decide(*tap) != hasty.decide(*tap) for tap in taps)
    print("taps that show it", differing)
    assert differing > 0


def test_the_same_seed_aims_the_same_taps_and_another_seed_others():
    one, again, other = (aim(KM0.policy, KM0.building, seed, 200) for seed in (1, 1, 2))
    assert one == again
    assert one.taps != other.taps
