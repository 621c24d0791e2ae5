"""The bench of ingest measures both ways in and both ends of the list; its figures are for a quiet machine."""

from access.bench import ingest
from access.bench.report import Options, Size
from access.bench.rounds import ROUNDS


def test_ingest_and_pages_are_measured_beside_their_yardsticks(monkeypatch):
    monkeypatch.delenv("TOTEM_BENCH_POSTGRESQL", raising=False)
    monkeypatch.setattr(ingest, "_BATCHES", 1)
    monkeypatch.setattr(ingest, "_PER_ROUND", 200)
    monkeypatch.setattr(ingest, "_PAGES", {Size.BUILDING: 4})
    report = ingest.run(Options(seconds=0.05))
    assert set(report.results) == {"ingest.sqlite", "raw.sqlite", "page.first.sqlite", "page.last.sqlite"}
    assert set(report.ratios) == {"ingest/raw.sqlite.rate", "page/first.sqlite.p50"}
    assert report.results["ingest.sqlite"].n == 200 * ROUNDS
    assert report.config["listed"] == 400
