"""The next grant, against a search of every quarter-hour and every beginning with the interpreter."""

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings

from policies.analysis.when import next_grant
from policies.decision import Decision, Reason
from policies.engine import Engine
from policies.ids import BadgeId, DoorId, GrantId, PersonId, ReaderId
from policies.request import NO_VIEW, AccessRequest, Assurance, LiveState
from policies.roster import Badge, BadgeKind, Grant, Person, ResidentType, Roster
from policies.rules import interpret
from tests.policies import strategies as some
from tests.small_site import BUILDING, NOON, POLICY


@settings(max_examples=25)
@given(some.worlds())
def test_the_next_grant_is_granted_and_nothing_before_it_is(world):
    def grants(tap: AccessRequest, at: datetime, state: LiveState) -> bool:
        later = msgspec.structs.replace(tap, at=at)
        return interpret(world.policy, world.building, world.roster, later, state).grants

    for request, state in world.taps[:2]:
        engine = Engine(world.policy, world.building, world.roster)
        found = next_grant(engine, request, state, timedelta(days=1))
        assert found is None or grants(request, found, state)
        quarter = request.at.replace(minute=request.at.minute // 15 * 15, second=0)
        until = found or request.at + timedelta(days=1)
        quarters = (quarter + timedelta(minutes=15 * step) for step in range(1, 97))
        just_before = () if found is None else (found - timedelta(seconds=1),)
        tried = [at for at in (request.at, *quarters, *just_before) if request.at <= at < until]
        assert not any(grants(request, at, state) for at in tried)


def decided(person: Person, at: datetime = NOON) -> tuple[Decision, datetime | None]:
    roster = Roster.of([person], [Badge(BadgeId("b"), BadgeKind.UID, person.id)])
    engine = Engine(POLICY, BUILDING, roster)
    request = AccessRequest(at, ReaderId("front-in"), BadgeId("b"), Assurance.UID)
    return engine.decide(request, NO_VIEW), next_grant(engine, request, NO_VIEW)


def test_a_temporary_grant_opens_at_the_second_it_begins():
    begins = NOON + timedelta(hours=1, seconds=7)
    grant = Grant(GrantId("g"), begins, begins + timedelta(hours=1), doors=(DoorId("front"),))
    guest = Person(PersonId("gil"), ResidentType.VISITOR, grants=(grant,))
    decision, found = decided(guest)
    assert (decision.reason, found) == (Reason.NO_ACCESS_RIGHTS, begins)


def test_what_time_does_not_bring_has_no_next_grant():
    decision, found = decided(Person(PersonId("gil"), ResidentType.VISITOR))
    assert (decision.reason, found) == (Reason.NO_ACCESS_RIGHTS, None)


def test_the_answer_is_in_the_zone_of_the_question():
    staff = Person(PersonId("ada"), ResidentType.STAFF, tiers=tuple(POLICY.tiers))
    late = datetime(2026, 9, 15, 22, 5, tzinfo=UTC)
    decision, found = decided(staff, late)
    assert decision.reason is Reason.OUT_OF_TIME_RANGE
    assert found == datetime(2026, 9, 16, 4, 0, tzinfo=UTC)
    assert found is not None
    assert found.tzinfo is UTC
