"""`totem bench load`: 200 taps a second as people come, while the office imports 10,000 people, exports and watches.

The subject is the authorizer apart, beside the server that does the office's work over the same store and a real
Mosquitto; the office's processes run at a lower priority. The yardstick is the bare ASGI app of `totem bench
authorize` under the same load, its rounds between the subject's. A tap's time is from when it was due, queue and all.
`rush` are the same taps in the shape of a morning. `missed` counts answers after 50 ms, `missed_bare` the yardstick's:
what the machine itself makes late. `worst` is the longest of all rounds.
"""

import multiprocessing
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from access.bench.authorize.bench import answer_of, bodies_of, start
from access.bench.authorize.controllers import request
from access.bench.authorize.servers import serve_authorizer, serve_bare
from access.bench.decide import site_and_taps
from access.bench.load.arrivals import Taken, come, in_a_rush
from access.bench.load.broker import Mosquitto
from access.bench.load.office import PEOPLE, VIEWERS, serve_office, work
from access.bench.report import NotBuilt, Options, Report, Result, Size, machine, result
from access.bench.rounds import ROUNDS, median_of
from readers.journal import Durability

_PER_S = 200.0
_NS_PER_MS = 1_000_000
_DEADLINE_NS = 50 * _NS_PER_MS


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` without Mosquitto, or for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"load: size {options.size.value} is not built; expected building")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="totem-bench-")))
        broker = Mosquitto(folder)
        stack.callback(broker.kill)
        bodies = bodies_of(site_and_taps())
        port, secret = start(stack, serve_authorizer, folder, Durability.BUFFERED, broker.port)
        taps = [request(body, secret) for body in bodies]
        headers, size = answer_of(port, taps[0])
        bare, _ = start(stack, serve_bare, size, headers)
        done = multiprocessing.get_context("spawn").Array("q", 2)
        start(stack, work, *start(stack, serve_office, folder, broker.port), done)
        share_s = options.seconds / ROUNDS / 3
        contests = {
            "authorize": partial(come, port, taps, share_s, _PER_S),
            "bare": partial(come, bare, taps, share_s, _PER_S),
            "rush": partial(come, port, taps, share_s, _PER_S, shape=in_a_rush),
        }
        rounds: dict[str, list[Taken]] = {name: [] for name in contests}
        for number in range(ROUNDS):
            for name, contest in contests.items():
                rounds[name].append(contest(seed=number))
        config: dict[str, str | int | float] = {
            "taps_per_s": _PER_S,
            "viewers": VIEWERS,
            "people_imported": PEOPLE,
            "imports": done[0],
            "exports": done[1],
            "missed": _missed(rounds["authorize"]),
            "missed_rush": _missed(rounds["rush"]),
            "missed_bare": _missed(rounds["bare"]),
            **{f"worst_{name}_ms": _worst_ms(taken) for name, taken in rounds.items()},
            "rounds": ROUNDS,
            "seconds": options.seconds,
        }
    results = {name: median_of([_summed_up(each) for each in taken]) for name, taken in rounds.items()}
    return Report("load", machine(), config, results, _ratios(results))


def _missed(rounds: list[Taken]) -> int:
    return sum(taken.missed(_DEADLINE_NS) for taken in rounds)


def _worst_ms(rounds: list[Taken]) -> float:
    return max(max(taken.times_ns) for taken in rounds) / _NS_PER_MS


def _summed_up(taken: Taken) -> Result:
    return result(taken.times_ns)


def _ratios(results: dict[str, Result]) -> dict[str, float]:
    subject, yardstick = results["authorize"], results["bare"]
    return {
        "load/bare.p50": subject.p50_us / yardstick.p50_us,
        "load/bare.p99": subject.p99_us / yardstick.p99_us,
    }
