"""The compiled engine against the interpreter that defines the meaning, and the theorems both must keep."""

import msgspec
import pytest
from hypothesis import given, settings

from policies.analysis.questions.reach import badges_of
from policies.building import Building, Door, Space
from policies.decision import Effect, Flag, Reason
from policies.engine import Engine
from policies.ids import BadgeId, ReaderId, RuleId
from policies.policy import Rule, RuleEffect
from policies.request import AccessRequest, Assurance, Direction, DoorMode, LiveState
from policies.roster import Badge, Person, Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.policies.strategies import World

few = settings(max_examples=25)


def engine_of(world: World) -> Engine:
    return Engine(world.policy, world.building, world.roster)


def side(building: Building, request: AccessRequest) -> tuple[Direction, Door, Space]:
    """Return which way the tap goes, at which door, and the door's inner space."""
    reader = building.readers[request.reader]
    door = building.doors[reader.door]
    return reader.direction, door, building.spaces[door.inner]


def at_the_other_reader(request: AccessRequest, way: str) -> AccessRequest:
    door = request.reader.removesuffix("-in").removesuffix("-out")
    return msgspec.structs.replace(request, reader=ReaderId(f"{door}-{way}"))


@settings(max_examples=120)
@given(some.worlds())
def test_the_engine_decides_what_the_interpreter_does(world):
    engine = engine_of(world)
    for request, state in world.taps:
        expected = interpret(world.policy, world.building, world.roster, request, state)
        assert engine.decide(request, state) == expected


@settings(max_examples=80)
@given(some.worlds())
def test_the_engine_decides_an_everyday_tap_as_the_interpreter_does(world):
    everyday = some.everyday(world)
    engine = engine_of(everyday)
    for tap in everyday.taps:
        expected = interpret(everyday.policy, everyday.building, everyday.roster, *tap)
        assert engine.decide(*tap) == expected


@few
@given(some.worlds(), some.rosters())
def test_people_and_badges_put_in_later_count_like_those_there_from_the_start(world, newer):
    engine = engine_of(world)
    for person in newer.people.values():
        engine.put_person(person)
    for badge in newer.badges.values():
        engine.put_badge(badge)
    for request, state in world.taps:
        assert engine.decide(request, state) == interpret(world.policy, world.building, newer, request, state)


@few
@given(some.worlds(), some.rosters(), some.orders())
def test_whoever_comes_changes_hands_and_goes_counts_as_they_last_were(world, newer, order):
    everyday = some.everyday(world)
    engine, roster = engine_of(everyday), everyday.roster
    people, badges = dict(roster.people), dict(roster.badges)
    handed_on = [
        msgspec.structs.replace(badge, person=person) for badge in newer.badges.values() for person in people
    ]
    steps = [*people, *badges, *newer.people.values(), *newer.badges.values(), *handed_on]
    for step in order:
        each = steps[step % len(steps)]
        if isinstance(each, Person):
            people[each.id] = each
            engine.put_person(each)
        elif isinstance(each, Badge):
            badges[each.id] = each
            engine.put_badge(each)
        elif people.pop(each, None):
            engine.drop_person(each)
        elif badges.pop(each, None):
            engine.drop_badge(each)
        for request, state in everyday.taps:
            expected = interpret(everyday.policy, everyday.building, Roster(people, badges), request, state)
            assert engine.decide(request, state) == expected
    for person in people:
        held = {badge.id for badge in badges.values() if badge.person == person}
        assert set(badges_of(engine, person)) == held


@few
@given(some.worlds())
def test_the_same_question_has_the_same_answer_whatever_was_asked_between(world):
    engine = engine_of(world)
    first = [engine.decide(request, state) for request, state in world.taps]
    assert [engine.decide(request, state) for request, state in reversed(world.taps)] == first[::-1]


@few
@given(some.worlds())
def test_a_forbid_trumps_every_permit(world):
    for request, state in world.taps:
        direction, _, space = side(world.building, request)
        forbid = Rule(RuleId("never"), RuleEffect.FORBID, spaces=(space.id,))
        stricter = msgspec.structs.replace(world.policy, rules=(*world.policy.rules, forbid))
        decision = Engine(stricter, world.building, world.roster).decide(request, state)
        if direction is Direction.ENTRY:
            assert decision.effect is Effect.DENY
        elif decision.grants:
            assert Flag.REFUSED_INWARDS in decision.flags


@few
@given(some.worlds())
def test_nothing_opens_without_a_permit_a_grant_or_a_free_door(world):
    people = {name: msgspec.structs.replace(who, grants=()) for name, who in world.roster.people.items()}
    policy = msgspec.structs.replace(world.policy, rules=())
    engine = Engine(policy, world.building, Roster(people, world.roster.badges))
    for request, state in world.taps:
        direction, door, _ = side(world.building, request)
        if direction is Direction.ENTRY and state.modes.get(door.id) is not DoorMode.FREE:
            assert engine.decide(request, state).effect is Effect.DENY


@few
@given(some.worlds())
def test_an_exit_of_a_known_badge_is_always_granted(world):
    engine = engine_of(world)
    for request, state in world.taps:
        leaving = engine.decide(at_the_other_reader(request, "out"), state)
        assert leaving.grants == (request.badge in world.roster.badges)


ROOM_FOR_ALL = LiveState(counts={}, inside={})
"""Nobody inside, so that only rights refuse: who leaves a full room is not flagged for its being full."""


@few
@given(some.worlds())
def test_an_exit_is_flagged_where_the_rights_would_refuse_inwards(world):
    building = msgspec.structs.replace(
        world.building,
        spaces={
            name: msgspec.structs.replace(each, capacity=None) for name, each in world.building.spaces.items()
        },
        doors={
            name: msgspec.structs.replace(each, two_person=False)
            for name, each in world.building.doors.items()
        },
    )
    rules = tuple(msgspec.structs.replace(rule, accompanied=False) for rule in world.policy.rules)
    engine = Engine(msgspec.structs.replace(world.policy, rules=rules), building, world.roster)
    for request, given_state in world.taps:
        state = msgspec.structs.replace(ROOM_FOR_ALL, modes=given_state.modes)
        leaving = engine.decide(at_the_other_reader(request, "out"), state)
        entering = engine.decide(at_the_other_reader(request, "in"), state)
        if leaving.grants:
            is_refused = entering.effect is Effect.DENY
            assert (Flag.REFUSED_INWARDS in leaving.flags) == is_refused
            assert leaving.inwards == (entering.reason if is_refused else None)


@few
@given(some.worlds())
def test_a_restricted_space_is_entered_only_by_what_names_it_or_its_door(world):
    engine = engine_of(world)
    for request, state in world.taps:
        direction, door, space = side(world.building, request)
        decision = engine.decide(request, state)
        is_free = state.modes.get(door.id) is DoorMode.FREE
        if direction is Direction.EXIT or not space.restricted or is_free or not decision.grants:
            continue
        permits = [(rule.id, rule) for rule in world.policy.rules]
        grants = [
            (f"grant:{grant.id}", grant) for who in world.roster.people.values() for grant in who.grants
        ]
        naming = {
            name for name, what in [*permits, *grants] if space.id in what.spaces or door.id in what.doors
        }
        assert decision.rules
        assert set(decision.rules) <= naming


@few
@given(some.worlds())
def test_a_weaker_proof_never_opens_more(world):
    engine = engine_of(world)
    for request, state in world.taps:
        granted = [
            engine.decide(msgspec.structs.replace(request, assurance=proof), state).grants
            for proof in Assurance
        ]
        assert granted == sorted(granted)


@few
@given(some.worlds())
def test_an_unknown_badge_is_refused_on_both_sides_and_names_nobody(world):
    engine = engine_of(world)
    for request, state in world.taps:
        stranger = msgspec.structs.replace(request, badge=BadgeId("nobody's"))
        decision = engine.decide(stranger, state)
        assert (decision.effect, decision.reason) == (Effect.DENY, Reason.UNKNOWN_CREDENTIAL)
        assert (decision.person, decision.rules) == (None, ())


@settings(max_examples=5)
@given(some.worlds())
def test_a_reader_that_does_not_exist_is_a_fault_and_no_decision(world):
    astray = msgspec.structs.replace(world.taps[0][0], reader=ReaderId("no-reader"))
    with pytest.raises(KeyError):
        engine_of(world).decide(astray, LiveState())
    with pytest.raises(KeyError):
        interpret(world.policy, world.building, world.roster, astray, LiveState())
