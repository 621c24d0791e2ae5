"""`totem bench occupancy`, made small: it measures what it names, and says what a million people weigh."""

from access.bench import occupancy
from access.bench.report import Options, Size


def test_every_contestant_is_timed_and_the_sizes_are_told(monkeypatch):
    monkeypatch.setattr(occupancy, "_EVENTS", {Size.BUILDING: 2_000})
    for name, small in (("_INSIDE", 5_000), ("_SPACES", 2), ("_DAYS", 20), ("_ROUNDS", 1)):
        monkeypatch.setattr(occupancy, name, small)
    report = occupancy.run(Options(seconds=0.2))
    assert set(report.results) == {"replay", "decode", "totals", "days", "raw", "fold-a-million"}
    assert set(report.ratios) == {"replay/decode.p50", "totals/raw.p50"}
    assert all(each.n and each.p50_us > 0 for each in report.results.values())
    assert (report.config["events"], report.config["inside"]) == (2_000, 5_000)
