"""`totem bench outage`: a controller's tap while the broker is down, beside the same tap while it is up.

The authorizer reports its decisions over a real Mosquitto to nobody who stores them, so that they wait in its journal
either way. The broker is killed and started again between the rounds. One kept connection, closed loop.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

from access.bench.authorize.bench import bodies_of, start, summed_up
from access.bench.authorize.controllers import one_by_one, request
from access.bench.authorize.servers import serve_authorizer
from access.bench.decide import site_and_taps
from access.bench.load.broker import Mosquitto
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine
from access.bench.rounds import ROUNDS, median_of
from readers.journal import Durability


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` without Mosquitto, or for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"outage: size {options.size.value} is not built; expected building")
    rounds: dict[str, list[Result]] = {"down": [], "up": []}
    share_s = options.seconds / ROUNDS / 2
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        broker = Mosquitto(folder)
        stack.callback(broker.kill)
        port, secret = start(stack, serve_authorizer, folder, Durability.BUFFERED, broker.port)
        taps = [request(body, secret) for body in bodies_of(site_and_taps())]
        one_by_one(port, taps, share_s)  # warm up
        for _ in range(ROUNDS):
            rounds["up"].append(summed_up(one_by_one(port, taps, share_s)))
            broker.kill()
            rounds["down"].append(summed_up(one_by_one(port, taps, share_s)))
            broker.start()
    results = {name: median_of(each) for name, each in rounds.items()}
    down, up = results["down"], results["up"]
    config: dict[str, str | int | float] = {"rounds": ROUNDS, "seconds": options.seconds}
    ratios = {"down/up.p50": down.p50_us / up.p50_us, "down/up.p99": down.p99_us / up.p99_us}
    return Report("outage", machine(), config, results, ratios)
