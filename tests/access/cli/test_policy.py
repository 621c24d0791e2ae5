"""`totem policy` as somebody types it: what it prints, where, and with which exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = Path(policies.__file__).parent / "km0"
ADA = {"id": "ada", "type": "student", "tiers": ["school-cnam"], "badges": [{"id": "04a1", "kind": "uid"}]}
BOB = {
    "id": "bob",
    "type": "visitor",
    "tiers": ["visitor-day"],
    "badges": [{"id": "04b1", "kind": "desfire"}],
}
EVE = {"id": "eve", "type": "emergency", "tiers": ["emergency"], "badges": [{"id": "04e1"}]}
PROGRAM = [sys.executable, "-c", "import sys; from access.cli import main; sys.exit(main())"]
TUESDAY_10 = "2026-09-15T10:00:00+02:00"


def tap(reader: str, badge: str = "04a1", at: str = TUESDAY_10, **more: object) -> dict[str, object]:
    return {"at": at, "reader": reader, "badge": badge, "assurance": "uid", **more}


@pytest.fixture
def decide(tmp_path, capsys):
    """Decide `taps` for `people` in KM0; return the decisions."""

    def run(people: list[object], taps: list[dict[str, object]], site: Path = KM0) -> list[dict[str, object]]:
        (tmp_path / "people.json").write_text(json.dumps(people))
        (tmp_path / "taps.jsonl").write_text("".join(json.dumps(each) + "\n" for each in taps))
        words = ["--people", str(tmp_path / "people.json"), "--taps", str(tmp_path / "taps.jsonl")]
        assert main(["policy", "decide", str(site), *words]) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def complaint(tmp_path, capsys):
    """Decide from the texts of a wrong people or taps file; return what is said about it, without the directory."""

    def run(people: str = "[]", taps: str = "") -> str:
        (tmp_path / "people.json").write_text(people)
        (tmp_path / "taps.jsonl").write_text(taps)
        words = ["--people", str(tmp_path / "people.json"), "--taps", str(tmp_path / "taps.jsonl")]
        assert main(["policy", "decide", str(KM0), *words]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        return str(err).replace(f"{tmp_path}/", "")

    return run


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


def test_a_decision_a_tap_comes_out_in_the_same_order(decide):
    first, second, third = decide([ADA], [tap("main-b23-in"), tap("armadeus-in"), tap("cnam-1-in", "0000")])
    assert first == {
        "effect": "grant",
        "reason": "granted",
        "rules": ["residents-common-ways", "restaurant", "cnam"],
        "person": "ada",
        "door": "main-b23",
        "space": "b23-0-hall",
        "message": {"fr": "Passez.", "en": "Go ahead."},
        "next": None,
        "flags": [],
    }
    assert (second["effect"], second["reason"]) == ("deny", "denied-zone-no-access-rights")
    assert (third["reason"], third["person"], third["door"]) == ("denied-unknown-credential", None, "cnam-1")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-09-15T23:30:00+02:00", "2026-09-16T06:00:00+02:00"),
        ("2026-09-19T20:00:00+02:00", "2026-09-21T06:00:00+02:00"),  # Saturday night: the next is Monday
        (
            "2026-12-24T23:30:00+01:00",
            "2026-12-28T06:00:00+01:00",
        ),  # Christmas, 26 December and a Sunday follow
    ],
)
def test_next_is_when_the_same_tap_opens_again(decide, at, expected):
    (decision,) = decide([ADA], [tap("main-b23-in", at=at)])
    assert decision["reason"] == "denied-out-of-time-range"
    assert decision["next"] == expected


def test_next_is_the_very_moment_that_a_badge_a_person_or_a_grant_begins(decide):
    later = {**ADA, "badges": [{"id": "04a1", "valid_from": "2026-09-15T11:07:30+02:00"}]}
    newcomer = {**BOB, "badges": [{"id": "04b1"}], "valid_from": "2026-09-16T10:10:00+02:00"}
    times = {"from": "2026-09-15T12:05:00+02:00", "until": "2026-09-15T13:00:00+02:00"}
    guest = {
        "id": "gil",
        "type": "visitor",
        "badges": [{"id": "0401"}],
        "grants": [{"doors": ["agora"], **times}],
    }
    taps = [tap("main-b23-in"), tap("agora-in", "04b1"), tap("agora-in", "0401"), tap("link-in", "0401")]
    assert [line["next"] for line in decide([later, newcomer, guest], taps)] == [
        "2026-09-15T11:07:30+02:00",
        "2026-09-16T10:10:00+02:00",
        "2026-09-15T12:05:00+02:00",
        None,
    ]


def test_next_is_null_where_more_than_time_refuses(decide):
    suspended = {**ADA, "suspended": True}
    expired = {**BOB, "badges": [{"id": "04b1", "valid_until": "2026-09-01T00:00:00Z"}]}
    taps = [tap("main-b23-in"), tap("agora-in", "04b1"), tap("agora-in", "0000")]
    assert [line["next"] for line in decide([suspended, expired], taps)] == [None, None, None]


def test_presence_is_folded_from_the_grants_of_the_taps_before(decide):
    people = [
        {"id": f"p{n}", "type": "startup", "tiers": ["module-tenant"], "badges": [{"id": f"b{n}"}]}
        for n in range(31)
    ]
    taps = [tap("seminar-a-in", f"b{n}") for n in range(31)]
    *entered, refused = decide(people, taps)
    assert {line["reason"] for line in entered} == {"granted"}
    assert refused["reason"] == "denied-upper-occupancy-limit"
    assert refused["next"] is None
    *_, gone, now_free = decide(people, [*taps, tap("agora-out", "b0"), tap("seminar-a-in", "b30")])
    assert gone["effect"] == "grant"
    assert now_free["reason"] == "granted"


def test_a_second_entry_is_flagged_by_the_folded_presence(decide):
    first, second = decide([ADA], [tap("main-b23-in"), tap("courtyard-in")])
    assert (first["flags"], second["flags"]) == ([], ["passback"])


def test_a_random_serial_number_identifies_nobody_even_where_it_is_written_down(decide):
    people = [ADA | {"badges": [{"id": "08a1b2c3"}, {"id": "08a1b2c3d4e5f6"}, {"id": "04a1"}]}]
    random, longer, own = decide(
        people, [tap("main-b23-in", read) for read in ("08a1b2c3", "08a1b2c3d4e5f6", "04a1")]
    )
    assert (random["effect"], random["reason"]) == ("deny", "denied-authentication-factor-error")
    assert (random["person"], random["door"]) == (None, "main-b23")
    assert (longer["reason"], own["reason"]) == ("granted", "granted")


@pytest.fixture
def timed(tmp_path):
    """KM0 with timed anti-passback, of a quarter of an hour, at its main door."""
    for name in ("building", "policy", "calendar"):
        text = (KM0 / f"{name}.toml").read_text()
        (tmp_path / f"{name}.toml").write_text(
            text.replace('id = "main-b23"\n', 'id = "main-b23"\npassback = "timed"\n', 1)
        )
    return tmp_path


def test_timed_passback_refuses_who_came_in_just_before_and_no_longer_than_it_lasts(decide, timed):
    times = [f"2026-09-15T10:{minute}:00+02:00" for minute in ("00", "05", "15")]
    came, again, later = decide([ADA], [tap("main-b23-in", at=at) for at in times], timed)
    assert (came["reason"], again["reason"]) == ("granted", "denied-passback")
    assert (later["reason"], later["flags"]) == ("granted", ["passback"])
    inside = {"inside": {"ada": "b23-0-hall"}, "since": {"ada": times[0]}}
    (told,) = decide([ADA], [tap("main-b23-in", at=times[1], state=inside)], timed)
    assert told["reason"] == "denied-passback"


def test_a_state_that_comes_with_the_tap_counts_for_that_tap(decide):
    full, locked, free, escorted, plain = decide(
        [ADA, BOB | {"badges": [{"id": "04b1"}], "host": "ada"}],
        [
            tap("seminar-a-in", state={"counts": {"seminar-a": 30}}),
            tap("main-b23-in", state={"modes": {"main-b23": "lockdown"}}),
            tap("armadeus-in", state={"modes": {"armadeus": "free"}}),
            tap("armadeus-in", "04b1", state={"with": ["ada"]}),
            tap("main-b23-in"),
        ],
    )
    assert full["reason"] == "denied-upper-occupancy-limit"
    assert locked["reason"] == "denied-threat-level"
    assert free["reason"] == "granted"
    assert escorted["rules"] == ["visitors-with-their-host"]
    assert plain["reason"] == "granted"


def test_a_way_out_is_granted_at_any_hour_and_says_what_it_hides(decide):
    (decision,) = decide([ADA | {"suspended": True}], [tap("main-b23-out", at="2026-09-15T03:00:00+02:00")])
    assert (decision["effect"], decision["space"], decision["flags"]) == (
        "grant",
        "outside",
        ["refused-inwards"],
    )


def test_absent_keys_take_defaults_and_an_absent_assurance_is_what_the_medium_gives(decide):
    taps = [{"at": TUESDAY_10, "reader": "agora-in", "badge": badge} for badge in ("04b1", "04e1")]
    assert [line["reason"] for line in decide([BOB, EVE], taps)] == ["granted", "granted"]
    (weak,) = decide([BOB], [tap("agora-in", "04b1")])
    assert weak["reason"] == "denied-proof-too-weak"


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        (
            '[\n{"id": "a",\n "type": "elf"}]',
            "people.json:3: type: Invalid enum value 'elf'; expected one of startup, ",
        ),
        (
            '[{"id": "a",\n"type": "staff",\n"badges": [\n{"id": 4}]}]',
            "people.json:4: id: Expected `str`, got `int`",
        ),
        (
            '[{"id": "a", "type": "staff"},\n{"id": "b"}]',
            "people.json:2: type: Object missing required field `type`",
        ),
        (
            '[{"id": "a", "type": "staff",\n"tier": []}]',
            "people.json:2: tier: Object contains unknown field `tier`",
        ),
        (
            '[{"id": "a", "type": "staff",\n"valid_from": "2026-01-01T00:00:00"}]',
            "people.json:2: valid_from: Expected `datetime` with a timezone component",
        ),
        (
            '[{"id": "a", "type": "staff",\n"certifications": {"laser":\n"soon"}}]',
            "people.json:2: certifications: Invalid RFC3339",
        ),
        (
            '[{"id": "a", "type": "staff"},\n{"type": "staff",\n"id": "a"}]',
            "people.json:3: id: the person a is there twice",
        ),
        ('[{"id": "a", "type": "staff"},\n{"id": }]', "people.json:2: json: JSON is malformed"),
        (
            '[{"id": "a", "type": "studnet"}]',
            "people.json:1: type: Invalid enum value 'studnet'; expected one of startup, student",
        ),
        ("{}", "people.json:1: json: Expected `array`, got `object`"),
        ("", "people.json:1: json: "),
    ],
)
def test_a_wrong_people_file_is_refused_with_its_line_and_key(complaint, people, expected):
    assert f"totem policy: {expected}" in complaint(people=people)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            json.dumps(tap("main-b23")),
            "reader: the reader main-b23 does not exist; expected one of building.toml",
        ),
        (json.dumps(tap("agora-in", at="10:00")), "at: Invalid RFC3339 encoded datetime"),
        (json.dumps(tap("agora-in", at="2026-09-15T10:00:00")), "at: Expected `datetime` with a timezone"),
        (
            json.dumps(tap("agora-in", assurance="strong")),
            "assurance: Invalid enum value 'strong'; expected one of none",
        ),
        (
            json.dumps(tap("agora-in", state={"modes": {"agora": "shut"}})),
            "modes: Invalid enum value 'shut'; expected",
        ),
        (
            json.dumps(tap("agora-in", state={"modes": {"gate": "free"}})),
            "state.modes: the door gate does not exist",
        ),
        (
            json.dumps(tap("agora-in", state={"counts": {"attic": 3}})),
            "state.counts: the space attic does not exist",
        ),
        (
            json.dumps(tap("agora-in", state={"inside": {"ada": "attic"}})),
            "state.inside: the space attic does not",
        ),
        ('{"at": ', "json: Input data was truncated"),
        (
            json.dumps(tap("agora-in", at="0001-01-01T00:00:00+14:00")),
            "at: 0001-01-01T00:00:00+14:00 is out of reach",
        ),
        (
            json.dumps(tap("agora-in", at="9999-12-31T23:59:59-12:00")),
            "at: 9999-12-31T23:59:59-12:00 is out of reach",
        ),
        (
            json.dumps(tap("agora-in", assurance="authentic")),
            "assurance: Invalid enum value 'authentic'; expected one of none, uid, sun, authenticated; did you mean",
        ),
    ],
)
def test_a_wrong_tap_is_refused_with_its_line_and_key_before_anything_is_decided(complaint, line, expected):
    right = json.dumps(tap("agora-in"))
    assert f"taps.jsonl:3: {expected}" in complaint(taps=f"{right}\n\n{line}\n{right}\n")


def test_a_word_that_looks_like_another_is_answered_with_it(complaint):
    assert complaint(people='[{"id": "a", "type": "studnet"}]').endswith("; did you mean student?\n")


def test_rights_from_the_first_day_there_is_to_the_last_are_rights(decide):
    always = {"valid_from": "0001-01-01T00:00:00+14:00", "valid_until": "9999-12-31T23:59:59-12:00"}
    ada = ADA | always | {"badges": [{"id": "04a1", "kind": "uid", **always}]}
    late = {**BOB, "valid_from": "9999-12-31T23:59:59-12:00"}
    one, other = decide([ada, late], [tap("cnam-1-in"), tap("agora-in", "04b1", assurance="authenticated")])
    assert one["effect"] == "grant"
    assert (other["reason"], other["next"]) == ("denied-person-expired", None)


def test_a_byte_order_mark_is_named_in_either_file(complaint):
    said = "1: encoding: it begins with a byte order mark; expected UTF-8 without one"
    assert f"people.json:{said}" in complaint(people="\ufeff[]")
    assert f"taps.jsonl:{said}" in complaint(taps="\ufeff{}")


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


@pytest.mark.parametrize(
    ("people", "taps", "expected"),
    [
        (
            '[\n{"id": "ada",\n"type": "student", "suspended": true,\n"suspended": false}]',
            "",
            "people.json:3: suspended: the key is there twice; expected once",
        ),
        ("[]", '{"reader": "main-b23-in", "reader": "main-b23-in"}', "taps.jsonl:1: reader: "),
        ("[]", '{"state": {"counts": {"agora": 1, "agora": 2}}}', "taps.jsonl:1: agora: "),
    ],
)
def test_a_key_that_is_there_twice_is_refused(complaint, people, taps, expected):
    at = f'{{"at": "{TUESDAY_10}", "badge": "04a1", '
    if taps and "reader" not in taps:
        at += '"reader": "main-b23-in", '
    assert expected in complaint(people, taps and at + taps[1:])


def test_every_wrong_tap_is_told(complaint):
    said = complaint(taps='{"at": 1}\n{}\n')
    assert "taps.jsonl:1: " in said
    assert "taps.jsonl:2: " in said
