"""`totem keys`: a key ceremony as docs/readers.md has it, and what it refuses."""

import json
import re
from pathlib import Path

import pytest

from access.cli import main
from readers.credentials.keys import KeyRef
from readers.keystores.sealed import read, write
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


@pytest.fixture
def parts(tmp_path):
    """Return the words that name these components, each written to a file of its own."""

    def written(*components):
        words = []
        for number, component in enumerate(components):
            (tmp_path / f"c{number}").write_text(component + "\n")
            words += ["--component", str(tmp_path / f"c{number}")]
        return words

    return written


def test_a_key_is_put_together_from_components_and_known_by_its_check_value(keys, parts, tmp_path):
    [row], _ = keys("add", "desfire-read", *parts(*COMPONENTS))
    held = read(tmp_path / "desk.keys", tmp_path / "desk.unlock")
    assert held[KeyRef("desfire-read", 1)].hex() == "0f1f2f3f4f5f6f7f8f9fafbfcfdfefff"
    assert row == {"name": "desfire-read", "version": 1, "check": "2ae161"}
    rows, _ = keys("add", "desfire-read")
    assert [each["version"] for each in rows] == [1, 2]
    assert rows[0]["check"] != rows[1]["check"]


@pytest.mark.parametrize(
    ("content", "complaint"), [(["00"], "expected two or more"), (["00", "11"], "expected 32 hex digits")]
)
def test_components_that_are_none_are_refused_without_showing_them(keys, parts, content, complaint):
    said, code = keys("add", "desfire-read", *parts(*content))
    assert code == 1
    assert complaint in said


ONE, OTHER = COMPONENTS
BOTH = "0f1f2f3f4f5f6f7f8f9fafbfcfdfefff"
"""What the two add up to."""

ALIKE = "ffeeddccbbaa99887766554433221100"
"""What, with the one, adds up to bytes of ff."""


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ((ONE, ONE), r"components \S+/c0 and \S+/c1: the same"),
        ((ONE, OTHER, ONE.upper()), r"components \S+/c0 and \S+/c2: the same"),
        ((ONE, "00" * 16), r"component \S+/c1: nothing but zeros"),
        ((ONE, "a5" * 16), r"component \S+/c1: nothing but one repeated byte"),
        ((ONE, ALIKE), r"\S+/c0, \S+/c1: they give a key of one repeated byte"),
        ((ONE, OTHER, BOTH), r"they give a key of one repeated byte"),
        ((ALIKE, ONE, OTHER, BOTH), r"all but \S+/c0 cancel out"),
    ],
)
def test_components_that_cancel_out_are_refused_and_named(keys, parts, content, complaint):
    said, code = keys("add", "desfire-read", *parts(*content))
    assert code == 1
    assert re.search(complaint, said)
    assert not any(component.lower() in said.lower() for component in content)
    assert keys("list") == ([], 0)


def test_one_component_named_twice_is_refused(keys, parts):
    said, code = keys("add", "desfire-read", *parts(ONE) * 2)
    assert code == 1
    assert "the same" in said


@pytest.mark.parametrize("where", ["--to", "--to-module"])
def test_a_key_that_anybody_guesses_goes_to_no_door_computer(keys, tmp_path, where):
    write(tmp_path / "desk.keys", tmp_path / "desk.unlock", {KeyRef("desfire-read", 2): bytes(16)})
    rest = {
        "--to": ["--to-unlock", str(tmp_path / "door.unlock")],
        "--to-module": ["--to-token", LABEL, "--to-pin", str(tmp_path / "pin")],
    }
    said, code = keys("copy", "desfire-read", where, str(tmp_path / "there"), *rest[where])
    assert code == 1
    assert "desfire-read, version 2: all its bytes are alike" in said
    assert not (tmp_path / "there").exists()


def test_a_slip_in_a_name_draws_no_key(keys):
    said, code = keys("add", "desfire-raed")
    assert code == 1
    assert "did you mean desfire-read?" in said
    assert keys("list") == ([], 0)


def test_a_name_of_the_settings_own_is_taken_where_it_is_meant(keys):
    [row], code = keys("add", "hall-b-read", "--other-name")
    assert (row["name"], code) == ("hall-b-read", 0)


def test_the_uses_of_keys_are_those_of_the_page(keys):
    page = (Path(__file__).parents[3] / "docs" / "readers.md").read_text()
    table = page[page.index("## The keys") : page.index("## Key ceremony")]
    first = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    for name in (names := re.findall(r"`(.*?)`", first)):
        assert keys("add", name)[1] == 0
    assert len(names) == 8


def test_components_of_another_key_than_the_one_on_paper_are_refused(keys, parts):
    said, code = keys("add", "desfire-read", "--kcv", "66e94b", *parts(*COMPONENTS))
    assert (code, "--kcv 66e94b: the components give 2ae161" in said) == (1, True)
    assert keys("list") == ([], 0)
    assert "expected components" in keys("add", "desfire-read", "--kcv", "66e94b")[0]
    assert keys("add", "desfire-read", "--kcv", "2AE161", *parts(*COMPONENTS))[1] == 0


@pytest.mark.parametrize("name", ["desfire-read", "desfire-seal"])
def test_components_that_give_a_key_of_the_file_make_no_other_of_it(keys, parts, name):
    before, _ = keys("add", "desfire-read", *parts(*COMPONENTS))
    said, code = keys("add", name, *parts(*reversed(COMPONENTS)))
    assert code == 1
    assert "which is desfire-read, version 1, already" in said
    assert keys("list") == (before, 0)


def test_a_door_computer_gets_what_it_needs_and_nothing_else(keys, tmp_path):
    for name in ("desfire-read", "desfire-seal", "desfire-master"):
        keys("add", name)
    rows, code = keys(
        "copy",
        "desfire-read",
        "desfire-seal",
        "--to",
        str(tmp_path / "door.keys"),
        "--to-unlock",
        str(tmp_path / "door.unlock"),
    )
    assert code == 0
    assert [row["name"] for row in rows] == ["desfire-read", "desfire-seal"]
    assert keys("list", file="door.keys", unlock="door.unlock")[0] == rows
    assert "another key" in keys("list", file="door.keys")[0]


def test_a_copy_leaves_what_the_other_file_holds(keys, tmp_path):
    there = ["--to", str(tmp_path / "door.keys"), "--to-unlock", str(tmp_path / "door.unlock")]
    for name in ("desfire-read", "desfire-seal"):
        keys("add", name)
    keys("copy", "desfire-read", "desfire-seal", *there)
    rows, _ = keys("add", "desfire-read")
    assert keys("copy", "desfire-read", *there) == (rows, 0)
    assert keys("list", file="door.keys", unlock="door.unlock") == (rows, 0)


def test_a_copy_into_the_file_itself_is_refused(keys, tmp_path):
    keys("add", "desfire-read")
    before, _ = keys("add", "desfire-master")
    (tmp_path / "link.keys").symlink_to(tmp_path / "desk.keys")
    for name in ("desk.keys", "link.keys"):
        said, code = keys(
            "copy",
            "desfire-read",
            "--to",
            str(tmp_path / name),
            "--to-unlock",
            str(tmp_path / "desk.unlock"),
        )
        assert (code, "the file that is copied from" in said) == (1, True)
    assert keys("list") == (before, 0)


def test_a_copy_puts_no_other_key_in_the_place_of_one(keys, tmp_path):
    there = ["--to", str(tmp_path / "door.keys"), "--to-unlock", str(tmp_path / "door.unlock")]
    keys("create", file="door.keys", unlock="door.unlock")
    before, _ = keys("add", "desfire-read", file="door.keys", unlock="door.unlock")
    keys("add", "desfire-read")
    keys("add", "desfire-seal")
    said, code = keys("copy", "desfire-read", "desfire-seal", *there)
    assert code == 1
    assert f"desfire-read, version 1, is {before[0]['check']} there" in said
    assert keys("list", file="door.keys", unlock="door.unlock") == (before, 0)


def test_keys_go_into_a_token(keys, tmp_path, monkeypatch):
    from readers.keystores.pkcs11 import Pkcs11Keys

    pin = make_token(tmp_path, monkeypatch)
    keys("add", "desfire-read")
    _, code = keys(
        "copy",
        "desfire-read",
        "--to-module",
        str(MODULE),
        "--to-token",
        LABEL,
        "--to-pin",
        str(pin),
    )
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


def test_the_newest_version_is_dropped_only_where_that_is_meant(keys):
    keys("add", "desfire-read")
    before, _ = keys("add", "desfire-read")
    said, code = keys("drop", "desfire-read", "--version", "2")
    assert (code, "`add` would give its number again" in said) == (1, True)
    assert keys("list") == (before, 0)
    assert keys("drop", "desfire-read", "--version", "2", "--newest") == (before[:1], 0)


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
