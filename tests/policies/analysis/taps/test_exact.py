"""Interpreter and engine on every class of taps that KM0's rules can tell apart: no sample, the whole request space.

In normal, free and locked mode all of it. In lockdown, where the exempt are asked the same rules again, one class in
sixteen; `make soak` takes them all.
"""

from itertools import islice
from pathlib import Path

import pytest

import policies
from policies.analysis.taps.space import Space
from policies.engine import Engine
from policies.loader import load
from policies.request import DoorMode
from policies.rules import interpret
from tests.soak import soaked

KM0 = load(Path(policies.__file__).parent / "km0")
SHARDS = 4
STEPS = dict.fromkeys(DoorMode, 1) | {DoorMode.LOCKDOWN: soaked(16, 1)}
"""Of how many classes one is asked about."""


@pytest.mark.soak
@pytest.mark.parametrize("shard", range(SHARDS))
def test_interpreter_and_engine_agree_on_the_whole_request_space(shard):
    space = Space([KM0])
    compared = 0
    for door in space.doors[shard::SHARDS]:
        entrance = space.entrance(door)
        cases = [
            case
            for mode, step in STEPS.items()
            for case in islice(entrance.cases(modes=[mode]), 0, None, step)
        ]
        taps = [entrance.tap(case) for case in cases]
        roster = space.roster()
        engine = Engine(KM0.policy, KM0.building, roster)
        for tap in taps:
            expected = interpret(KM0.policy, KM0.building, roster, *tap)
            assert engine.decide(*tap) == expected, tap
        compared += len(taps)
    print("shard", shard, "classes compared", compared)
    assert compared > 1000
