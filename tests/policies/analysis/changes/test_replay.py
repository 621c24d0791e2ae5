"""Replays against the interpreter: every tap that flips is told, and no other, whatever the two policies are."""

import msgspec
from hypothesis import given, settings

from policies.analysis.changes.replay import Past, Replay
from policies.loader import Site
from policies.request import DoorMode, LiveState
from policies.rules import interpret
from tests.policies import strategies as some


@settings(max_examples=40)
@given(some.worlds(), some.policies(), some.buildings())
def test_the_taps_that_flip_are_those_that_the_interpreter_decides_differently(world, newer, rebuilt):
    old = Site(world.building, world.policy)
    for new in (Site(world.building, newer), Site(rebuilt, world.policy), old):
        taps, expected = [], []
        for number, (request, state) in enumerate(world.taps):
            door = world.building.readers[request.reader].door
            mode = state.modes.get(door, DoorMode.NORMAL)
            taps.append(
                Past(
                    str(number),
                    request.at,
                    request.reader,
                    request.badge,
                    request.assurance,
                    request.pin_ok,
                    mode,
                )
            )
            alone, at_the_door = msgspec.structs.replace(request, companions=()), LiveState({door: mode})
            answers = {
                (answer.effect, answer.reason)
                for site in (old, new)
                for answer in [interpret(site.policy, site.building, world.roster, alone, at_the_door)]
            }
            expected += [str(number)] if len(answers) > 1 else []
        assert [flip.id for flip in Replay(old, new, world.roster).flips(taps)] == expected
