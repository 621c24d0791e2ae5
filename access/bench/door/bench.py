"""How soon a bolt moves: after a decision at the door, and after an operator's request far from it.

`strike`: from the decision to the strike command inside the door computer, its record synced to the disk between them;
`buffered`, the same with the record handed to the system alone; yardstick `fdatasync`. `command`: from
`POST /v1/doors/{id}/unlock` to the door's own acknowledgement, over a real Mosquitto; yardstick `roundtrip`, a bare
message there and back through the same broker.
"""

import asyncio
import tempfile
from pathlib import Path

from access.bench.door import command, strike
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine
from access.bench.rounds import ROUNDS

_FIGURES = ("p50", "p99")


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"door: size {options.size.value} is not built; expected building")
    config: dict[str, str | int | float] = {"rounds": ROUNDS, "seconds": options.seconds}
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as name:
        directory = Path(name)
        results = asyncio.run(strike.measure(directory, options.seconds / 2))
        ratios = _ratios(results, "strike", "fdatasync")
        try:
            at_api = asyncio.run(command.measure(directory, options.seconds / 2))
        except NotBuilt as missing:
            config["command"] = f"not measured: {missing}"
        else:
            results |= at_api
            ratios |= _ratios(at_api, "command", "roundtrip")
    return Report("door", machine(), config, results, ratios)


def _ratios(results: dict[str, Result], subject: str, yardstick: str) -> dict[str, float]:
    return {
        f"{subject}/{yardstick}.{figure}": getattr(results[subject], f"{figure}_us")
        / getattr(results[yardstick], f"{figure}_us")
        for figure in _FIGURES
    }
