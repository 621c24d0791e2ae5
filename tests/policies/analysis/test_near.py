"""Near misses: with what they name the interpreter grants, with less or sooner it does not, and none is missing."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings

from policies.analysis.near import NearMiss, near_misses
from policies.analysis.needs import Case, Kind, Need, Needs, met, needs_of
from policies.decision import Effect
from policies.request import AccessRequest, Direction, LiveState
from policies.roster import Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.policies.strategies import World


def with_all(world: World, request: AccessRequest, state: LiveState, needs: Needs) -> bool:
    """Ask the interpreter about the tap with the needs met."""
    badge = world.roster.badges[request.badge]
    case = met(needs, Case(badge, world.roster.people[badge.person], request, state), world.building)
    people = {**world.roster.people, case.person.id: case.person}
    if case.second is not None:
        people[case.second.id] = case.second
    roster = Roster(people, world.roster.badges)
    return interpret(world.policy, world.building, roster, case.request, case.state).grants


def misses(world: World, request: AccessRequest, state: LiveState) -> tuple[NearMiss, ...]:
    return near_misses(world.policy, world.building, world.roster, request, state)


@settings(max_examples=40)
@given(some.worlds())
def test_a_near_miss_is_true_and_asks_for_nothing_too_much(world):
    for request, state in world.taps:
        for miss in misses(world, request, state):
            needs = frozenset(miss.needs)
            assert with_all(world, request, state, needs)
            for need in needs:
                assert not with_all(world, request, state, needs - {need})


@settings(max_examples=15)
@given(some.worlds())
def test_nothing_is_granted_before_the_time_that_a_near_miss_says(world):
    for request, state in world.taps[:3]:
        for miss in misses(world, request, state):
            if miss.at is None:
                continue
            others = frozenset(need for need in miss.needs if need.kind is not Kind.TIME)
            at = request.at
            while at < miss.at:
                assert not with_all(world, request, state, others | {Need(Kind.TIME, at=at)})
                at += timedelta(hours=3, minutes=7)


@settings(max_examples=15)
@given(some.worlds())
def test_where_nothing_is_near_nothing_helps(world):
    for request, state in world.taps:
        badge = world.roster.badges.get(request.badge)
        person = world.roster.people.get(badge.person) if badge else None
        decision = interpret(world.policy, world.building, world.roster, request, state)
        if decision.grants:
            assert misses(world, request, state) == ()
        if decision.grants or person is None or misses(world, request, state):
            continue
        case = Case(badge, person, request, state)
        everything = frozenset().union(
            *(needs_of(rule, case, world.building) for rule in (None, *world.policy.rules))
        )
        strongest = max(
            (need for need in everything if need.kind is Kind.PROOF),
            key=lambda need: need.what == "authenticated",
            default=None,
        )
        everything = frozenset(n for n in everything if n.kind is not Kind.PROOF or n is strongest)
        for hours in range(0, 8 * 24, 5):
            wait = Need(Kind.TIME, at=request.at + timedelta(hours=hours))
            assert not with_all(world, request, state, everything | {wait})


@settings(max_examples=40)
@given(some.worlds())
def test_a_grant_a_way_out_and_an_unknown_badge_have_no_near_miss(world):
    for request, state in world.taps:
        way_out = world.building.readers[request.reader].direction is Direction.EXIT
        unknown = request.badge not in world.roster.badges
        granted = interpret(world.policy, world.building, world.roster, request, state).effect is Effect.GRANT
        if way_out or unknown or granted:
            assert misses(world, request, state) == ()


@settings(max_examples=20)
@given(some.worlds())
def test_of_two_near_misses_none_asks_for_more_and_later_than_the_other(world):
    for request, state in world.taps:
        found = misses(world, request, state)
        for one in found:
            for other in found:
                if one is not other and set(map(msgspec.json.encode, one.needs)) >= set(
                    map(msgspec.json.encode, other.needs)
                ):
                    raise AssertionError((one, other))
