"""A wrong file of people or taps: every fault told with its line and key, before anything is decided."""

import json

import pytest

from tests.access.cli.deciding import TUESDAY_10, tap


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


def test_a_byte_order_mark_is_named_in_either_file(complaint):
    said = "1: encoding: it begins with a byte order mark; expected UTF-8 without one"
    assert f"people.json:{said}" in complaint(people="\ufeff[]")
    assert f"taps.jsonl:{said}" in complaint(taps="\ufeff{}")


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
