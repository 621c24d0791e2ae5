"""Who can and what can, against the interpreter asked with everything that somebody could still bring along."""

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

import policies
from policies.analysis.needs import Kind, Need
from policies.analysis.questions.census import Census
from policies.analysis.questions.entrants import who_can
from policies.analysis.questions.reach import hours, what_can
from policies.engine import Engine
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SpaceId, TierId
from policies.loader import load
from policies.policy import Policy, Rule, RuleEffect
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.policies.strategies import DOORS, World
from tests.small_site import BUILDING
from tests.small_site import POLICY as PLAIN

KM0 = Path(policies.__file__).parent / "km0"
NOON = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)


def needed(world: World, person: Person, door: DoorId, at, mode=DoorMode.NORMAL):
    """Return the fewest things with which the interpreter lets the person in with one of their badges, else None."""
    own = [badge for badge in world.roster.badges.values() if badge.person == person.id]
    ways = []
    for badge, pin, host, proof in product(own, (False, True), (False, True), (False, True)):
        strongest = proof and badge.kind is BadgeKind.NTAG424
        assurance = Assurance.AUTHENTICATED if strongest else badge.kind.least_proof
        beside = (person.host,) if host and person.host else ()
        tap = AccessRequest(at, ReaderId(f"{door}-in"), badge.id, assurance, pin, beside)
        state = LiveState({door: mode})
        second = msgspec.structs.replace(person, id=PersonId("second"))
        people = {**world.roster.people, second.id: second}
        roster = msgspec.structs.replace(world.roster, people=people)
        needs = {Need(Kind.PIN)} if pin else set()
        needs |= {Need(Kind.HOST)} if beside else set()
        needs |= {Need(Kind.PROOF, "authenticated")} if strongest else set()
        if interpret(world.policy, world.building, roster, tap, state).grants:
            ways.append(needs)
        with_second = msgspec.structs.replace(tap, companions=(*beside, second.id))
        if interpret(world.policy, world.building, roster, with_second, state).grants:
            ways.append(needs | {Need(Kind.SECOND)})
    return min(ways, key=len, default=None)


@settings(max_examples=25)
@given(some.worlds())
def test_exactly_those_can_enter_whom_the_interpreter_lets_in_with_as_little(world):
    engine = Engine(world.policy, world.building, world.roster)
    census = Census(engine.holders)
    for (request, state), door in zip(world.taps[:3], DOORS, strict=False):
        mode = state.modes.get(door, DoorMode.NORMAL)
        found = who_can(engine, door, request.at, census, mode)
        able = {person: set(group.needs) for group in found.groups for person in group.people}
        assert sum(group.number for group in found.groups) == len(able)
        for person in world.roster.people.values():
            expected = needed(world, person, door, request.at, mode)
            assert (person.id in able) == (expected is not None)
            assert expected is None or len(able[person.id]) == len(expected)


@settings(max_examples=15)
@given(some.worlds())
def test_what_can_says_of_each_person_what_who_can_says_of_each_door(world):
    engine = Engine(world.policy, world.building, world.roster)
    at = world.taps[0][0].at
    by_door = {
        (person, door): group.needs
        for door in DOORS
        for group in who_can(engine, door, at).groups
        for person in group.people
    }
    for person in world.roster.people:
        for door, needs in what_can(engine, person, at).items():
            assert by_door.pop((person, door)) == needs
    assert by_door == {}


@settings(max_examples=10)
@given(some.worlds())
def test_hours_say_at_every_instant_what_what_can_says_then(world):
    engine = Engine(world.policy, world.building, world.roster)
    since = world.taps[0][0].at
    until = since + timedelta(days=2)
    for person in world.roster.people:
        spans = hours(engine, person, since, until)
        moments = {since + timedelta(hours=5, minutes=7) * step for step in range(9)}
        moments |= {edge for each in spans.values() for span in each for edge in (span.since, span.until)}
        moments |= {edge - timedelta(seconds=1) for edge in moments}
        for at in sorted(at for at in moments if since <= at < until):
            told = {
                door: span.needs
                for door, each in spans.items()
                for span in each
                if span.since <= at < span.until
            }
            assert told == what_can(engine, person, at)


def test_whoever_needs_a_pin_a_host_and_a_second_person_is_told_all_three():
    building, policy = load(KM0)
    room = DoorId("technical-room")
    shut = msgspec.structs.replace(building.doors[room], pin=True, two_person=True)
    building = msgspec.structs.replace(building, doors={**building.doors, room: shut})
    host = Person(PersonId("host"), ResidentType.STAFF, tiers=(TierId("facility"),))
    guest = Person(PersonId("guest"), ResidentType.CONTRACTOR, tiers=(TierId("contractor"),), host=host.id)
    badges = [Badge(BadgeId(f"chip-{who.id}"), BadgeKind.DESFIRE, who.id) for who in (host, guest)]
    engine = Engine(policy, building, Roster.of([host, guest], badges))
    groups = who_can(engine, room, NOON).groups
    found = {person: set(group.needs) for group in groups for person in group.people}
    assert found[guest.id] == {Need(Kind.PIN), Need(Kind.HOST), Need(Kind.SECOND)}
    assert found[host.id] == {Need(Kind.PIN), Need(Kind.SECOND)}


@pytest.mark.parametrize("hosts", [("ann", "bo"), ("bo", "ann")])
def test_of_two_guests_only_the_one_whose_host_takes_two_needs_a_second_person(hosts):
    site, permit = (SpaceId("site"),), RuleEffect.PERMIT
    policy = Policy(
        "hosts",
        {},
        {},
        PLAIN.calendar,
        (
            Rule(RuleId("alone"), permit, (ResidentType.STAFF,), spaces=site),
            Rule(RuleId("in-twos"), permit, (ResidentType.MAKER,), spaces=site, accompanied=True),
            Rule(RuleId("with-host"), permit, (ResidentType.VISITOR,), spaces=site, escorted=True),
        ),
    )
    ann, bo = Person(PersonId("ann"), ResidentType.STAFF), Person(PersonId("bo"), ResidentType.MAKER)
    guests = [
        Person(PersonId(f"guest-{number}"), ResidentType.VISITOR, host=PersonId(host))
        for number, host in enumerate(hosts)
    ]
    badges = [Badge(BadgeId(f"chip-{who.id}"), BadgeKind.DESFIRE, who.id) for who in guests]
    engine = Engine(policy, BUILDING, Roster.of([ann, bo, *guests], badges))
    found = {
        who: group.needs for group in who_can(engine, DoorId("room"), NOON).groups for who in group.people
    }
    assert found == {guest.id: what_can(engine, guest.id, NOON)[DoorId("room")] for guest in guests}
    assert {guest.host: len(found[guest.id]) for guest in guests} == {ann.id: 1, bo.id: 2}
