"""Modes at the doors of controllers: a free period that waits for its first person, a lockdown, a schedule."""

from datetime import timedelta

from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from access.services.badges import BadgeRecord
from access.services.doors import Act
from policies.building import ScheduledMode
from policies.decision import Reason
from policies.ids import BadgeId, DoorId, ScheduleId
from policies.request import DoorMode
from policies.roster import BadgeKind
from tests.access.authorize.two_doors import (
    BY_ROOM,
    BY_SIDE,
    MOMENT,
    ROOM,
    SIDE,
    TWO_DOORS,
    add_dan,
    ask,
    site,
)
from tests.small_site import NOON

NIGHT, MORNING = timedelta(hours=9), timedelta(days=1)


def waits_for_its_first_person(folder, *, contact=False):
    waiting = ScheduledMode(DoorMode.FREE, ScheduleId("day"), first_person_in=True)
    side = replace(SIDE, contact=contact, modes=(waiting,))
    room = replace(ROOM, capacity=9)
    building = replace(
        TWO_DOORS, doors=TWO_DOORS.doors | {SIDE.id: side}, spaces=TWO_DOORS.spaces | {ROOM.id: room}
    )
    services = site(folder, building)
    add_dan(services)
    return services


def test_a_free_period_waits_for_somebody_who_is_let_in_by_a_rule_and_ends_with_its_schedule(
    tmp_path, journal
):
    services = waits_for_its_first_person(tmp_path)
    authorizer = Authorizer(services, journal)
    told = []
    for who, at in (
        ("dan", NOON),
        ("ada", NOON + MOMENT),
        ("dan", NOON + 2 * MOMENT),
        ("ada", NOON + NIGHT),
        ("dan", NOON + MORNING),
    ):
        authorizer.advance(at)
        told.append(ask(authorizer, who, BY_SIDE, at))
    nobody, night = Reason.NO_ACCESS_RIGHTS, Reason.OUT_OF_TIME_RANGE
    assert told == [nobody, Reason.GRANTED, Reason.GRANTED, night, nobody]
    services.close()


def test_a_free_period_that_has_begun_goes_on_after_a_restart(tmp_path, journal):
    services = waits_for_its_first_person(tmp_path)
    ask(Authorizer(services, journal), "ada", BY_SIDE)
    again = Authorizer(services, journal)
    again.advance(NOON + MOMENT)
    assert ask(again, "dan", BY_SIDE, NOON + MOMENT) is Reason.GRANTED
    services.close()


def test_where_nobody_tells_who_went_in_a_free_period_never_begins(tmp_path, journal):
    services = waits_for_its_first_person(tmp_path, contact=True)
    authorizer = Authorizer(services, journal)
    ask(authorizer, "ada", BY_SIDE)
    authorizer.advance(NOON + MOMENT)
    assert ask(authorizer, "dan", BY_SIDE, NOON + MOMENT) is Reason.NO_ACCESS_RIGHTS
    services.close()


def test_a_lockdown_and_a_mode_by_schedule_hold_for_controllers(tmp_path, journal):
    free = ScheduledMode(DoorMode.FREE, ScheduleId("day"))
    waiting = replace(free, first_person_in=True)
    doors = {
        DoorId("room"): replace(TWO_DOORS.doors[DoorId("room")], modes=(free,)),
        SIDE.id: replace(SIDE, modes=(waiting,)),
    }
    services = site(tmp_path, replace(TWO_DOORS, doors=TWO_DOORS.doors | doors))
    authorizer = Authorizer(services, journal)
    authorizer.advance(NOON)
    stranger = BadgeRecord(BadgeId("chip-nobody"), BadgeKind.DESFIRE, None)
    services.badges.add([stranger], "test", NOON)
    assert ask(authorizer, "dan", BY_ROOM) is Reason.UNKNOWN_CREDENTIAL
    assert ask(authorizer, "nobody", BY_SIDE) is Reason.CREDENTIAL_UNASSIGNED
    services.doors.lock_down(None, None, Act("l1", "test", "drill", NOON))
    assert ask(authorizer, "ada", BY_ROOM) is Reason.THREAT_LEVEL
    again = Authorizer(services, journal)
    assert ask(again, "ada", BY_ROOM) is Reason.THREAT_LEVEL
    services.close()
