"""`totem policy explain | who-can | what-can` from files: readable, in both languages, and exact as JSON."""

import json
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = str(Path(policies.__file__).parent / "km0")
PEOPLE = [
    {
        "id": "ada",
        "type": "corporate",
        "organisation": "e-nov",
        "tiers": ["company-e-nov"],
        "badges": [{"id": "a1", "kind": "desfire"}],
    },
    {
        "id": "eve",
        "type": "visitor",
        "tiers": ["visitor-day"],
        "host": "ada",
        "badges": [{"id": "e0", "kind": "desfire", "status": "lost"}, {"id": "e1", "kind": "desfire"}],
    },
    {
        "id": "gil",
        "type": "contractor",
        "tiers": ["company-e-nov"],
        "valid_until": "9999-12-31T23:59:59-12:00",
        "badges": [{"id": "g1", "kind": "desfire"}],
    },
    {
        "id": "dan",
        "type": "maker",
        "tiers": ["fablab-member"],
        "certifications": {"laser": None},
        "badges": [{"id": "d1", "kind": "uid"}],
    },
    {
        "id": "sol",
        "type": "startup",
        "tiers": ["module-tenant"],
        "certifications": {"wood": None},
        "badges": [{"id": "s1", "kind": "desfire"}],
    },
]


@pytest.fixture
def ask(tmp_path, capsys):
    """Return what a verb prints about the people above, after checking its exit code."""
    (tmp_path / "people.json").write_text(json.dumps(PEOPLE))

    def run(verb: str, *words: str, code: int = 0) -> str:
        given: int = main(["policy", verb, KM0, *words, "--people", str(tmp_path / "people.json")])
        out, err = capsys.readouterr()
        assert given == code, err
        return str(out if code == 0 else err)

    return run


def test_a_refusal_out_of_hours_tells_the_rule_the_schedule_and_the_next_time(ask):
    told = ask("explain", "--person", "ada", "--reader", "e-nov-in", "--at", "2026-09-15T23:00")
    assert told.startswith(
        "refused: denied-out-of-time-range. Not at this hour. You may enter from 06:00 tomorrow."
    )
    assert "would open at: 2026-09-16T06:00:00+02:00" in told
    rule = told[told.index("✗ e-nov (permit)") :].splitlines()[:4]
    assert rule[1:3] == ["      ✓ tier: company-e-nov", "      ✓ place: e-nov"]
    assert rule[3].startswith("      ✗ schedule: wanted weekdays, given 2026-09-15T23:00")


def test_what_is_not_given_may_be_and_what_is_given_is_or_is_not(ask):
    words = ("--person", "eve", "--reader", "e-nov-in", "--at", "2026-09-15T10:00")
    assert "? host: ada" in ask("explain", *words)
    assert "✗ host: wanted ada, given nothing" in ask("explain", *words, "--with")
    assert "✓ host: ada" in ask("explain", *words, "--with", "ada")
    assert "✓ host: ada" in ask("explain", *words, "--with", "ada", "--with", "sol")
    elsewhere = ("--person", "eve", "--reader", "credit-agricole-in", "--at", "2026-09-15T10:00")
    for company in ((), ("--with", "ada")):
        told = ask("explain", *elsewhere, *company)
        assert "✗ host: ada, who cannot bring anybody in here" in told
    french = ask("explain", *words, "--lang", "fr")
    assert french.startswith("refusé : denied-no-accompaniment. Il vous faut un accompagnant.")
    assert "avec votre hôte" in french


def test_near_misses_are_ways_that_open(ask):
    words = ("--badge", "d1", "--reader", "laser-room-in", "--at", "2026-09-15T18:00", "--json")
    told = json.loads(ask("explain", *words))
    ways = [{need["kind"]: need.get("what") for need in miss["needs"]} for miss in told["near"]]
    assert {"proof": "sun", "second-person": None} in ways
    assert told["decision"]["reason"] == "denied-proof-too-weak"
    assert told["next"] is None


def test_a_live_state_is_believed(ask):
    state = json.dumps({"modes": {"e-nov": "lockdown"}})
    words = ("--person", "ada", "--reader", "e-nov-in", "--at", "2026-09-15T10:00", "--state", state)
    assert ask("explain", *words).startswith("refused: denied-threat-level")


def test_a_state_with_a_key_twice_is_wrong_use(ask):
    words = ("--person", "ada", "--reader", "e-nov-in", "--state", '{"modes": {}, "modes": {}}')
    assert "--state: modes: the key is there twice" in ask("explain", *words, code=2)


def test_who_can_enter_is_told_with_what_is_still_needed(ask):
    told = ask("who-can", "e-nov", "--at", "2026-09-15T10:00")
    assert told.splitlines() == ["as they are (2): ada, gil", "with their host (1): eve"]
    french = ask("who-can", "e-nov", "--at", "2026-09-15T10:00", "--lang", "fr").splitlines()
    assert french[1] == "avec son hôte (1) : eve"
    assert ask("who-can", "e-nov", "--at", "2026-09-15T03:00", "--lang", "fr") == "personne\n"
    found = json.loads(ask("who-can", "e-nov", "--at", "2026-09-15T10:00", "--json"))
    assert [group["people"] for group in found["groups"]] == [["ada", "gil"], ["eve"]]


def test_what_somebody_can_enter_is_told_now_and_over_a_week(ask):
    now = ask("what-can", "eve", "--at", "2026-09-15T10:00").splitlines()
    assert "agora" in now
    assert "e-nov: with their host" in now
    week = ask("what-can", "ada", "--week", "--at", "2026-09-15T10:00").splitlines()
    first = week.index("e-nov") + 1
    assert week[first : first + 2] == [
        "  Tuesday 2026-09-15 10:00 – Tuesday 2026-09-15 22:00",
        "  Wednesday 2026-09-16 06:00 – Wednesday 2026-09-16 22:00",
    ]


def test_a_right_to_a_room_that_somebody_does_not_get_to_is_told(ask):
    alone = ask("what-can", "gil", "--at", "2026-09-15T10:00").splitlines()
    assert "e-nov" in alone
    assert alone[-1] == "but no way opens as far as: e-nov"
    week = json.loads(ask("what-can", "gil", "--week", "--at", "2026-09-15T10:00", "--json"))
    assert week["cut_off"] == ["e-nov"]
    assert "no way" not in ask("what-can", "ada", "--at", "2026-09-15T10:00")


def test_a_door_that_is_free_by_schedule_is_a_way_at_those_hours_alone(ask):
    at_the_lesson = ask("what-can", "sol", "--at", "2026-09-16T15:00").splitlines()
    assert "wood-shop" in at_the_lesson
    assert "no way" not in at_the_lesson[-1]
    evening = ask("what-can", "sol", "--at", "2026-09-15T20:30").splitlines()
    assert "wood-shop" in evening
    assert evening[-1] == "but no way opens as far as: wood-shop"
    assert (
        "wood-shop"
        not in json.loads(ask("what-can", "sol", "--week", "--at", "2026-09-15T20:30", "--json"))["cut_off"]
    )


@pytest.mark.parametrize(
    ("verb", "words", "said"),
    [
        ("explain", ("--person", "zoe", "--reader", "agora-in"), "zoe"),
        ("explain", ("--badge", "a1", "--reader", "agora-in", "--with", "zoe"), "--with zoe: nobody"),
        ("explain", ("--badge", "a1", "--reader", "agora"), "there is no such reader"),
        ("explain", ("--badge", "a1", "--reader", "agora"), "; the door has agora-in, agora-out"),
        ("explain", ("--badge", "a1", "--reader", "agora_in"), "; did you mean agora-in?"),
        ("explain", ("--badge", "a1", "--reader", "agora-in", "--at", "noon"), "expected a time such as"),
        ("explain", ("--badge", "a1", "--reader", "agora-in", "--state", "{"), "--state: "),
        ("explain", ("--badge", "a1", "--reader", "agora-in", "--state", '{"counts": {"x": 1}}'), "space x"),
        (
            "who-can",
            ("e-nov", "--at", "2026-09-15"),
            "a day without an hour; expected a time such as 2026-09-15T22:30",
        ),
        (
            "who-can",
            ("e-nov", "--at", "9999-12-31T23:59"),
            "is out of reach; expected a year from 1970 to 2100",
        ),
        ("what-can", ("ada", "--week", "--at", "0001-01-01T00:00+14:00"), "is out of reach"),
        ("who-can", ("attic",), "there is no such door"),
        ("who-can", ("enov",), "; did you mean e-nov?"),
        ("what-can", ("zoe",), "nobody has this id"),
    ],
)
def test_what_does_not_exist_is_wrong_use(ask, verb, words, said):
    assert said in ask(verb, *words, code=2)
