"""From a card in the field to the strike command, through the whole daemon, beside the same APDUs exchanged raw.

Subject: an emulated DESFire EV2 badge is presented; antenna, mutual authentication, sealed file read, decision over KM0
and a thousand people, journal record, strike. Yardstick: the same commands to the same card in a like field, sent by a
loop that computes nothing. `added` is what the daemon adds to it, figure by figure. The same again through pcscd and
vpcd where they run here: with a card that answers at once (`pcsc`), which none does, and with one that takes the time
of its bytes in the air (`pcsc.air`); q1 to q3 are the quartiles of the ratio of a tap to the raw exchange beside it.
Last, the share of a processor that an idle door computer takes (`idle/wall`).
"""

import asyncio
import tempfile
from importlib.util import find_spec
from pathlib import Path

from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS
from access.bench.tap import process
from access.bench.tap.badge import recorded

_IN_PROCESS, _AT_READER, _IDLE = 0.1, 0.8, 0.5  # of the seconds; idle beyond them, once a kind of reader
_FIGURES = ("p50", "p99")


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"tap: size {options.size.value} is not built; expected building")
    config: dict[str, str | int | float] = {
        "protocol": "desfire-ev2",
        "exchanges": len(recorded()),
        "rounds": ROUNDS,
        "seconds": options.seconds,
    }
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as name:
        directory = Path(name)
        results = asyncio.run(process.measure(directory, _IN_PROCESS * options.seconds))
        ratios = _ratios(results, "tap", "raw") | _ratios(results, "synced", "raw")
        results["added"] = _difference(results["tap"], results["raw"])
        at_reader, at_reader_ratios = _at_reader(directory, _AT_READER * options.seconds, config)
        ratios |= at_reader_ratios
        ratios |= _idle(directory, _IDLE * options.seconds, config)
    return Report("tap", machine(), config, results | at_reader, ratios)


def _at_reader(
    directory: Path, seconds: float, config: dict[str, str | int | float]
) -> tuple[dict[str, Result], dict[str, float]]:
    """Measure through PC/SC; note in `config` why not, where it cannot be."""
    results: dict[str, Result] = {}
    ratios: dict[str, float] = {}
    try:
        from access.bench.tap import reader

        for pace, pairs in asyncio.run(reader.measure(directory / "pcsc", seconds)).items():
            subject, raw = pace.value, f"{pace.value}.raw"
            results |= {subject: result(pairs.subject), raw: result(pairs.raw)}
            ratios |= _ratios(results, subject, raw)
            ratios |= {f"{subject}/{raw}.q{at}": ratio for at, ratio in enumerate(pairs.quarters(), start=1)}
    except (ImportError, NotBuilt) as missing:
        config["pcsc"] = f"not measured: {missing}"
    return results, ratios


def _idle(directory: Path, seconds: float, config: dict[str, str | int | float]) -> dict[str, float]:
    """Measure idle door computers; note in `config` why not, where it cannot be."""
    if find_spec("osdp") is None or find_spec("nfc") is None:
        config["idle"] = "not measured: nfcpy or libosdp is not installed"
        return {}
    from access.bench.tap import idle

    config["idle_readers"] = idle.READERS
    return {f"idle/wall.{kind}": share for kind, share in idle.measure(directory, seconds).items()}


def _ratios(results: dict[str, Result], subject: str, yardstick: str) -> dict[str, float]:
    return {
        f"{subject}/{yardstick}.{figure}": getattr(results[subject], f"{figure}_us")
        / getattr(results[yardstick], f"{figure}_us")
        for figure in _FIGURES
    }


def _difference(subject: Result, yardstick: Result) -> Result:
    """Return how much more time the subject takes, figure by figure."""
    p50, p99, p999, most = (
        getattr(subject, figure) - getattr(yardstick, figure)
        for figure in ("p50_us", "p99_us", "p999_us", "max_us")
    )
    return Result(min(subject.n, yardstick.n), p50, p99, p999, most, 1e6 / p50 if p50 > 0 else 0.0)
