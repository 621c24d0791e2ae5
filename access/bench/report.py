"""What a bench is asked and what it answers, in one shape for every bench."""

import os
import platform
from collections.abc import Sequence
from enum import Enum

import msgspec

_NS_PER_US = 1_000
_NS_PER_S = 1_000_000_000


class Size(Enum):
    """How much there is to decide about."""

    BUILDING = "building"
    CITY = "city"


class Options(msgspec.Struct, frozen=True):
    """What the command line asks of any bench. `seconds` is about how long the measuring may take."""

    seconds: float = 10.0
    size: Size = Size.BUILDING


class Result(msgspec.Struct, frozen=True):
    """One contestant's times for a single call; `per_s` is what that makes in a second."""

    n: int
    p50_us: float
    p99_us: float
    p999_us: float
    max_us: float
    per_s: float


class Report(msgspec.Struct, frozen=True):
    """A bench's answer. A ratio is subject ÷ yardstick, both of this same run."""

    bench: str
    machine: dict[str, str | int]
    config: dict[str, str | int | float]
    results: dict[str, Result]
    ratios: dict[str, float]


class NotBuilt(Exception):
    """The bench has no such size; the message says which it has."""


def machine() -> dict[str, str | int]:
    """Describe where this runs, as far as a time depends on it."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cores": os.cpu_count() or 1,
    }


def result(times_ns: Sequence[int]) -> Result:
    """Sum up the times of single calls."""
    rising = sorted(times_ns)

    def at(share: float) -> float:
        return rising[min(int(share * len(rising)), len(rising) - 1)] / _NS_PER_US

    per_s = len(rising) * _NS_PER_S / max(sum(rising), 1)
    return Result(len(rising), at(0.5), at(0.99), at(0.999), rising[-1] / _NS_PER_US, per_s)


def table(report: Report) -> str:
    """Return the report for people: one line a contestant, then the ratios."""
    width = max(map(len, (*report.results, *report.ratios, "contestant")))
    heads = f"{'n':>9}  {'p50 µs':>9}  {'p99 µs':>9}  {'p99.9 µs':>9}  {'max µs':>10}  {'per s':>11}"
    lines = [f"{'contestant':{width}}  {heads}"]
    for name, row in report.results.items():
        times = f"{row.p50_us:9.2f}  {row.p99_us:9.2f}  {row.p999_us:9.2f}  {row.max_us:10.1f}"
        lines.append(f"{name:{width}}  {row.n:9}  {times}  {row.per_s:11,.0f}")
    lines += ["", *(f"{name:{width}}  {ratio:9.2f}" for name, ratio in report.ratios.items())]
    lines += ["", ", ".join(f"{name} {value}" for name, value in report.config.items())]
    return "\n".join(lines)
