"""`totem bench propagate`: a badge is revoked, and every one of 200 readers refuses it, over a real Mosquitto.

The subject begins at the operator's word (the use case behind the API), goes through the database, the signed delta
and the broker, and ends when the last of 200 door computers has verified it, taken it up and refused the badge. The
yardstick publishes a message of the same length on the same broker to the same 200 connections, until the last has
it. Rounds are interleaved. All 200 are in this process and do one after the other what 200 machines do at once; what
they keep is kept in memory, as there are no 200 disks here. With `--size city` they are 2,000 on a bus in memory.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from time import perf_counter_ns

from access.bench.fleet import Buses, Fleet, in_one_process, over_a_broker
from access.bench.load.broker import Mosquitto
from access.bench.report import Options, Report, Result, Size, machine, result

READERS = {Size.BUILDING: 200, Size.CITY: 2_000}
_LEAST = 5
_WITHIN_S = 30.0
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (a folder of random name in it)


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` without Mosquitto, which a city does not need."""
    readers = READERS[options.size]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        buses = in_one_process()
        if options.size is Size.BUILDING:
            broker = Mosquitto(folder)
            stack.callback(broker.kill)
            buses = over_a_broker(broker.port)
        results = asyncio.run(_measure(buses, folder, readers, options.seconds))
    p99 = results["propagate"].p99_us / results["bare"].p99_us
    p50 = results["propagate"].p50_us / results["bare"].p50_us
    return Report(
        "propagate",
        machine(),
        {"readers": readers, "seconds": options.seconds, "rounds": results["propagate"].n},
        results,
        {f"propagate/bare.r{readers}.p99": p99, f"propagate/bare.r{readers}.p50": p50},
    )


async def _measure(buses: Buses, folder: Path, readers: int, seconds: float) -> dict[str, Result]:
    async with AsyncExitStack() as stack:
        kept = stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-", dir=_IN_MEMORY))
        fleet = await Fleet.open(stack, folder, Path(kept), buses, readers)
        return await _rounds(fleet, buses.badges, seconds)


async def _rounds(fleet: Fleet, badges: int, seconds: float) -> dict[str, Result]:
    """Revoke one badge and publish one message in turn, as often as there is time for; the first of each warms up."""
    times: dict[str, list[int]] = {"propagate": [], "bare": []}
    ways: dict[str, Callable[[int], Awaitable[int]]] = {"propagate": fleet.revoke, "bare": fleet.send}
    end = perf_counter_ns() + int(seconds * 1_000_000_000)
    for number in range(badges):
        for name, way in ways.items():
            took = await asyncio.wait_for(way(number), _WITHIN_S)
            if number:
                times[name].append(took)
        if perf_counter_ns() > end and number >= _LEAST:
            break
    return {name: result(each) for name, each in times.items()}
