"""Decide and reserve in one step: the last seat is given once, and comes back when nobody took it."""

import asyncio
import errno
import os
from time import monotonic

import pytest
from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from policies.building import Passback
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SpaceId
from policies.request import Assurance
from readers.journal import Durability, FileJournal
from readers.wire.events import GENESIS, Draft, EventType, Inputs, parse, seal
from readers.wire.reservations import Reserve
from tests.access.authorize.two_doors import (
    BY_ROOM,
    BY_SIDE,
    LASTS,
    MOMENT,
    ROOM,
    SIDE,
    SOURCE,
    TWO_DOORS,
    ask,
    open_journal,
    site,
    tap,
)
from tests.small_site import EDGE, NOON


@pytest.fixture
def services(tmp_path):
    opened = site(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def authorizer(services, journal):
    return Authorizer(services, journal)


def reported(services, kind, who, door, at, seq):
    """Let the door's computer report, as ingest hands it on."""
    draft = Draft(at, kind, DoorId(door), None, ROOM.id, SpaceId("hall"), person=PersonId(who))
    services.news.tell([parse(seal(draft, EDGE, 1, seq, GENESIS, "salt").line)])


def test_the_last_seat_is_given_once_whatever_door_is_asked(authorizer):
    assert ask(authorizer, "ada", BY_ROOM) is Reason.GRANTED
    assert ask(authorizer, "bob", BY_SIDE) is Reason.UPPER_OCCUPANCY_LIMIT
    assert ask(authorizer, "bob", BY_ROOM) is Reason.UPPER_OCCUPANCY_LIMIT


def test_whoever_hesitates_and_taps_again_is_let_in(authorizer):
    assert ask(authorizer, "ada", BY_ROOM) is Reason.GRANTED
    assert ask(authorizer, "ada", BY_ROOM, NOON + MOMENT) is Reason.GRANTED


def test_a_seat_whose_holder_did_not_enter_is_free_again_with_the_report(authorizer, services):
    ask(authorizer, "ada", BY_ROOM)
    reported(services, EventType.NO_ENTRY, "ada", "room", NOON + MOMENT, 1)
    assert ask(authorizer, "bob", BY_SIDE, NOON + 2 * MOMENT) is Reason.GRANTED


def reserved(authorizer, who, reader, at=NOON):
    """Have a door computer ask that has all the time it needs; return the verdict."""
    asked = Reserve(reader, BadgeId(f"chip-{who}"), Assurance.AUTHENTICATED)
    return asyncio.run(authorizer.reserve(asked, at, arrived=monotonic() + 600))


def refused_after_all(who, reservation, at, seq):
    """Return what the room's computer reports of a tap that it refused though the site had granted it."""
    draft = Draft(
        at,
        EventType.DECISION,
        DoorId("room"),
        BY_ROOM,
        ROOM.id,
        effect=Effect.DENY,
        reason=Reason.THREAT_LEVEL,
        inputs=Inputs(Assurance.AUTHENTICATED, reservation=reservation),
        person=PersonId(who),
    )
    return parse(seal(draft, EDGE, 1, seq, GENESIS, "salt").line)


def test_a_seat_that_the_door_refused_after_all_is_free_again_with_its_report(authorizer, services):
    named = reserved(authorizer, "ada", BY_ROOM).reservation
    assert ask(authorizer, "bob", BY_SIDE, NOON + MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT
    refused = refused_after_all("ada", named, NOON + 2 * MOMENT, 1)
    services.news.tell([refused])
    assert ask(authorizer, "bob", BY_SIDE, NOON + 3 * MOMENT, record=False) is Reason.GRANTED
    newer = reserved(authorizer, "ada", BY_ROOM, NOON + 4 * MOMENT)
    assert newer.effect is Effect.GRANT
    services.news.tell([refused])
    assert ask(authorizer, "bob", BY_SIDE, NOON + 5 * MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT, (
        "it is told late"
    )


def test_a_refusal_of_the_site_s_own_takes_back_no_seat_that_was_given_before(authorizer, services):
    ask(authorizer, "ada", BY_ROOM)
    services.news.tell([refused_after_all("ada", "authorizer-1:1:99", NOON + MOMENT, 1)])
    again = reserved(authorizer, "ada", BY_ROOM, NOON + 2 * MOMENT).reservation
    services.news.tell([refused_after_all("ada", again, NOON + 3 * MOMENT, 2)])
    assert ask(authorizer, "bob", BY_SIDE, NOON + 4 * MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT


def test_a_seat_is_known_by_its_reservation_after_a_restart_too(authorizer, services, journal):
    named = reserved(authorizer, "ada", BY_ROOM).reservation
    again = Authorizer(services, journal)
    assert ask(again, "bob", BY_SIDE, NOON + MOMENT, record=False) is Reason.UPPER_OCCUPANCY_LIMIT
    again.hear([refused_after_all("ada", named, NOON + 2 * MOMENT, 1)])
    assert ask(again, "bob", BY_SIDE, NOON + 3 * MOMENT) is Reason.GRANTED


def test_a_seat_whose_holder_entered_stays_taken_and_is_not_counted_twice(authorizer, services):
    ask(authorizer, "ada", BY_ROOM)
    reported(services, EventType.PASSAGE, "ada", "room", NOON + MOMENT, 1)
    assert ask(authorizer, "bob", BY_SIDE, NOON + 2 * LASTS) is Reason.UPPER_OCCUPANCY_LIMIT


def test_a_silent_door_holds_a_seat_no_longer_than_it_may_take(authorizer):
    ask(authorizer, "ada", BY_ROOM)
    before, after = NOON + LASTS - MOMENT, NOON + LASTS
    assert ask(authorizer, "bob", BY_SIDE, before) is Reason.UPPER_OCCUPANCY_LIMIT
    assert ask(authorizer, "bob", BY_SIDE, after) is Reason.GRANTED


def test_a_dry_run_takes_no_seat(authorizer):
    assert ask(authorizer, "ada", BY_ROOM, record=False) is Reason.GRANTED
    assert ask(authorizer, "bob", BY_SIDE) is Reason.GRANTED


def test_seats_in_flight_outlive_the_program(authorizer, services, journal):
    ask(authorizer, "ada", BY_ROOM)
    again = Authorizer(services, journal)
    assert ask(again, "bob", BY_SIDE, NOON + MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT
    assert ask(again, "bob", BY_SIDE, NOON + LASTS) is Reason.GRANTED


def test_seats_in_flight_outlive_two_programs_of_which_the_server_has_heard_nothing(services, tmp_path):
    """Each life has a journal file of its own, and the broker may be away for longer than one."""
    with open_journal(tmp_path) as first:
        ask(Authorizer(services, first), "ada", ReaderId("front-in"))
    with open_journal(tmp_path) as second:
        ask(Authorizer(services, second), "ada", BY_ROOM)
    with open_journal(tmp_path) as third:
        reason = ask(Authorizer(services, third), "bob", BY_SIDE, NOON + MOMENT)
    assert reason is Reason.UPPER_OCCUPANCY_LIMIT


def test_a_tap_on_the_way_out_that_no_door_has_reported_frees_no_seat_at_the_next_start(
    authorizer, services, journal
):
    ask(authorizer, "ada", BY_SIDE)
    assert ask(authorizer, "ada", ReaderId("side-out"), NOON + MOMENT) is Reason.GRANTED
    assert ask(authorizer, "bob", BY_ROOM, NOON + 2 * MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT
    again = Authorizer(services, journal)
    assert ask(again, "bob", BY_ROOM, NOON + 2 * MOMENT) is Reason.UPPER_OCCUPANCY_LIMIT


@pytest.mark.parametrize("told", [EventType.NO_ENTRY, EventType.PASSAGE])
def test_only_who_went_out_gives_the_way_in_up(authorizer, services, told):
    """A tap outwards that was answered too late, or after which nobody left, has let nobody out."""
    ask(authorizer, "ada", BY_ROOM)
    draft = Draft(
        NOON + MOMENT,
        told,
        DoorId("room"),
        ReaderId("room-out"),
        SpaceId("hall"),
        ROOM.id,
        person=PersonId("ada"),
    )
    services.news.tell([parse(seal(draft, EDGE, 1, 1, GENESIS, "salt").line)])
    free = Reason.GRANTED if told is EventType.PASSAGE else Reason.UPPER_OCCUPANCY_LIMIT
    assert ask(authorizer, "bob", BY_SIDE, NOON + 2 * MOMENT) is free


def test_hard_anti_passback_holds_between_two_doors_before_either_has_reported(tmp_path, journal):
    hard = {
        door: replace(TWO_DOORS.doors[door], passback=Passback.HARD) for door in (DoorId("room"), SIDE.id)
    }
    roomy = {ROOM.id: replace(ROOM, capacity=9)}
    building = replace(TWO_DOORS, doors=TWO_DOORS.doors | hard, spaces=TWO_DOORS.spaces | roomy)
    services = site(tmp_path, building)
    authorizer = Authorizer(services, journal)
    assert ask(authorizer, "ada", BY_ROOM) is Reason.GRANTED
    assert ask(authorizer, "ada", BY_SIDE, NOON + MOMENT) is Reason.PASSBACK
    assert ask(authorizer, "ada", BY_ROOM, NOON + MOMENT) is Reason.GRANTED
    services.close()


def test_a_decision_that_is_not_on_the_disk_in_time_lets_nobody_in_and_gives_the_seat_back(
    services, tmp_path, monkeypatch
):
    journal = FileJournal(tmp_path / "synced", SOURCE, lambda: NOON, Durability.SYNCED)
    authorizer = Authorizer(services, journal)
    slow, write = asyncio.Event(), os.write

    async def scene():
        loop = asyncio.get_running_loop()

        def wait_then_write(fd, data):
            asyncio.run_coroutine_threadsafe(slow.wait(), loop).result()
            return write(fd, data)

        monkeypatch.setattr(os, "write", wait_then_write)
        late = await authorizer.decide(tap("ada", BY_ROOM), NOON, arrived=monotonic(), within_s=0.01)
        slow.set()
        then = await authorizer.decide(tap("bob", BY_SIDE), NOON)
        return late, then

    late, then = asyncio.run(scene())
    assert (late.effect, late.reason) == (Effect.DENY, Reason.VERIFICATION_TIMEOUT)
    assert then.reason is Reason.GRANTED
    said = [(event.type, event.decision) for event in map(parse, journal.pending(10))]
    assert said == [(EventType.DECISION, None), (EventType.NO_ENTRY, late.event), (EventType.DECISION, None)]
    authorizer.close()
    journal.close()


def test_a_decision_that_cannot_be_kept_is_refused_and_gives_the_seat_back(services, journal, monkeypatch):
    authorizer = Authorizer(services, journal)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        assert ask(authorizer, "ada", BY_ROOM) is Reason.OTHER
    assert ask(authorizer, "bob", BY_SIDE) is Reason.GRANTED
    assert len(journal.pending(10)) == 1


def test_a_death_between_a_decision_and_its_entry_loses_neither(tmp_path, journal):
    open_door = {DoorId("room"): replace(TWO_DOORS.doors[DoorId("room")], contact=False)}
    services = site(tmp_path, replace(TWO_DOORS, doors=TWO_DOORS.doors | open_door))
    granted = Draft(
        NOON,
        EventType.DECISION,
        DoorId("room"),
        BY_ROOM,
        ROOM.id,
        effect=Effect.GRANT,
        reason=Reason.GRANTED,
        person=PersonId("ada"),
    )
    kept = journal.append(granted)
    for _ in range(2):  # the second start finds it done
        authorizer = Authorizer(services, journal)
        events = [parse(line) for line in journal.pending(10)]
        assert [(event.type, event.decision) for event in events[1:]] == [(EventType.PASSAGE, kept.id)]
        assert ask(authorizer, "bob", BY_SIDE, record=False) is Reason.UPPER_OCCUPANCY_LIMIT
    services.close()
