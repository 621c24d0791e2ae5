"""`totem bench propagate`: a badge is revoked, and every one of 200 readers refuses it, over a real Mosquitto.

The subject begins at the operator's word (the use case behind the API), goes through the database, the signed delta
and the broker, and ends when the last of 200 door computers has verified it, taken it up and refused the badge. The
yardstick publishes a message of the same length on the same broker to the same 200 connections, until the last has
it. Rounds are interleaved. All 200 are in this process and do one after the other what 200 machines do at once; what
they keep is kept in memory, as there are no 200 disks here.
"""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter_ns

from access.bench.fleet import BADGES, READERS, Fleet
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result

_LEAST = 5
_WITHIN_S = 30.0
_IN_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (a folder of random name in it)
_CONFIGURATION = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_queued_messages 0
user root
"""


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` without Mosquitto, or for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"propagate: size {options.size.value} is not built; expected building")
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        raise NotBuilt("propagate: mosquitto is not installed (apt install mosquitto)")
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
        results = asyncio.run(_measure(program, Path(folder), options.seconds))
    p99 = results["propagate"].p99_us / results["bare"].p99_us
    p50 = results["propagate"].p50_us / results["bare"].p50_us
    return Report(
        "propagate",
        machine(),
        {"readers": READERS, "seconds": options.seconds, "rounds": results["propagate"].n},
        results,
        {f"propagate/bare.r{READERS}.p99": p99, f"propagate/bare.r{READERS}.p50": p50},
    )


async def _measure(program: str, folder: Path, seconds: float) -> dict[str, Result]:
    port = _free_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(_CONFIGURATION.format(port=port), "utf-8")
    broker = await asyncio.create_subprocess_exec(
        program, "-c", str(configuration), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with AsyncExitStack() as stack:
            kept = stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-", dir=_IN_MEMORY))
            fleet = await Fleet.open(stack, folder, Path(kept), port)
            return await _rounds(fleet, seconds)
    finally:
        broker.terminate()
        await broker.wait()


async def _rounds(fleet: Fleet, seconds: float) -> dict[str, Result]:
    """Revoke one badge and publish one message in turn, as often as there is time for; the first of each warms up."""
    times: dict[str, list[int]] = {"propagate": [], "bare": []}
    ways: dict[str, Callable[[int], Awaitable[int]]] = {"propagate": fleet.revoke, "bare": fleet.send}
    end = perf_counter_ns() + int(seconds * 1_000_000_000)
    for number in range(BADGES):
        for name, way in ways.items():
            took = await asyncio.wait_for(way(number), _WITHIN_S)
            if number:
                times[name].append(took)
        if perf_counter_ns() > end and number >= _LEAST:
            break
    return {name: result(each) for name, each in times.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
