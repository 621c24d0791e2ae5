"""`totem policy export-cedar`: the text on stdout, or three files; nothing of a site that has errors."""

import json
from pathlib import Path

import pytest

import policies
from access.cli import main
from policies.loader import load

KM0 = Path(policies.__file__).parent / "km0"


def test_the_policies_are_printed(capsys):
    assert main(["policy", "export-cedar", str(KM0)]) == 0
    out, err = capsys.readouterr()
    rules = load(KM0).policy.rules
    assert [line for line in out.splitlines() if line.startswith("@")] == [
        f'@id("{rule.id}")' for rule in rules
    ]
    assert out.count(f"\n{rules[0].effect.value} (principal, ") >= 1
    assert err == ""


def test_the_files_are_written_and_the_same_for_the_same_rules(tmp_path, capsys):
    for folder in ("one", "two"):
        assert main(["policy", "export-cedar", str(KM0), "--out", str(tmp_path / folder)]) == 0
    names = ["entities.json", "policies.cedar", "policies.cedarschema"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    out, err = capsys.readouterr()
    assert out == ""
    assert "policies.cedarschema" in err


def test_json_is_one_object_with_all_three(capsys):
    assert main(["policy", "export-cedar", str(KM0), "--json"]) == 0
    export = json.loads(capsys.readouterr().out)
    assert set(export) == {"version", "policies", "schema", "entities"}
    assert export["version"] in export["policies"]
    assert {each["uid"]["type"] for each in export["entities"]} == {"Tier", "Space", "Reach", "Door"}


@pytest.mark.parametrize("words", [["no-such-directory"], [str(KM0), "--out", __file__]])
def test_what_is_not_there_is_wrong_use(words, capsys):
    assert main(["policy", "export-cedar", *words]) == 2
    assert "expected a directory" in capsys.readouterr().err


def test_a_site_with_errors_is_not_exported(tmp_path, capsys):
    (tmp_path / "building.toml").write_text("[site]\n")
    assert main(["policy", "export-cedar", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "building.toml:1" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
