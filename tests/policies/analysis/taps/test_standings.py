"""Standings: whoever the rules can tell apart at a door is there, whatever they hold."""

from itertools import chain, combinations, product

from hypothesis import given, settings

from policies.analysis.taps.standings import FLAGS, Standings
from policies.conditions import concerns
from policies.ids import PersonId
from policies.policy import RuleEffect
from policies.roster import Person, ResidentType
from tests.policies import strategies as some
from tests.policies.strategies import ORGANISATIONS, TIERS


def everybody():
    held = chain.from_iterable(combinations(TIERS, size) for size in range(len(TIERS) + 1))
    for of, within, tiers in product(ResidentType, (None, *ORGANISATIONS), held):
        yield Person(PersonId("p"), of, within, tiers)


def about(policy, person):
    return {rule.id for rule in policy.rules if concerns(rule, person, policy)}


@settings(max_examples=25)
@given(some.policies())
def test_one_rule_of_each_effect_that_bears_on_somebody_bears_on_a_witness_without_more(policy):
    kinds = Standings([policy]).kinds((1 << len(policy.rules)) - 1)
    witnesses = [about(policy, kind.groups[0].witness(PersonId("w"))) for kind in kinds]
    permits = {rule.id for rule in policy.rules if rule.effect is RuleEffect.PERMIT}
    for person in everybody():
        theirs = about(policy, person)
        for permit, forbid in product([*theirs & permits, None], [*theirs - permits, None]):
            asked = {rule for rule in (permit, forbid) if rule}
            assert any(asked <= rules <= theirs for rules in witnesses), (person, asked)


@settings(max_examples=25)
@given(some.policies())
def test_every_group_of_a_kind_has_the_rules_and_flags_of_the_kind(policy):
    for kind in Standings([policy]).kinds((1 << len(policy.rules)) - 1):
        for group in kind.groups:
            for of, within, tiers in product(group.types, group.organisations, group.tiers):
                person = Person(PersonId("p"), of, within, tiers)
                expected = about(policy, person)
                assert {rule.id for n, rule in enumerate(policy.rules) if kind.about >> n & 1} == expected
                held = [policy.tiers[tier] for tier in policy.held(tiers) if tier in policy.tiers]
                flags = kind.about >> len(policy.rules)
                assert [bool(flags >> n & 1) for n in range(len(FLAGS))] == [
                    any(getattr(tier, flag) for tier in held) for flag in FLAGS
                ]
