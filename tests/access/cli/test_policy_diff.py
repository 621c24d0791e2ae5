"""`totem policy diff`: what an edit changes is told line by line, in both languages and as JSON; nothing else is."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = Path(policies.__file__).parent / "km0"
AT = ["--at", "2026-09-14T00:00"]


@pytest.fixture
def edited(tmp_path):
    shutil.copytree(KM0, tmp_path / "edited")
    file = tmp_path / "edited" / "policy.toml"
    text = file.read_text()
    old, new = (
        'tiers = ["school-epitech", "school-uha40", "school-42"]',
        'tiers = ["school-uha40", "school-42"]',
    )
    assert old in text
    file.write_text(text.replace(old, new))
    return str(file.parent)


def test_two_sites_that_are_alike_differ_in_nothing(capsys):
    assert main(["policy", "diff", str(KM0), str(KM0)]) == 0
    assert capsys.readouterr().out == "nothing changes for anybody\n"
    assert main(["policy", "diff", str(KM0), str(KM0), "--lang", "fr"]) == 0
    assert capsys.readouterr().out == "rien ne change pour personne\n"


def test_who_loses_a_door_is_told_with_the_hours_and_a_tap_to_try(edited, capsys):
    assert main(["policy", "diff", str(KM0), edited, *AT]) == 1
    *summary, told, example = capsys.readouterr().out.splitlines()
    assert summary == ["1 difference at 1 door: 1 loss, 0 gains", "  - 1 door, by schools-fablab"]
    who, where, when = told.split(" | ")
    assert who == "- may no longer enter: everybody but makers, with school-epitech"
    assert (where, when) == (
        "FabLab",
        "Monday to Friday 09:00–18:00 (otherwise on 13 days a year, such as holidays)",
    )
    assert "FabLab, Monday 2026-09-14 09:00, start-up, with school-epitech" in example
    assert example.endswith(": granted (schools-fablab) → refused (denied-zone-no-access-rights)")


NIGHTLY = """
[[forbid]]
id = "nobody-at-night"
types = ["startup", "student"]
spaces = ["fonderie"]
schedule = "nights"
"""


@pytest.fixture
def broad(tmp_path):
    """Return KM0 with a forbid that concerns many people at most doors."""
    shutil.copytree(KM0, tmp_path / "broad")
    file = tmp_path / "broad" / "policy.toml"
    file.write_text(file.read_text() + NIGHTLY)
    return str(file.parent)


def test_many_differences_are_summed_up_and_the_plainest_told(broad, capsys):
    assert main(["policy", "diff", str(KM0), broad, *AT]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(" differences at 34 doors: 49 losses, 0 gains")
    assert lines[1] == "  - 34 doors, by nobody-at-night"
    assert lines[2].startswith("- may no longer enter: start-ups and students | Main entrance B23, ")
    assert lines[-1] == "… (--all tells everything)"
    assert len(lines) < 30
    assert main(["policy", "diff", str(KM0), broad, *AT, "--all"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2 + 2 * 49


def test_differences_are_told_of_the_people_that_are_asked_about(broad, tmp_path, capsys):
    people = [
        {"id": "ada", "type": "student", "tiers": ["school-42"]},
        {"id": "bob", "type": "coworker", "tiers": ["coworking-flex"]},
    ]
    (tmp_path / "people.json").write_text(json.dumps(people))
    words = [str(KM0), broad, *AT, "--people", str(tmp_path / "people.json")]
    assert main(["policy", "diff", *words, "--lang", "fr"]) == 1
    out = capsys.readouterr().out
    assert "− ne peuvent plus entrer : start-up et étudiants, avec school-42 ou " in out
    assert "\n    1: ada\n" in out
    assert "bob" not in out
    assert main(["policy", "diff", *words, "--all"]) == 1
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith(f"{sum(line.startswith('- may no') for line in lines)} differences at ")
    (tmp_path / "people.json").write_text(json.dumps(people[1:]))
    assert main(["policy", "diff", *words]) == 1
    assert capsys.readouterr().out == (
        "0 differences at 0 doors: 0 losses, 0 gains\nnobody in the file is concerned\n"
    )


CLOSURE = """
[[closure]]
id = "lift-works"
from = 2026-10-05T00:00:00
until = 2026-10-06T00:00:00
"""


def with_calendar(directory: Path, old: str, new: str, more: str = "") -> str:
    shutil.copytree(KM0, directory)
    file = directory / "calendar.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1) + more)
    return str(directory)


def test_a_closure_is_named_and_not_the_permits_that_it_cuts(tmp_path, capsys):
    shut = with_calendar(tmp_path / "shut", "", "", CLOSURE)
    assert main(["policy", "diff", str(KM0), shut, *AT]) == 1
    _, cause, *told = capsys.readouterr().out.splitlines()
    assert cause.endswith(" doors, by the closure lift-works")
    assert told[0].startswith("- may no longer enter: ")
    assert "once, on 2026-10-05" in told[0]
    assert main(["policy", "diff", shut, str(KM0), *AT, "--lang", "fr"]) == 1
    assert capsys.readouterr().out.splitlines()[1].endswith(" portes, par la fermeture lift-works")


def test_a_day_that_is_past_is_told_as_once(tmp_path, capsys):
    shut = with_calendar(tmp_path / "shut", "", "", CLOSURE)
    assert main(["policy", "diff", str(KM0), shut, "--at", "2026-12-20T00:00", "--all"]) == 1
    out = capsys.readouterr().out
    assert "once, on 2026-10-05" in out
    assert "0 day" not in out


def test_a_schedule_that_changed_is_named_and_not_its_permits(tmp_path, capsys):
    lessons = 'id = "uha40-lessons"\nwindows = [{ days = ["mon-fri"], from = 07:30:00'
    later = with_calendar(tmp_path / "later", lessons, lessons.replace("07:30", "08:30"))
    assert main(["policy", "diff", str(KM0), later, *AT]) == 1
    assert "by the schedule uha40-lessons" in capsys.readouterr().out.splitlines()[1]


def test_json_has_who_where_when_and_the_tap(edited, capsys):
    assert main(["policy", "diff", edited, str(KM0), *AT, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    turns = [each["turn"] for each in answer["differences"]]
    losses, doors = turns.count("loses"), {door for each in answer["differences"] for door in each["doors"]}
    counted = {"losses": losses, "gains": len(turns) - losses, "differences": len(turns), "doors": len(doors)}
    assert answer["summary"] == counted
    (found,) = answer["differences"]
    assert answer["timetables"] == []
    assert (found["turn"], found["doors"]) == ("gains", ["fablab"])
    (who,) = found["who"]
    assert who["tiers"] == [["school-epitech"]]
    assert "maker" not in who["types"]
    assert found["when"]["usual"] == [
        {"days": ["mon", "tue", "wed", "thu", "fri"], "hours": [{"from": "09:00", "until": "18:00"}]}
    ]
    assert (found["old"]["effect"], found["new"]["rules"]) == ("deny", ["schools-fablab"])


def test_a_new_policy_that_does_not_load_is_refused_with_every_finding(edited, capsys):
    file = Path(edited) / "policy.toml"
    file.write_text(file.read_text() + '\n[[permit]]\nid = "x"\nspaces = ["nowhere"]\n')
    assert main(["policy", "diff", str(KM0), edited]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "policy.toml:" in captured.err
    assert "nowhere" in captured.err
