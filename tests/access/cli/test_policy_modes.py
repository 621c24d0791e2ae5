"""Doors that are free or locked by schedule: every verb answers for the mode of the asked time, and says so."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = Path(policies.__file__).parent / "km0"
DAY, EVENING = "2026-09-15T10:00", "2026-09-15T20:30"
PEOPLE = [
    {"id": "ada", "type": "corporate", "organisation": "e-nov", "tiers": ["company-e-nov"]},
    {"id": "bob", "type": "coworker", "tiers": ["coworking-flex"]},
]
MODES = """modes = [
    { mode = "free", schedule = "office-hours", first_person_in = %s },
    { mode = "locked", schedule = "weekdays" },
]
"""


@pytest.fixture
def ask(tmp_path, capsys):
    """Return what a verb prints about KM0 with a door that is free in office hours and locked around them."""
    people = [each | {"badges": [{"id": f"{each['id']}-badge", "kind": "desfire"}]} for each in PEOPLE]
    (tmp_path / "people.json").write_text(json.dumps(people))

    def run(verb: str, *words: str, waits: bool = False) -> str:
        site = tmp_path / "site"
        shutil.copytree(KM0, site, dirs_exist_ok=True)
        text = (KM0 / "building.toml").read_text()
        name = 'entry_reader = "e-nov-in"\n'
        assert text.count(name) == 1
        (site / "building.toml").write_text(text.replace(name, name + MODES % str(waits).lower()))
        assert main(["policy", verb, str(site), *words, "--people", str(tmp_path / "people.json")]) == 0
        return str(capsys.readouterr().out)

    return run


@pytest.fixture
def decide(ask, tmp_path):
    def run(at: str, **words: object) -> dict[str, object]:
        tap = {"at": f"{at}:00+02:00", "reader": "e-nov-in", "badge": "bob-badge"}
        (tmp_path / "taps.jsonl").write_text(json.dumps(tap | words))
        answer: dict[str, object] = json.loads(ask("decide", "--taps", str(tmp_path / "taps.jsonl")))
        return answer

    return run


def test_a_tap_is_decided_in_the_mode_of_its_time_unless_its_state_names_another(decide):
    assert decide(DAY)["reason"] == "granted"
    assert decide(EVENING)["reason"] == "denied-deny-all"
    assert decide(DAY, state={"modes": {"e-nov": "normal"}})["reason"] == "denied-zone-no-access-rights"


def test_the_next_grant_is_when_the_schedule_frees_the_door(decide):
    assert decide(EVENING)["next"] == "2026-09-16T07:00:00+02:00"
    assert decide(EVENING, state={"modes": {"e-nov": "locked"}})["next"] is None


def test_explain_tells_the_mode_by_schedule_and_when_it_changes(ask):
    words = ("explain", "--person", "bob", "--reader", "e-nov-in", "--at")
    assert "? mode of the door: free" in ask(*words, DAY)
    told = ask(*words, EVENING)
    assert "? mode of the door: locked" in told
    assert "would open at: 2026-09-16T07:00:00+02:00" in told


def test_who_can_is_everybody_while_the_door_is_free_and_says_why(ask):
    told = ask("who-can", "e-nov", "--at", DAY)
    assert told.startswith("while the door is free (by its schedule)\n")
    assert "ada, bob" in told
    assert ask("who-can", "e-nov", "--at", EVENING) == "while the door is locked (by its schedule)\nnobody\n"
    assert json.loads(ask("who-can", "e-nov", "--at", DAY, "--json"))["mode"] == "free"


def test_who_can_answers_for_the_mode_that_is_asked_for(ask):
    told = ask("who-can", "e-nov", "--at", DAY, "--mode", "normal")
    assert told == "as they are (1): ada\n"


def test_what_can_tells_of_a_door_that_is_free(ask):
    assert "e-nov: while the door is free (by its schedule)" in ask("what-can", "bob", "--at", DAY)
    assert "e-nov" not in ask("what-can", "bob", "--at", EVENING)
    week = ask("what-can", "bob", "--at", DAY, "--week")
    assert "  Wednesday 2026-09-16 07:00 – Wednesday 2026-09-16 20:00" in week[week.index("e-nov\n") :]


def test_a_door_that_waits_for_the_first_person_is_not_free_yet(ask):
    assert ask("who-can", "e-nov", "--at", DAY, waits=True) == "as they are (1): ada\n"
