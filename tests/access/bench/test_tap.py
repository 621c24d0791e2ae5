"""`totem bench tap`: the report has the contract's shape, and the yardstick sends what the subject does."""

import json
from pathlib import Path

from access.bench.tap import idle
from access.bench.tap.badge import make_same_card, recorded
from access.cli import main
from tests.pcscd import run_inside


def test_it_prints_one_json_object_of_the_contract_s_shape(capsys, monkeypatch):
    for duration in ("_SETTLES_WITHIN_S", "_LEAST_S"):
        monkeypatch.setattr(idle, duration, 0.2)
    assert main(["bench", "tap", "--json", "--seconds", "1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bench"] == "tap"
    assert {"tap", "synced", "raw", "added"} <= set(report["results"])
    for name in ("tap", "synced", "raw"):
        row = report["results"][name]
        assert set(row) == {"n", "p50_us", "p99_us", "p999_us", "max_us", "per_s"}
        assert 0 < row["p50_us"] <= row["p99_us"] <= row["p999_us"] <= row["max_us"]
    assert report["ratios"]["tap/raw.p50"] > 1
    assert {"tap/raw.p99", "idle/wall.pn532", "idle/wall.osdp"} <= set(report["ratios"])


def test_the_recording_fits_every_such_card():
    for _ in range(2):
        card = make_same_card()
        assert all(card.process(command) == answer for command, answer in recorded())


def test_it_measures_through_a_real_pcscd_where_one_runs():
    run_inside(str(Path(__file__).with_name("inside_tap.py")))
