"""Near misses: with what they name the interpreter grants, with less or sooner it does not, and none is missing."""

from datetime import timedelta

from hypothesis import given, settings

from policies.analysis.explanation.near import NearMiss, near_misses
from policies.analysis.needs import Case, Kind, Need, Needs, met, needs_of
from policies.request import AccessRequest, Direction, LiveState
from policies.roster import Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.policies.strategies import World


def case_of(world: World, request: AccessRequest, state: LiveState) -> Case | None:
    badge = world.roster.badges.get(request.badge)
    person = world.roster.people.get(badge.person) if badge and badge.person else None
    return Case(badge, person, request, state) if badge and person else None


def granted(world: World, case: Case, needs: Needs = frozenset()) -> bool:
    """Ask the interpreter about the tap with the needs met."""
    case = met(needs, case, world.building)
    people = {**world.roster.people, case.person.id: case.person}
    if case.second is not None:
        people[case.second.id] = case.second
    roster = Roster(people, world.roster.badges)
    return interpret(world.policy, world.building, roster, case.request, case.state).grants


def misses(world: World, request: AccessRequest, state: LiveState) -> tuple[NearMiss, ...]:
    return near_misses(world.policy, world.building, world.roster, request, state)


@settings(max_examples=20)
@given(some.worlds())
def test_a_near_miss_is_true_and_asks_for_nothing_too_much_or_too_late(world):
    for request, state in world.taps:
        case, found = case_of(world, request, state), misses(world, request, state)
        for miss in found:
            assert case is not None
            needs = frozenset(miss.needs)
            assert granted(world, case, needs)
            assert not any(granted(world, case, needs - {need}) for need in needs)
            others = frozenset(need for need in needs if need.kind is not Kind.TIME)
            sooner = (request.at + timedelta(hours=9, minutes=7) * step for step in range(1, 20))
            for at in sooner if miss.at else ():
                is_sooner = miss.at is not None and at < miss.at
                assert not (is_sooner and granted(world, case, others | {Need(Kind.TIME, at=at)}))
            assert not any(other is not miss and set(other.needs) <= set(miss.needs) for other in found)


@settings(max_examples=10)
@given(some.worlds())
def test_where_nothing_is_near_nothing_helps(world):
    for request, state in world.taps:
        case = case_of(world, request, state)
        is_exit = world.building.readers[request.reader].direction is Direction.EXIT
        if case is None or is_exit or granted(world, case):
            assert misses(world, request, state) == ()
        elif not misses(world, request, state):
            everything = frozenset().union(
                *(needs_of(rule, case, world.building) for rule in (None, *world.policy.rules))
            )
            proofs = sorted(
                (need for need in everything if need.kind is Kind.PROOF),
                key=lambda n: n.what != "authenticated",
            )
            everything -= set(proofs[1:])
            for hours in range(0, 8 * 24, 5):
                wait = Need(Kind.TIME, at=request.at + timedelta(hours=hours))
                assert not granted(world, case, everything | {wait})
