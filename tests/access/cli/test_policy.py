"""`totem policy` as somebody types it: what it prints, where, and with which exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from access.cli import main
from tests.access.cli.deciding import ADA, BOB, EVE, KM0, TUESDAY_10

PROGRAM = [sys.executable, "-c", "import sys; from access.cli import main; sys.exit(main())"]


def test_the_shipped_policy_has_no_errors(capsys):
    assert main(["policy", "check", str(KM0)]) == 0
    assert "42 doors" in capsys.readouterr().out


def test_the_command_runs_as_a_program_and_prints_the_version_as_json():
    program = [*PROGRAM, "policy", "check", "--json", str(KM0)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert len(report["version"]) == 12
    assert report["findings"] == []


def test_every_error_of_a_wrong_policy_is_printed_with_its_place_and_the_exit_code_is_1(tmp_path, capsys):
    for name in ("building", "policy", "calendar"):
        text = (KM0 / f"{name}.toml").read_text()
        text = text.replace('spaces = ["cafeteria"]', 'spaces = ["canteen"]')
        text = text.replace("until = 19:30:00 }]", "until = 19:40:00 }]")
        (tmp_path / f"{name}.toml").write_text(text)
    assert main(["policy", "check", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["windows", "spaces"]
    for line in lines:
        path, number = line.split(": ")[0].rsplit(":", 1)
        there = Path(path).read_text().splitlines()[int(number) - 1]
        assert "canteen" in there or "19:40" in there
    assert main(["policy", "check", "--json", str(tmp_path)]) == 1
    report = json.loads(capsys.readouterr().out)
    assert [finding["key"] for finding in report["findings"]] == ["windows", "spaces"]


@pytest.mark.parametrize(
    "words",
    [
        ["check", "/nowhere"],
        ["decide", "/nowhere", "--people", "p", "--taps", "t"],
        ["decide", str(KM0), "--people", "/nowhere", "--taps", "/nowhere"],
    ],
)
def test_a_path_that_does_not_exist_is_wrong_use(words, capsys):
    assert main(["policy", *words]) == 2
    assert "expected a" in capsys.readouterr().err


def test_names_that_the_site_does_not_have_are_told_and_are_no_error(tmp_path, capsys):
    people = [
        ADA | {"tiers": ["school-cnan"], "organisation": "e-nvo", "host": "zoe"},
        BOB | {"tiers": ["school-cnan"], "organisation": "cnam", "certifications": {"lasre": None}},
        EVE
        | {"organisation": "uha", "grants": [{"from": TUESDAY_10, "until": TUESDAY_10, "spaces": ["attic"]}]},
    ]
    (tmp_path / "people.json").write_text(json.dumps(people))
    (tmp_path / "taps.jsonl").write_text("")
    words = ["--people", str(tmp_path / "people.json"), "--taps", str(tmp_path / "taps.jsonl")]
    assert main(["policy", "decide", str(KM0), *words]) == 0
    assert capsys.readouterr().err.replace(f"{tmp_path}/", "").splitlines() == [
        "people.json: person ada: tiers: policy.toml has no tier school-cnan; did you mean school-cnam? (and 1 more)",
        "people.json: person ada: organisation: policy.toml has no organisation e-nvo; did you mean e-nov?",
        "people.json: person ada: host: the file has no person zoe",
        "people.json: person bob: certifications: policy.toml has no certification lasre; did you mean laser?",
        "people.json: person eve: grants: building.toml has no space attic",
        "people.json: organisation: policy.toml has none of cnam, uha: no rule is about them",
    ]


def test_a_reader_who_leaves_early_is_no_fault():
    unread, written = os.pipe()
    os.close(unread)
    command = [*PROGRAM, "policy", "export-cedar", str(KM0)]
    ended = subprocess.run(command, stdout=written, stderr=subprocess.PIPE, check=False)
    os.close(written)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_full_disk_or_a_closed_stdout_is_told_in_a_line():
    for place, said in ((">/dev/full", b"stdout: No space left on device"), (">&-", b"stdout is closed")):
        command = ["sh", "-c", f'"$0" "$@" {place}', *PROGRAM, "policy", "schema", "policy"]
        ended = subprocess.run(command, stderr=subprocess.PIPE, check=False)
        assert ended.returncode == 1
        assert said in ended.stderr
        assert ended.stderr.count(b"\n") == 1


def test_a_policy_without_rules_is_told_and_is_no_error(tmp_path, capsys):
    for name in ("building", "calendar"):
        (tmp_path / f"{name}.toml").write_text((KM0 / f"{name}.toml").read_text())
    (tmp_path / "policy.toml").write_text("")
    assert main(["policy", "check", str(tmp_path)]) == 0
    assert "policy.toml: warning: there is no rule" in capsys.readouterr().err
