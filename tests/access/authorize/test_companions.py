"""Two persons at one door of a controller: who is whose second person, whose host, and for how long."""

from datetime import timedelta

from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from access.services.badges import BadgeRecord
from access.services.people import PersonRecord
from policies.building import Reader, ScheduledMode
from policies.decision import Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, ScheduleId
from policies.policy import Rule, RuleEffect
from policies.request import Direction, DoorMode
from policies.roster import BadgeKind, ResidentType
from policies.schedule import Schedule, Weekday, Window
from tests.access.authorize.two_doors import (
    BY_ROOM,
    BY_SIDE,
    LASTS,
    MOMENT,
    PEOPLE,
    ROOM,
    SIDE,
    TWO_DOORS,
    add_dan,
    ask,
    site,
)
from tests.small_site import BUILDING, NOON, POLICY


def two_person_site(folder, *readers):
    paired = {door: replace(TWO_DOORS.doors[door], two_person=True) for door in (DoorId("room"), SIDE.id)}
    for_two = {ROOM.id: replace(ROOM, capacity=2, enforced=True)}
    building = replace(
        TWO_DOORS,
        doors=TWO_DOORS.doors | paired,
        spaces=TWO_DOORS.spaces | for_two,
        readers=TWO_DOORS.readers | {reader.id: reader for reader in readers},
    )
    return site(folder, building)


def test_two_persons_enter_together_and_take_two_seats(tmp_path, journal):
    services = two_person_site(tmp_path)
    authorizer = Authorizer(services, journal)
    assert ask(authorizer, "ada", BY_ROOM) is Reason.AUTHORIZATION_DELAYED
    assert ask(authorizer, "bob", BY_ROOM, NOON + MOMENT) is Reason.GRANTED
    assert ask(authorizer, "cyd", BY_SIDE, NOON + MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT
    services.close()


def test_two_persons_at_two_doors_of_a_room_are_each_alone(tmp_path, journal):
    services = two_person_site(tmp_path)
    authorizer = Authorizer(services, journal)
    assert ask(authorizer, "ada", BY_ROOM) is Reason.AUTHORIZATION_DELAYED
    assert ask(authorizer, "bob", BY_SIDE, NOON + MOMENT) is Reason.AUTHORIZATION_DELAYED
    services.close()


def test_an_escort_counts_as_long_as_they_may_enter_themselves(tmp_path, journal):
    escorted = Rule(
        RuleId("with-host"), RuleEffect.PERMIT, (ResidentType.VISITOR,), spaces=(ROOM.id,), escorted=True
    )
    policy = replace(POLICY, rules=(*POLICY.rules, escorted))
    services = site(tmp_path, BUILDING, policy=policy)
    eve = PersonRecord(PersonId("eve"), ResidentType.VISITOR, name="eve", host=PersonId("ada"))
    services.people.add([eve], "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("chip-eve"), BadgeKind.DESFIRE, eve.id)], "test", NOON)
    authorizer = Authorizer(services, journal)
    assert ask(authorizer, "eve", BY_ROOM) is Reason.NO_ACCOMPANIMENT
    ask(authorizer, "ada", BY_ROOM)
    assert ask(authorizer, "eve", BY_ROOM, NOON + MOMENT) is Reason.GRANTED
    services.people.change(PersonId("ada"), lambda ada: replace(ada, suspended=True), "test", NOON)
    assert ask(authorizer, "eve", BY_ROOM, NOON + 2 * MOMENT) is Reason.INCORRECT_ACCOMPANIMENT
    services.close()


def test_whoever_needed_a_second_person_is_not_the_second_person_of_a_third(tmp_path, journal):
    rules = tuple(replace(rule, accompanied=True) for rule in POLICY.rules)
    services = site(tmp_path, BUILDING, policy=replace(POLICY, rules=rules))
    authorizer = Authorizer(services, journal)
    told = [ask(authorizer, who, BY_ROOM, NOON + at * MOMENT) for at, who in enumerate(PEOPLE)]
    assert told == [Reason.AUTHORIZATION_DELAYED, Reason.GRANTED, Reason.AUTHORIZATION_DELAYED]
    services.close()


def test_whoever_went_in_at_a_free_door_has_shown_no_right_and_is_nobody_s_second_person(tmp_path, journal):
    morning = Schedule(ScheduleId("morning"), (Window(tuple(Weekday), 6 * 60, 12 * 60),))
    rules = tuple(replace(rule, accompanied=True) for rule in POLICY.rules)
    policy = replace(POLICY, rules=rules, schedules=POLICY.schedules | {morning.id: morning})
    free = replace(BUILDING.doors[DoorId("room")], modes=(ScheduledMode(DoorMode.FREE, morning.id),))
    services = site(tmp_path, replace(BUILDING, doors=BUILDING.doors | {DoorId("room"): free}), policy=policy)
    add_dan(services)
    authorizer = Authorizer(services, journal)
    told = []
    for who, at in (("dan", NOON - MOMENT), ("ada", NOON + MOMENT)):
        authorizer.advance(at)
        told.append(ask(authorizer, who, BY_ROOM, at))
    assert told == [Reason.GRANTED, Reason.AUTHORIZATION_DELAYED]
    services.close()


def test_who_leaves_is_nobody_s_second_person(tmp_path, journal):
    out = Reader(ReaderId("room-out"), DoorId("room"), Direction.EXIT)
    services = two_person_site(tmp_path, out)
    authorizer = Authorizer(services, journal)
    assert ask(authorizer, "bob", out.id) is Reason.GRANTED
    assert ask(authorizer, "ada", BY_ROOM, NOON + MOMENT) is Reason.AUTHORIZATION_DELAYED
    services.close()


def test_a_second_person_opens_once_and_only_in_time(tmp_path, journal):
    services = two_person_site(tmp_path)
    authorizer = Authorizer(services, journal)
    ask(authorizer, "ada", BY_ROOM)
    late = NOON + timedelta(seconds=SIDE.two_person_s)
    assert ask(authorizer, "bob", BY_ROOM, late) is Reason.AUTHORIZATION_DELAYED
    assert ask(authorizer, "ada", BY_ROOM, late + MOMENT) is Reason.GRANTED
    later = late + 2 * LASTS
    assert ask(authorizer, "cyd", BY_ROOM, later) is Reason.AUTHORIZATION_DELAYED
    services.close()
