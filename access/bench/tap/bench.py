"""From a card in the field to the strike command, through the whole daemon, beside the same APDUs exchanged raw.

Subject: an emulated DESFire EV2 badge is presented; antenna, mutual authentication, sealed file read, decision over KM0
and a thousand people, journal record, strike. Yardstick: the same commands to the same card in a like field, sent by a
loop that computes nothing. `added` is what the daemon adds to it, figure by figure.
"""

import asyncio
import tempfile
from pathlib import Path

from access.bench.report import NotBuilt, Options, Report, Result, Size, machine
from access.bench.rounds import ROUNDS
from access.bench.tap import process
from access.bench.tap.badge import recorded


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"tap: size {options.size.value} is not built; expected building")
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as directory:
        results = asyncio.run(process.measure(Path(directory), options.seconds))
    ratios = {
        "tap/raw.p50": results["tap"].p50_us / results["raw"].p50_us,
        "tap/raw.p99": results["tap"].p99_us / results["raw"].p99_us,
        "synced/raw.p99": results["synced"].p99_us / results["raw"].p99_us,
    }
    results["added"] = _difference(results["tap"], results["raw"])
    config: dict[str, str | int | float] = {
        "protocol": "desfire-ev2",
        "exchanges": len(recorded()),
        "rounds": ROUNDS,
        "seconds": options.seconds,
    }
    return Report("tap", machine(), config, results, ratios)


def _difference(subject: Result, yardstick: Result) -> Result:
    """Return how much more time the subject takes, figure by figure."""
    p50, p99, p999, most = (
        getattr(subject, figure) - getattr(yardstick, figure)
        for figure in ("p50_us", "p99_us", "p999_us", "max_us")
    )
    return Result(min(subject.n, yardstick.n), p50, p99, p999, most, 1e6 / p50 if p50 > 0 else 0.0)
