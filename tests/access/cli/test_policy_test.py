"""`totem policy test` as somebody types it."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = Path(policies.__file__).parent / "km0"


@pytest.fixture
def site(tmp_path):
    """Return a copy of KM0 with one person, one tap and one invariant, and with a text of a file replaced."""

    def copy(*edits: tuple[str, str, str]) -> str:
        for name in ("building.toml", "policy.toml", "calendar.toml"):
            shutil.copy(KM0 / name, tmp_path)
        (tmp_path / "scenarios.toml").write_text("""\
[[person]]
id = "ada"
type = "student"
tiers = ["school-42"]

[[scenario]]
id = "cluster-at-night"
person = "ada"
door = "cluster-42"
now = 2026-09-15T03:00:00
expect = "grant"

[[never]]
id = "no-contractor-at-the-servers"
types = ["contractor"]
spaces = ["server-room"]
""")
        for name, old, new in edits:
            text = (tmp_path / name).read_text()
            assert old in text
            (tmp_path / name).write_text(text.replace(old, new))
        return str(tmp_path)

    return copy


BROKEN = (
    ("scenarios.toml", 'expect = "grant"', 'expect = "deny"'),
    ("policy.toml", '[[forbid]]\nid = "contractors-never-at-servers"\ntypes = ["contractor"]',
     '[[forbid]]\nid = "contractors-never-at-servers"\ntypes = ["visitor"]'),
)  # fmt: skip  # a table


def test_what_is_as_expected_is_counted(site, capsys):
    assert main(["policy", "test", site()]) == 0
    out = capsys.readouterr().out
    assert "rules that determine no scenario: residents-common-ways, " in out
    assert out.endswith("\n1 taps, 1 invariants: no failures\n")


def test_what_is_not_is_told_with_its_place_and_a_tap(site, capsys):
    directory = site(*BROKEN)
    assert main(["policy", "test", directory]) == 1
    first, second, *_, last = capsys.readouterr().out.replace(f"{directory}/", "").splitlines()
    assert first == ("scenarios.toml:6: cluster-at-night: expected deny, got grant (granted by cluster-42)")
    assert second.startswith(
        "scenarios.toml:13: no-contractor-at-the-servers: granted, and must never pass: Server room, "
    )
    assert "contractor, with security, by an authenticated badge: granted (security-rounds)" in second
    assert last == "1 taps, 1 invariants: 2 failures"


def test_it_speaks_french(site, capsys):
    assert main(["policy", "test", "--lang", "fr", site(*BROKEN)]) == 1
    out = capsys.readouterr().out
    assert "accordé, alors que cela ne doit jamais passer: Salle des serveurs, " in out
    assert out.endswith("1 passages, 1 invariants : 2 échecs\n")


def test_json_has_the_tap_that_breaks_an_invariant(site, capsys):
    assert main(["policy", "test", "--json", site(*BROKEN)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["passes"], report["trials"], report["invariants"]) == (False, 1, 1)
    (broken,) = report["broken"]
    assert broken["tap"]["reader"] == "server-room-in"
    assert broken["tap"]["person"]["type"] == "contractor"
    assert broken["outcome"]["effect"] == "grant"


def test_without_scenarios_it_is_wrong_use(tmp_path, site, capsys):
    directory = site()
    (tmp_path / "scenarios.toml").unlink()
    assert main(["policy", "test", directory]) == 2
    assert "scenarios.toml: expected a file" in capsys.readouterr().err


def test_a_rule_that_is_gone_fails_the_scenarios_that_name_it(site, capsys):
    named = ("scenarios.toml", 'expect = "grant"', 'expect = "grant"\nrules = ["cluster-24"]')
    assert main(["policy", "test", site(named)]) == 1
    out = capsys.readouterr().out
    assert "scenarios.toml:6: cluster-at-night: expected rules cluster-24, got rules cluster-42; " in out
    assert "there is no rule cluster-24; did you mean cluster-42?" in out
    assert "1 taps, 1 invariants: 1 failure" in out


def test_a_time_that_no_calendar_reaches_is_told_with_its_line(site, capsys):
    directory = site(("scenarios.toml", "now = 2026-09-15", "now = 0001-01-01"))
    assert main(["policy", "test", directory]) == 1
    assert (
        "scenarios.toml:10: now: scenario cluster-at-night: 0001-01-01T03:00:00 is out of"
        in capsys.readouterr().err
    )


def test_a_wrong_file_is_told_with_its_line(site, capsys):
    directory = site(("scenarios.toml", 'person = "ada"', 'person = "eve"'))
    assert main(["policy", "test", directory]) == 1
    assert "scenarios.toml:8: person: " in capsys.readouterr().err
