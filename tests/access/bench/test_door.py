"""`totem bench door`: the report has the contract's shape, the command's way over a real Mosquitto included."""

import json

from access.cli import main
from tests.parts import require


def test_it_prints_one_json_object_of_the_contract_s_shape(capsys):
    require("mosquitto")
    assert main(["bench", "door", "--json", "--seconds", "1"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bench"] == "door"
    assert set(report["results"]) == {"strike", "buffered", "fdatasync", "command", "roundtrip"}
    for row in report["results"].values():
        assert 0 < row["p50_us"] <= row["p99_us"] <= row["p999_us"] <= row["max_us"]
    assert {"strike/fdatasync.p99", "command/roundtrip.p99"} <= set(report["ratios"])
