"""Each theorem and oracle can fail: an engine that is broken in the way it speaks of does not come through it."""

import inspect

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from policies.policy import RuleEffect
from tests.policies import broken, test_engine, test_theorems
from tests.policies import strategies as some

pytestmark = pytest.mark.xdist_group("broken")  # what its fixture draws serves them all, within one worker
FAILURES = AssertionError, pytest.fail.Exception
BREAKS = {
    test_theorems.test_adding_a_forbid_never_opens_a_door: broken.OpensByEvenNumbers,
    test_theorems.test_dropping_a_permit_never_opens_a_door: broken.OpensByEvenNumbers,
    test_theorems.test_the_order_of_rules_never_matters: broken.LosesTheLastRule,
    test_theorems.test_a_rule_that_cannot_be_evaluated_denies_whom_it_is_about: broken.OpensWhenInDoubt,
    test_theorems.test_what_is_lost_from_a_policy_never_opens_a_door: broken.OpensWhenInDoubt,
    test_theorems.test_two_engines_of_one_policy_decide_alike_whatever_each_was_asked_before: broken.OpensOnce,
    test_theorems.test_a_decision_is_decided_again_from_what_is_written_down_of_it: broken.LosesTheLastRule,
    test_theorems.test_an_event_keeps_enough_to_decide_a_tap_of_somebody_alone_again: broken.LooksAtOtherDoors,
    test_engine.test_the_engine_decides_what_the_interpreter_does: broken.LosesTheLastRule,
    test_engine.test_the_engine_decides_an_everyday_tap_as_the_interpreter_does: broken.ForgetsForbidsOnTheShortWay,
    test_engine.test_people_and_badges_put_in_later_count_like_those_there_from_the_start: broken.NeverLearns,
    test_engine.test_whoever_comes_changes_hands_and_goes_counts_as_they_last_were: broken.LeavesCardsAsTheyWere,
    test_engine.test_the_same_question_has_the_same_answer_whatever_was_asked_between: broken.OpensOnce,
    test_engine.test_a_forbid_trumps_every_permit: broken.ForgetsForbids,
    test_engine.test_nothing_opens_without_a_permit_a_grant_or_a_free_door: broken.OpenHouse,
    test_engine.test_an_exit_of_a_known_badge_is_always_granted: broken.AsksWhoLeaves,
    test_engine.test_an_exit_is_flagged_where_the_rights_would_refuse_inwards: broken.FlagsNobody,
    test_engine.test_a_restricted_space_is_entered_only_by_what_names_it_or_its_door: broken.RestrictsNothing,
    test_engine.test_a_weaker_proof_never_opens_more: broken.TakesWeakForStrong,
    test_engine.test_an_unknown_badge_is_refused_on_both_sides_and_names_nobody: broken.TakesStrangersForSomebody,
    test_engine.test_a_reader_that_does_not_exist_is_a_fault_and_no_decision: broken.AnswersForNoReader,
}
DRAWN = st.fixed_dictionaries(
    {
        "world": some.worlds(),
        "drawn": some.rules(),
        "newer": some.rosters(),
        "seed": st.integers(0, 99),
        "order": some.orders(),
        "effect": st.sampled_from(RuleEffect),
        "named": st.sampled_from(some.SCHEDULES),
    }
)


@pytest.fixture(scope="module")
def examples():
    """Return what theorems are tried on: drawn once for all of them, as drawing takes longest.

    From several seeds, as one run stays near what it drew first.
    """
    found = []

    def draw(example):
        found.append(example)

    for number in range(8):
        few = settings(max_examples=10, database=None, phases=[Phase.generate], deadline=None)
        seed(number)(few(given(DRAWN)(draw)))()
    return found


@pytest.mark.parametrize("theorem", BREAKS, ids=lambda theorem: theorem.__name__.removeprefix("test_"))
def test_a_broken_engine_does_not_come_through(theorem, examples, monkeypatch):
    inner = theorem.hypothesis.inner_test
    monkeypatch.setitem(inner.__globals__, "Engine", BREAKS[theorem])
    names = inspect.signature(inner).parameters

    def fails(example):
        try:
            inner(**{name: example[name] for name in names})
        except FAILURES:
            return True
        return False

    assert any(map(fails, examples))


def test_every_theorem_has_an_engine_that_breaks_it():
    theorems = {
        each
        for module in (test_engine, test_theorems)
        for name, each in vars(module).items()
        if name.startswith("test_") and hasattr(each, "hypothesis")
    }
    assert theorems == set(BREAKS)
