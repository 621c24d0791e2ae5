"""`totem policy lint`: a clean policy says so, an odd one is told line by line, in both languages and as JSON."""

import json
import shutil
from pathlib import Path

import pytest

import policies
from access.cli import main

KM0 = Path(policies.__file__).parent / "km0"
TWIN = """
[[permit]]
id = "cafeteria-again"
types = ["staff"]
spaces = ["cafeteria"]
schedule = "office-hours"
"""


@pytest.fixture
def odd(tmp_path):
    shutil.copytree(KM0, tmp_path / "odd")
    with (tmp_path / "odd" / "policy.toml").open("a") as file:
        file.write(TWIN)
    return str(tmp_path / "odd")


def test_a_permit_to_a_room_without_a_way_there_is_told(odd, capsys):
    file = Path(odd) / "policy.toml"
    alone = '[[tier]]\nid = "guest"\n\n[[permit]]\nid = "guests"\ntypes = ["contractor"]\ntiers = ["guest"]\n'
    file.write_text(file.read_text().replace(TWIN, "") + alone + 'spaces = ["e-nov"]\n')
    assert main(["policy", "lint", odd]) == 1
    said = "guests: no rule opens the way there to whom has only what it asks for\n"
    assert capsys.readouterr().out == said


def test_the_shipped_policy_is_clean(capsys):
    assert main(["policy", "lint", str(KM0)]) == 0
    assert capsys.readouterr().out == "nothing odd\n"


def test_an_odd_rule_is_told_with_what_covers_it(odd, capsys):
    assert main(["policy", "lint", odd]) == 1
    assert capsys.readouterr().out == "cafeteria-again: adds nothing: others say as much (cafeteria)\n"
    assert main(["policy", "lint", odd, "--lang", "fr"]) == 1
    assert "n’ajoute rien" in capsys.readouterr().out
    assert main(["policy", "lint", odd, "--json"]) == 1
    remarks = [{"oddity": "shadowed", "what": "cafeteria-again", "by": ["cafeteria"]}]
    assert json.loads(capsys.readouterr().out) == {"remarks": remarks}
