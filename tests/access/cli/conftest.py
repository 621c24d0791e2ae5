"""`totem policy decide` in KM0: what it decides, and what it says of wrong files."""

import json
from pathlib import Path

import pytest

from access.cli import main
from tests.access.cli.deciding import KM0


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
