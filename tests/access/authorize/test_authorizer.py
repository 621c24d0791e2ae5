"""The authorizer decides as a door would, keeps what it decided, and follows changed rights and passages."""

import asyncio
from contextlib import closing, contextmanager

import pytest
from msgspec.structs import replace
from sqlalchemy import delete

from access.authorize.authorizer import Authorizer
from access.authorize.drain import Drain
from access.errors import Invalid
from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.decisions import Question
from access.services.events import Filter, Opening, Purpose
from access.services.people import PersonRecord
from access.site.pace import inline
from access.store.models import EventRow, SourceRow
from emulators.clock import LoopClock, run_virtually
from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, RuleId, SpaceId, TierId
from policies.request import Assurance
from policies.roster import BadgeKind, ResidentType
from tests.access.authorize.two_doors import SOURCE
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

BADGE = BadgeId("04aabbcc")
ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")
TAP = Question(ReaderId("front-in"), BadgeKind.UID, BADGE, Assurance.UID)
ROOM = replace(TAP, reader=ReaderId("room-in"))

# The room's door has no contact: an entry there counts with the decision.
CONTACTLESS = replace(
    BUILDING,
    doors=BUILDING.doors | {DoorId("room"): replace(BUILDING.doors[DoorId("room")], contact=False)},
)


@contextmanager
def site(folder, building=CONTACTLESS, policy=POLICY):
    """Yield the services of a site that Ada's badge is known to."""
    scopes = SCOPES | {SOURCE: ()}
    address = f"sqlite:///{folder}/totem.db"
    with closing(open_services(address, building, policy, scopes, folder / "site.key")) as opened:
        opened.people.add([ADA], "test", NOON)
        opened.badges.add([BadgeRecord(BADGE, BadgeKind.UID, ADA.id)], "test", NOON)
        yield opened


@pytest.fixture
def services(tmp_path):
    with site(tmp_path) as opened:
        yield opened


@pytest.fixture
def authorizer(services, journal):
    return Authorizer(services, journal)


def ask(authorizer, question, at, **more):
    return asyncio.run(authorizer.decide(question, at, **more))


def drained(authorizer, services):
    async def drain():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        task = Drain(authorizer, SOURCE, services, clock, inline)
        while await task.once():
            pass

    asyncio.run(drain())
    return services.events.opened(Filter(), Opening(Purpose.INCIDENT, "a test", "test", NOON))


def test_a_grant_names_the_rule_and_the_time_to_unlock(authorizer):
    answer = ask(authorizer, TAP, NOON)
    assert (answer.effect, answer.reason, answer.rules) == (Effect.GRANT, Reason.GRANTED, ("staff-by-day",))
    assert answer.unlock_ms == 5000
    assert answer.message.en


def test_a_refusal_unlocks_nothing(authorizer):
    answer = ask(authorizer, TAP, NOON.replace(hour=22))
    assert (answer.effect, answer.reason, answer.unlock_ms) == (Effect.DENY, Reason.OUT_OF_TIME_RANGE, 0)


def test_the_longer_opening_is_given_to_whom_it_is_due(authorizer, services):
    services.people.change(ADA.id, lambda ada: replace(ada, extended_opening=True), "test", NOON)
    assert ask(authorizer, TAP, NOON).unlock_ms == 15000


def test_a_revoked_badge_is_refused_with_the_next_tap(authorizer, services):
    assert ask(authorizer, TAP, NOON).effect is Effect.GRANT
    services.badges.say(BADGE, BadgeVerb.REVOKE, "test", NOON)
    assert ask(authorizer, TAP, NOON).reason is Reason.CREDENTIAL_DISABLED


def test_an_identifier_of_another_kind_of_badge_is_unknown(authorizer):
    assert ask(authorizer, replace(TAP, kind=BadgeKind.PKOC), NOON).reason is Reason.UNKNOWN_CREDENTIAL


def test_a_reader_that_does_not_exist_is_an_error(authorizer):
    with pytest.raises(Invalid, match="cellar-in"):
        ask(authorizer, replace(TAP, reader=ReaderId("cellar-in")), NOON)


def test_a_decision_is_kept_in_its_own_stream_and_stored(authorizer, services, journal):
    answer = ask(authorizer, TAP, NOON)
    events = drained(authorizer, services)
    assert [event.id for event in events] == [answer.event]
    assert (events[0].person, events[0].badge, events[0].policy_version) == ("ada", BADGE, "test-1")
    assert journal.pending(10) == []


def test_a_dry_run_leaves_no_trace(authorizer, services):
    answer = ask(authorizer, ROOM, NOON, record=False)
    assert (answer.effect, answer.event) == (Effect.GRANT, None)
    assert drained(authorizer, services) == []


def test_without_a_contact_a_grant_is_an_entry(authorizer, services):
    ask(authorizer, ROOM, NOON)
    drained(authorizer, services)
    assert services.live.counts()[SpaceId("room")].count == 1


def test_with_a_contact_a_grant_is_no_entry_yet(authorizer, services):
    ask(authorizer, TAP, NOON)
    drained(authorizer, services)
    assert services.live.counts()[SpaceId("hall")].count == 0


def test_presence_is_followed_and_taken_up_after_a_restart(authorizer, services, journal):
    ask(authorizer, ROOM, NOON)
    drained(authorizer, services)
    for decider in (authorizer, Authorizer(services, journal)):
        decided = ask(decider, ROOM, NOON).event
        kept = {event.id: event for event in drained(authorizer, services)}
        assert [flag.value for flag in kept[decided].flags] == ["passback"]


def test_a_decision_is_stored_as_soon_as_it_is_kept(authorizer, services):
    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        draining = asyncio.create_task(Drain(authorizer, SOURCE, services, clock, inline).run())
        await clock.sleep(3600)
        await authorizer.decide(TAP, NOON)
        await clock.sleep(0.001)
        stored = services.events.newest(Filter())
        draining.cancel()
        return stored

    assert [event.reason for event in run_virtually(scene())] == [Reason.GRANTED]


def test_lines_that_cannot_be_read_for_a_while_are_stored_when_they_can(
    authorizer, services, journal, tmp_path
):
    ask(authorizer, TAP, NOON)
    drained(authorizer, services)
    assert journal.rewind(journal.position[0], 0), "they are read from the file now"
    (file,) = (tmp_path / "journal").glob("*.journal")
    hidden = file.rename(file.with_suffix(".hidden"))

    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        draining = asyncio.create_task(Drain(authorizer, SOURCE, services, clock, inline).run())
        await clock.sleep(5)
        hidden.rename(file)
        await clock.sleep(5)
        draining.cancel()

    run_virtually(scene())
    assert journal.pending(10) == []


PROVEN = replace(POLICY.rules[0], id=RuleId("proven"), assurance=Assurance.AUTHENTICATED)


def test_a_controller_cannot_claim_more_proof_than_the_medium_gives(tmp_path, journal):
    with site(tmp_path, BUILDING, replace(POLICY, rules=(PROVEN,))) as opened:
        opened.badges.add([BadgeRecord(BadgeId("chip"), BadgeKind.DESFIRE, ADA.id)], "test", NOON)
        decider = Authorizer(opened, journal)
        claimed = replace(TAP, assurance=Assurance.AUTHENTICATED)
        assert ask(decider, claimed, NOON).reason is Reason.PROOF_TOO_WEAK
        assert ask(decider, replace(claimed, reader=ReaderId("front-out")), NOON).effect is Effect.GRANT
        chip = replace(claimed, kind=BadgeKind.DESFIRE, badge=BadgeId("chip"))
        assert ask(decider, chip, NOON).effect is Effect.GRANT


@pytest.mark.parametrize("number", ["08aabbcc", "08AABBCC"])
def test_a_number_made_up_at_each_tap_identifies_nobody(authorizer, number):
    answer = ask(authorizer, replace(TAP, badge=BadgeId(number)), NOON)
    assert answer.reason is Reason.AUTHENTICATION_FACTOR_ERROR


def test_two_who_tap_at_once_for_the_last_seat_do_not_both_enter(tmp_path, journal):
    room = replace(CONTACTLESS.spaces[SpaceId("room")], capacity=1, enforced=True)
    building = replace(CONTACTLESS, spaces=CONTACTLESS.spaces | {room.id: room})
    bob = replace(ADA, id=PersonId("bob"), name="Bob")
    with site(tmp_path, building) as opened:
        opened.people.add([bob], "test", NOON)
        opened.badges.add([BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, bob.id)], "test", NOON)
        decider = Authorizer(opened, journal)
        assert ask(decider, ROOM, NOON).effect is Effect.GRANT
        second = ask(decider, replace(ROOM, badge=BadgeId("04ddeeff")), NOON)
        assert second.reason is Reason.UPPER_OCCUPANCY_LIMIT


def test_an_entry_that_is_not_stored_yet_is_known_after_a_restart(authorizer, services, journal):
    ask(authorizer, ROOM, NOON)
    decided = ask(Authorizer(services, journal), ROOM, NOON).event
    kept = {event.id: event for event in drained(authorizer, services)}
    assert [flag.value for flag in kept[decided].flags] == ["passback"]


def test_a_store_restored_from_an_older_copy_gets_again_what_it_lost(authorizer, services):
    ask(authorizer, TAP, NOON)
    assert len(drained(authorizer, services)) == 1
    with services.database.writing() as session:
        session.execute(delete(EventRow))
        session.execute(delete(SourceRow))
    ask(authorizer, TAP, NOON)
    assert len(drained(authorizer, services)) == 2
