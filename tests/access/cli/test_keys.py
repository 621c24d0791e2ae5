"""`totem keys`: a key ceremony as docs/readers.md has it, and what it refuses."""

import json

import pytest

from access.cli import main
from readers.credentials.keys import KeyRef
from readers.keystores.sealed import read
from tests.softhsm import LABEL, MODULE, make_token

COMPONENTS = ("00112233445566778899aabbccddeeff", "0f0e0d0c0b0a09080706050403020100")


@pytest.fixture
def keys(tmp_path, capsys):
    """Return the command over one sealed file, giving what it holds then."""

    def run(action, *words, file="desk.keys", unlock="desk.unlock"):
        where = [str(tmp_path / file), "--unlock", str(tmp_path / unlock)]
        code = main(["keys", action, where[0], *where[1:], *words, "--json"])
        out, err = capsys.readouterr()
        return (json.loads(out) if code == 0 else err), code

    run("create")
    return run


def test_a_file_is_made_for_its_owner_alone(keys, tmp_path):
    assert keys("list") == ([], 0)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("desk.keys", "desk.unlock")} == {0o600}
    said, code = keys("create")
    assert (code, "it exists" in said) == (1, True)


def test_a_key_is_put_together_from_components_and_known_by_its_check_value(keys, tmp_path):
    words = []
    for number, component in enumerate(COMPONENTS):
        (tmp_path / f"c{number}").write_text(component + "\n")
        words += ["--component", str(tmp_path / f"c{number}")]
    [row], _ = keys("add", "desfire-read", *words)
    held = read(tmp_path / "desk.keys", tmp_path / "desk.unlock")
    assert held[KeyRef("desfire-read", 1)].hex() == "0f1f2f3f4f5f6f7f8f9fafbfcfdfefff"
    assert row == {"name": "desfire-read", "version": 1, "check": "2ae161"}
    rows, _ = keys("add", "desfire-read")
    assert [each["version"] for each in rows] == [1, 2]
    assert rows[0]["check"] != rows[1]["check"]


@pytest.mark.parametrize(
    ("content", "complaint"), [(["00"], "expected two or more"), (["00", "11"], "expected 32 hex digits")]
)
def test_components_that_are_none_are_refused_without_showing_them(keys, tmp_path, content, complaint):
    words = []
    for number, text in enumerate(content):
        (tmp_path / f"c{number}").write_text(text)
        words += ["--component", str(tmp_path / f"c{number}")]
    said, code = keys("add", "desfire-read", *words)
    assert code == 1
    assert complaint in said


def test_a_door_computer_gets_what_it_needs_and_nothing_else(keys, tmp_path):
    for name in ("desfire-read", "desfire-seal", "desfire-master"):
        keys("add", name)
    rows, code = keys(
        "copy", "desfire-read", "desfire-seal",
        "--to", str(tmp_path / "door.keys"), "--to-unlock", str(tmp_path / "door.unlock"),
    )  # fmt: skip
    assert code == 0
    assert [row["name"] for row in rows] == ["desfire-read", "desfire-seal"]
    assert keys("list", file="door.keys", unlock="door.unlock")[0] == rows
    assert "another key" in keys("list", file="door.keys")[0]


def test_keys_go_into_a_token(keys, tmp_path, monkeypatch):
    from readers.keystores.pkcs11 import Pkcs11Keys

    pin = make_token(tmp_path, monkeypatch)
    keys("add", "desfire-read")
    _, code = keys(
        "copy", "desfire-read",
        "--to-module", str(MODULE), "--to-token", LABEL, "--to-pin", str(pin),
    )  # fmt: skip
    assert code == 0
    store = Pkcs11Keys.open(MODULE, LABEL, pin)
    assert store.versions("desfire-read") == (1,)
    store.close()


def test_an_old_version_is_dropped(keys):
    keys("add", "desfire-read")
    keys("add", "desfire-read")
    rows, _ = keys("drop", "desfire-read", "--version", "1")
    assert [row["version"] for row in rows] == [2]
    said, code = keys("drop", "desfire-read", "--version", "1")
    assert (code, "there is no desfire-read, version 1" in said) == (1, True)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["add", "Desfire Read"], "lower-case"),
        (["copy", "nothing", "--to", "x", "--to-unlock", "y"], "there is no key nothing"),
    ],
)
def test_what_is_wrong_is_told(keys, words, complaint):
    said, code = keys(*words)
    assert code == 1
    assert complaint in said


def test_a_copy_to_nowhere_is_told(keys):
    keys("add", "desfire-read")
    said, code = keys("copy", "desfire-read")
    assert code == 1
    assert "expected --to and --to-unlock" in said
