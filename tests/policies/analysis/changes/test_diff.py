"""Two sites compared: what differs is told and nothing else, each difference by a tap that is decided otherwise."""

from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import policies
from policies.analysis.changes.diff import diff, timetables
from policies.analysis.changes.diff_words import difference_told, timetable_told
from policies.analysis.changes.doorways import Turn
from policies.analysis.taps.flips import Tap, Witness
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import Group
from policies.building import Building, ScheduledMode
from policies.decision import Effect
from policies.ids import BadgeId, DoorId, OrganisationId, PersonId, RuleId, ScheduleId, TierId
from policies.loader import Site, load
from policies.policy import Rule
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Badge, BadgeKind, Certification, Person, ResidentType, Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.soak import soaked

KM0 = load(Path(policies.__file__).parent / "km0")
KINDS = {
    Assurance.UID: BadgeKind.UID,
    Assurance.SUN: BadgeKind.NTAG424,
    Assurance.AUTHENTICATED: BadgeKind.DESFIRE,
}
RANK = {Effect.DENY: 0, Effect.PENDING: 1, Effect.GRANT: 2}


def with_policy(site: Site = KM0, **fields: Any) -> Site:
    return site._replace(policy=msgspec.structs.replace(site.policy, **fields))


class Member(NamedTuple):
    """Who turns at a door in a mode: what the comparison is made by."""

    door: DoorId
    mode: DoorMode
    turn: Turn
    type: ResidentType
    organisation: OrganisationId | None
    tiers: tuple[TierId, ...]


def edited(name: str, **fields: Any) -> Site:
    """Return KM0 with one rule changed; without it where no field is given."""
    kept = [
        msgspec.structs.replace(rule, **fields) if rule.id == name else rule
        for rule in KM0.policy.rules
        if fields or rule.id != name
    ]
    assert kept != list(KM0.policy.rules)
    return with_policy(rules=tuple(kept))


def rebuilt(door: str, **fields: Any) -> Site:
    doors = {**KM0.building.doors}
    doors[DoorId(door)] = msgspec.structs.replace(doors[DoorId(door)], **fields)
    spaces, readers = KM0.building.spaces.values(), KM0.building.readers.values()
    return KM0._replace(building=Building.of(KM0.building.site, spaces, doors.values(), readers))


def renamed(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, id=RuleId(f"new-{rule.id}"))


SAME = {
    "itself": KM0,
    "the rules in another order": with_policy(rules=KM0.policy.rules[::-1]),
    "the rules under other names": with_policy(rules=tuple(map(renamed, KM0.policy.rules))),
    "a rule said twice": with_policy(rules=(*KM0.policy.rules, renamed(KM0.policy.rules[0]))),
    "a longer strike time": rebuilt("agora", strike_time_s=9.0),
}


@pytest.mark.parametrize("site", SAME.values(), ids=SAME)
def test_nothing_differs_where_every_tap_is_decided_alike(site):
    space = Space([KM0, site])
    assert (diff(space), timetables(space)) == ((), ())


CHANGES = {
    "a group loses a room": (
        edited("schools-fablab", tiers=("school-uha40", "school-42")),
        {(Turn.LOSES, ("fablab",))},
        "− ne peuvent plus entrer : tous sauf makers, avec school-epitech | FabLab | lundi à vendredi 09:00–18:00",
        "- may no longer enter: everybody but makers, with school-epitech | FabLab | Monday to Friday 09:00–18:00",
    ),
    "a forbid for one mode is dropped": (
        edited("no-contractors-by-the-open-bank-door"),
        {(Turn.GAINS, ("credit-agricole",))},
        "+ peuvent entrer : prestataires | Crédit Agricole | porte en accès libre | à toute heure",
        "+ may enter: contractors | Crédit Agricole | while the door is free | at any hour",
    ),
}


@pytest.mark.parametrize(("site", "expected", "french", "english"), CHANGES.values(), ids=CHANGES)
def test_who_gains_or_loses_which_door_is_told_in_both_languages(site, expected, french, english):
    space = Space([KM0, site])
    found = diff(space)
    assert {(each.turn, each.doors) for each in found} == expected
    told = difference_told(found[0], space)
    assert told.fr.startswith(french)
    assert told.en.startswith(english)


def test_a_mode_by_schedule_that_moves_is_told():
    hall = next(name for name, door in KM0.building.doors.items() if not door.modes)
    free = ScheduledMode(DoorMode.FREE, ScheduleId("evenings"), first_person_in=True)
    space = Space([KM0, rebuilt(hall, modes=(free,))])
    assert diff(space) == ()
    (found,) = timetables(space)
    assert (found.doors, found.old) == ((hall,), None)
    assert "normal mode → while the door is free from the first person on | Monday to Friday 18:00–23:00" in (
        timetable_told(found, space).en
    )


def test_a_door_that_asks_for_more_proof_loses_those_who_come_with_less():
    space = Space([KM0, rebuilt("cafeteria", proof=max(door.proof for door in KM0.building.doors.values()))])
    found = diff(space)
    assert {(each.turn, each.doors) for each in found} == {(Turn.LOSES, ("cafeteria",))}
    assert all(each.tap.assurance == "uid" for each in found)


def test_a_door_that_is_no_longer_there_is_lost_to_all_who_could_enter_by_it():
    building = KM0.building
    doors = [door for name, door in building.doors.items() if name != "courtyard"]
    readers = [reader for reader in building.readers.values() if reader.door != "courtyard"]
    smaller = Building.of(building.site, building.spaces.values(), doors, readers)
    for sites, turn in (
        ([KM0, KM0._replace(building=smaller)], Turn.LOSES),
        ([KM0._replace(building=smaller), KM0], Turn.GAINS),
    ):
        found = diff(Space(sites))
        assert found
        assert {(each.turn, each.doors) for each in found} == {(turn, ("courtyard",))}


@pytest.mark.parametrize("name", [rule.id for rule in KM0.policy.rules[::6]])
def test_the_tap_of_every_difference_is_decided_as_it_says_by_the_definition(name):
    site = edited(name)
    found = diff(Space([KM0, site]))
    assert found
    for each in found:
        for (building, policy), outcome in ((KM0, each.old), (site, each.new)):
            decision = interpret(policy, building, *tried(each.tap, building))
            assert (decision.effect, decision.reason, decision.rules) == (
                outcome.effect,
                outcome.reason,
                outcome.rules,
            )


def tried(tap: Tap, building: Building) -> tuple[Roster, AccessRequest, LiveState]:
    """Return a told tap as one that can be decided: the people it tells of, and no others."""
    proof = Assurance[tap.assurance.upper()]
    people = [person(PersonId("somebody"), tap.person)]
    company = []
    if tap.host is not None:
        people.append(person(PersonId("host"), tap.host))
        company.append(PersonId("host"))
    for number, beside in enumerate(tap.company):
        if isinstance(beside, Witness):
            people.append(person(PersonId(f"mate-{number}"), beside))
        company.append(beside if isinstance(beside, str) else people[-1].id)
    badge = Badge(BadgeId("badge"), KINDS[proof], people[0].id)
    since = {} if tap.inside_for_s is None else {people[0].id: tap.at - timedelta(seconds=tap.inside_for_s)}
    inside = dict.fromkeys(since, building.doors[tap.door].inner)
    modes = {} if tap.mode is DoorMode.NORMAL else {tap.door: tap.mode}
    request = AccessRequest(tap.at, tap.reader, badge.id, proof, tap.pin_ok, tuple(company))
    return (
        Roster({each.id: each for each in people}, {badge.id: badge}),
        request,
        LiveState(modes, tap.counts, inside, since),
    )


def person(name: PersonId, told: Witness) -> Person:
    trained = tuple(map(Certification, told.certifications))
    return Person(
        name, told.type, told.organisation, told.tiers, certifications=trained, host=PersonId("host")
    )


@pytest.mark.soak
@settings(max_examples=soaked(12, 400), deadline=None)
@given(some.worlds(), st.data())
def test_the_differences_are_exactly_the_classes_of_taps_that_turn(world, data):
    whole = {name for name, each in world.policy.schedules.items() if set(each.closed_on) <= {some.TERM}}
    rules = tuple(rule for rule in world.policy.rules if rule.schedule in {None, *whole})
    old = Site(world.building, msgspec.structs.replace(world.policy, rules=rules))
    kept = data.draw(st.lists(st.booleans(), min_size=len(rules), max_size=len(rules)))
    new = with_policy(old, rules=tuple(rule for rule, is_kept in zip(rules, kept, strict=True) if is_kept))
    space = Space([old, new])
    turned = brute_force(space)
    claimed: dict[Member, int] = {}
    for each in diff(space):
        for door, mode, group in product(each.doors, each.modes, each.groups):
            for one in members(group):
                key = Member(door, mode, each.turn, *one)
                assert each.quarters & ~turned.get(key, 0) == 0, "told, and does not turn"
                claimed[key] = claimed.get(key, 0) | each.quarters
    for member, quarters in turned.items():
        told = 0
        for other, at in claimed.items():
            told |= at if other[:-1] == member[:-1] and set(other.tiers) <= set(member.tiers) else 0
        assert quarters & ~told == 0, "turns, and is not told"


def brute_force(space: Space) -> dict[Member, int]:
    """Return, by asking about every class of taps, when whom of which tiers can turn which way at a door in a mode."""
    turned: dict[Member, int] = {}
    for entrance in space.entrances():
        before, after = space.engines([entrance])
        for case in entrance.cases():
            old, new = before.decide(*entrance.tap(case)), after.decide(*entrance.tap(case, 1))
            if gain := RANK[new.effect] - RANK[old.effect]:
                turn = Turn.GAINS if gain > 0 else Turn.LOSES
                for one in (one for group in case.kind.groups for one in members(group)):
                    key = Member(entrance.door, case.mode, turn, *one)
                    turned[key] = turned.get(key, 0) | case.moment.quarters
    return turned


def members(group: Group) -> "product[tuple[ResidentType, OrganisationId | None, tuple[TierId, ...]]]":
    return product(group.types, group.organisations, group.tiers)
