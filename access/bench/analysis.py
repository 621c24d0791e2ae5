"""`totem bench analysis`: lint of the shipped policy, and its comparison with an edited one, beside loading it.

One edit concerns a single room, the other every door: what a comparison costs is how much of a building an edit
touches.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

import policies
from access.bench.report import NotBuilt, Options, Report, Size, machine
from access.bench.rounds import ROUNDS, measure
from policies.analysis.changes.diff import diff
from policies.analysis.lint import lint
from policies.analysis.taps.space import Space
from policies.ids import RuleId
from policies.loader import Site, load

_KM0 = Path(policies.__file__).parent / "km0"
_ROOM, _EVERYWHERE = RuleId("cafeteria"), RuleId("security-rounds")


def run(options: Options) -> Report:
    """Measure; raise `NotBuilt` for a size other than the building's."""
    if options.size is not Size.BUILDING:
        raise NotBuilt(f"analysis: size {options.size.value} is not built; expected building")
    results = measure(_contestants(load(_KM0)), [(None, None)] * ROUNDS, options.seconds)
    subjects = [name for name in results if name != "load"]
    return Report(
        bench="analysis",
        machine=machine(),
        config={"rounds": ROUNDS, "seconds": options.seconds, "room": _ROOM, "everywhere": _EVERYWHERE},
        results=results,
        ratios={f"{name}/load.p50": results[name].p50_us / results["load"].p50_us for name in subjects},
    )


def _contestants(site: Site) -> dict[str, Callable[[None, None], object]]:
    def compare(edited: Site, _: None, __: None) -> object:
        return diff(Space([site, edited]))

    return {
        "load": lambda _, __: load(_KM0),
        "lint": lambda _, __: lint(site),
        "diff-room": partial(compare, _without(site, _ROOM)),
        "diff-everywhere": partial(compare, _without(site, _EVERYWHERE)),
    }


def _without(site: Site, name: RuleId) -> Site:
    rules = tuple(rule for rule in site.policy.rules if rule.id != name)
    return site._replace(policy=msgspec.structs.replace(site.policy, rules=rules))
