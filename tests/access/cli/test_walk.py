"""`totem walk`: an electrician finds out what is wired to what, without a server."""

import json
from pathlib import Path

import pytest

from access.cli import main

COMPUTER = 'site = "km0"\nsource = "edge-2"\nstate = ""\nsite_key = ""\n'
EMULATED = '[[door]]\nid = "desk"\nhardware = "emulated"\n'
CHIPLESS = '[[door]]\nid = "agora"\nhardware = "gpio"\nchip = "/dev/no-such-chip"\nstrike = { line = 17 }\n'


@pytest.fixture
def walk(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def walk(text: str, *more: str) -> tuple[int, list[tuple[str, str]], str]:
        path = tmp_path / "edge.toml"
        path.write_text(COMPUTER + text)
        code = main(["walk", "--config", str(path), "--seconds", "0.3", "--json", *more])
        out, err = capsys.readouterr()
        told = [json.loads(line) for line in out.splitlines()]
        return code, [(each["at"], each["happened"]) for each in told], err

    return walk


def test_a_door_that_works_tells_its_wires_and_is_no_finding(walk):
    code, told, _ = walk(EMULATED)
    assert code == 0
    assert {at for at, _ in told} == {"desk"}
    assert {"contact-closed", "output-restored"} <= {happened for _, happened in told}


def test_a_door_whose_chip_is_missing_is_named_and_is_a_finding(walk):
    code, told, _ = walk(CHIPLESS + EMULATED)
    assert code == 1
    said = [happened for at, happened in told if at == "agora"]
    assert "output-failed" in said
    assert any("/dev/no-such-chip" in each and "line 17" in each for each in said)
    assert ("desk", "contact-closed") in told


def test_a_door_that_is_not_in_the_settings_is_refused_with_those_that_are(walk):
    code, told, err = walk(EMULATED, "--unlock", "agora")
    assert code == 1
    assert told == []
    assert "door agora: not in the settings, expected one of desk" in err
