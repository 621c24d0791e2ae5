"""`totem bench decide`: the report has the contract's shape, and the contestants answer the same questions."""

import json

import pytest

from access.bench.decide import site_and_taps
from access.bench.report import Result, result
from access.bench.rounds import ROUNDS, measure
from access.cli import main
from policies.decision import Effect
from policies.request import NO_VIEW, Direction

YARDSTICKS = ["empty", "dict", "naive", "cedar"]


@pytest.fixture(scope="module")
def day():
    return site_and_taps()


def test_it_prints_one_json_object_of_the_contract_s_shape(capsys):
    assert main(["bench", "decide", "--json", "--seconds", "0.5"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bench"] == "decide"
    assert set(report["results"]) == {"decide", *YARDSTICKS}
    for row in report["results"].values():
        assert set(row) == {"n", "p50_us", "p99_us", "p999_us", "max_us", "per_s"}
        assert 0 < row["p50_us"] <= row["p99_us"] <= row["p999_us"] <= row["max_us"]
    assert set(report["ratios"]) == {f"decide/{name}.p50" for name in YARDSTICKS}
    assert report["ratios"]["decide/empty.p50"] > 1 > report["ratios"]["decide/naive.p50"]
    assert report["config"]["rounds"] >= 5
    assert report["machine"]["cores"] >= 1


def test_the_taps_are_a_mix_as_at_real_doors_and_the_same_in_every_run(day):
    again = site_and_taps()
    assert day.taps == again.taps
    granted = sum(day.engine.decide(tap, NO_VIEW).grants for tap in day.taps)
    assert 0.6 < granted / len(day.taps) < 0.95


def test_people_get_a_table(capsys):
    assert main(["bench", "decide", "--seconds", "0.1"]) == 0
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split()[:4] == ["contestant", "n", "p50", "µs"]
    ratios = [f"decide/{name}.p50" for name in YARDSTICKS]
    *named, config = (row for row in rows if row)
    assert [row.split()[0] for row in named] == ["decide", *YARDSTICKS, *ratios]
    assert config.startswith("size building, policy_version ")


@pytest.mark.parametrize(
    "words", [["decide", "--size", "city"], ["decide", "--seconds", "0"], ["no-such-bench"]]
)
def test_what_is_not_there_is_wrong_use(words, capsys):
    try:
        code: object = main(["bench", *words])
    except SystemExit as refused:
        code = refused.code
    assert code == 2
    assert capsys.readouterr().err


def test_a_result_sums_up_single_calls():
    row = result(range(1_000, 1_001_000, 1_000))  # 1 to 1,000 µs
    assert row == Result(1_000, 501.0, 991.0, 1_000.0, 1_000.0, row.per_s)
    assert row.per_s == pytest.approx(1_998.0, abs=0.1)


def test_every_contestant_gets_every_call_in_every_round_when_there_is_time():
    asked = {"first": 0, "second": 0}

    def contest(name):
        def call(_one, _other):
            asked[name] += 1

        return call

    rows = measure({name: contest(name) for name in asked}, [(1, 2)] * 50, seconds=60)
    assert {name: row.n for name, row in rows.items()} == dict.fromkeys(asked, 50 * ROUNDS)
    assert asked["first"] == asked["second"] == 50 * (ROUNDS + 1)  # the warm-up is not counted


def test_cedar_is_asked_the_same_questions_and_gives_the_same_answers(day):
    from access.bench.cedar import CedarYardstick

    cedar = CedarYardstick(day.site, day.roster, day.taps)
    inwards = [tap for tap in day.taps if day.site.building.readers[tap.reader].direction is Direction.ENTRY]
    for tap in inwards[::25]:
        decision = day.engine.decide(tap, NO_VIEW)
        is_let_in = decision.effect is not Effect.DENY  # Cedar knows no second person
        assert cedar.decide(tap, NO_VIEW) == is_let_in, tap
