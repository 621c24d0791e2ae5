"""Wrong policies made of KM0's, one slip each: what a slip changes at the doors, scenarios and invariants notice.

A mutant that the scenarios do not notice is compared with the right policy over the whole request space, so that none
passes for harmless; what makes a difference the invariants must notice, or what is said of the next grant.
`make test` takes one mutant in four, `make soak` all.
"""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

import policies
from policies.analysis.scenarios import load_scenarios, run_tests
from policies.loader import load
from policies.scenarios import Scenarios, Trial
from tests.policies.mutants.difference import Degree, Difference, difference
from tests.policies.mutants.places import wrong_places, wrong_tiers
from tests.policies.mutants.rules import wrong_rules
from tests.policies.mutants.sites import Mutant
from tests.policies.mutants.times import wrong_times
from tests.soak import soaked


def at_once(trial: Trial) -> Trial:
    """Leave out when the tap would be granted: that is a search through days."""
    return msgspec.structs.replace(
        trial, expected=msgspec.structs.replace(trial.expected, next=None, never=False)
    )


DIRECTORY = Path(policies.__file__).parent / "km0"
KM0 = load(DIRECTORY)
EXPECTED = load_scenarios(DIRECTORY, KM0)
TAPS = msgspec.structs.replace(EXPECTED, trials=tuple(map(at_once, EXPECTED.trials)), invariants=())
"""What is asked first, as it takes least and most slips fail it."""

MUTANTS = (*wrong_rules(KM0), *wrong_times(KM0), *wrong_tiers(KM0), *wrong_places(KM0))
SHARDS, STEP = 8, soaked(4, 1)


def by_name(name: str) -> Mutant:
    return next(mutant for mutant in MUTANTS if mutant.name == name)


def noticed(mutant: Mutant, scenarios: Scenarios) -> bool:
    return not run_tests(mutant.site, scenarios).passes


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_slip_that_changes_a_decision_is_noticed(shard):
    counts: Counter[str] = Counter()
    unnoticed: list[tuple[str, Difference]] = []
    for mutant in MUTANTS[::STEP][shard::SHARDS]:
        if noticed(mutant, TAPS):
            counts["noticed"] += 1
            continue
        found = difference(KM0, mutant.site)
        if found.degree < Degree.REASON:
            counts[f"changes {found.degree.name.lower()}"] += 1
        elif noticed(mutant, EXPECTED):
            counts["noticed"] += 1
        else:
            unnoticed.append((mutant.name, found))
    print("shard", shard, dict(counts))
    assert unnoticed == []
    assert counts["noticed"] >= 150 / SHARDS


def test_each_slip_is_another_one():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.site != KM0 for mutant in MUTANTS)


@pytest.mark.parametrize(
    ("name", "degree"),
    [
        ("residents-common-ways: dropped", Degree.EFFECT),
        ("no-visitors-at-night: made permit", Degree.EFFECT),
        ("nights: on_holidays flipped", Degree.EFFECT),
        ("contractors-by-day: spaces without agora", Degree.EFFECT),
        ("wood-trained: tiers with security", Degree.RULES),
        ("cluster-42: at any hour", Degree.NONE),
        ("lab-hours: window 2 on TUE too", Degree.NONE),
    ],
)
def test_what_a_slip_changes_is_told_from_what_it_does_not(name, degree):
    found = difference(KM0, by_name(name).site)
    assert found.degree is degree
    assert (found.tap is None) is (degree is Degree.NONE)


def test_a_slip_that_no_scenario_shows_is_not_noticed():
    mutant = by_name("fablab-days: window 1 not on THU")
    assert noticed(mutant, TAPS)
    fewer = tuple(each for each in TAPS.trials if not each.name.startswith("week-by-day"))
    assert not noticed(mutant, msgspec.structs.replace(TAPS, trials=fewer))
