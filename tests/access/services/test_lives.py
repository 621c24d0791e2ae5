"""Badges, trainings, grants, visits and departures: what is done at the desk, and what doors know of it."""

from datetime import timedelta

import msgspec
import pytest

from access.errors import Conflict, Invalid, NotFound, Outdated
from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.certifications import CertificationRecord, Level, Warned, warning
from access.services.grants import GrantFilter, GrantRecord
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.outbox import RightsChanged
from access.services.people import PersonRecord
from access.services.rights import Reach
from access.services.upkeep import Upkeep
from access.services.visits import VisitFilter, VisitRecord, VisitState
from access.store import audit
from access.store.listing import Listing
from policies.decision import Effect, Reason
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    RuleId,
    SpaceId,
    TierId,
)
from policies.policy import Rule, RuleEffect
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES

ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")
BOB = PersonRecord(PersonId("bob"), ResidentType.STAFF, name="Bob")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id)
DESK = BadgeRecord(BadgeId("04000001"), BadgeKind.UID, None, BadgeStatus.ISSUED)
LASER = CertificationId("laser")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TRAINED = msgspec.structs.replace(
    POLICY,
    rules=(
        *POLICY.rules,
        Rule(RuleId("laser"), RuleEffect.PERMIT, spaces=(SpaceId("room"),), certifications=(LASER,)),
    ),
)


@pytest.fixture
def site(database_url, tmp_path):
    opened = open_services(database_url, BUILDING, TRAINED, SCOPES, tmp_path / "site.key")
    opened.people.add([ADA, BOB], "test", NOON)
    opened.badges.add([BADGE, DESK], "test", NOON)
    yield opened
    opened.close()


def known(site):
    return site.publisher.roster()


def entries(site):
    from access.store import audit

    with site.database.reading() as session:
        return [(entry.action, entry.subject) for entry in audit.page(session, 0, 1000)]


# ------------------------------------------------------------------------------------------------ badges


def test_a_badge_is_replaced_in_one_step_with_the_old_one_dead(site):
    before = site.publisher.publish(NOON).version
    fresh = site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, None), "test", NOON)
    assert (fresh.person, fresh.status) == (ADA.id, BadgeStatus.ACTIVE)
    old = site.badges.get(BADGE.id)
    assert (old.status, old.replaced_by) == (BadgeStatus.REPLACED, fresh.id)
    delta = site.publisher.since(before, NOON)
    assert {badge.id: badge.status for badge in delta.badges} == {
        BADGE.id: BadgeStatus.REPLACED,
        fresh.id: BadgeStatus.ACTIVE,
    }
    with pytest.raises(Conflict, match="cannot be replaced"):
        site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04112233"), BadgeKind.UID, None), "test", NOON)


def test_a_badge_that_cannot_be_issued_leaves_the_old_one_alive(site):
    with pytest.raises(Conflict, match="in use"):
        site.badges.replace(BADGE.id, DESK, "test", NOON)
    with pytest.raises(Outdated):
        site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, None), "test", NOON, 7)
    assert site.badges.get(BADGE.id).status is BadgeStatus.ACTIVE


def test_a_found_badge_waits_suspended_for_its_holder(site):
    site.badges.say(BADGE.id, BadgeVerb.REPORT_LOST, "test", NOON)
    assert site.badges.say(BADGE.id, BadgeVerb.REPORT_FOUND, "test", NOON).status is BadgeStatus.SUSPENDED
    assert site.badges.say(BADGE.id, BadgeVerb.ACTIVATE, "test", NOON).status is BadgeStatus.ACTIVE
    with pytest.raises(Conflict):
        site.badges.say(BADGE.id, BadgeVerb.REPORT_FOUND, "test", NOON)


def decisions(*drafts):
    lines, prev = [], GENESIS
    for seq, draft in enumerate(drafts, FIRST_SEQ):
        sealed = seal(draft, EDGE, 1, seq, prev, "salt")
        lines.append(sealed.line)
        prev = sealed.digest
    return Batch(EDGE, b"\n".join(lines))


def tap(at, badge=BADGE.id, effect=Effect.GRANT, rules=(), inwards=None):
    return Draft(
        at,
        EventType.DECISION,
        DoorId("front"),
        effect=effect,
        reason=Reason.GRANTED if effect is Effect.GRANT else Reason.FORBIDDEN,
        rules=tuple(map(RuleId, rules)),
        inwards=inwards,
        badge=badge,
    )


def test_idle_badges_are_disabled_used_ones_and_new_ones_are_not(site):
    site.badges.add([BadgeRecord(BadgeId("04cc0001"), BadgeKind.UID, BOB.id)], "test", NOON + 80 * DAY)
    site.badges.add([BadgeRecord(BadgeId("04cc0002"), BadgeKind.UID, BOB.id)], "test", NOON)
    site.ingest.take([decisions(tap(NOON + 50 * DAY), tap(NOON + 60 * DAY, effect=Effect.DENY))], NOON)
    assert site.badges.get(BADGE.id).last_used == (NOON + 50 * DAY).date()
    assert site.badges.disable_idle(90, "test", NOON + 89 * DAY) == []
    assert site.badges.disable_idle(90, "test", NOON + 91 * DAY) == ["04cc0002"]
    assert site.badges.disable_idle(90, "test", NOON + 141 * DAY) == [BADGE.id]
    assert known(site).badges[BADGE.id].status is BadgeStatus.INACTIVE
    assert known(site).badges["04cc0001"].status is BadgeStatus.ACTIVE


# ----------------------------------------------------------------------------------------------- trainings


def test_a_training_is_given_renewed_and_revoked_with_a_reason(site):
    given = CertificationRecord(LASER, NOON + 100 * DAY, person=ADA.id, level=Level.TRAINEE)
    site.certifications.give(given, "tutor", NOON)
    assert known(site).people[ADA.id].certifications[0].until == NOON + 100 * DAY
    renewed = msgspec.structs.replace(given, until=NOON + 400 * DAY, level=Level.AUTONOMOUS)
    site.certifications.give(renewed, "tutor", NOON + DAY)
    found = site.certifications.get(ADA.id, LASER)
    assert (found.until, found.level, found.granted_by) == (NOON + 400 * DAY, Level.AUTONOMOUS, "tutor")
    with pytest.raises(Invalid, match="reason"):
        site.certifications.revoke(ADA.id, LASER, "  ", "tutor", NOON)
    site.certifications.revoke(ADA.id, LASER, "left the guard open", "tutor", NOON)
    assert known(site).people[ADA.id].certifications == ()
    with pytest.raises(NotFound):
        site.certifications.revoke(ADA.id, LASER, "again", "tutor", NOON)


def test_a_change_of_the_person_keeps_the_level_of_their_training(site):
    site.certifications.give(
        CertificationRecord(LASER, NOON + DAY, person=ADA.id, level=Level.TRAINER), "tutor", NOON
    )
    site.people.change(ADA.id, lambda ada: msgspec.structs.replace(ada, name="Ada L."), "test", NOON)
    assert site.certifications.get(ADA.id, LASER).level is Level.TRAINER


@pytest.mark.parametrize(
    ("training", "why"),
    [
        (CertificationRecord(CertificationId("juggling"), person=ADA.id), "no rule asks for it"),
        (CertificationRecord(LASER, NOON, person=ADA.id), "over already"),
    ],
)
def test_a_training_that_means_nothing_is_refused(site, training, why):
    with pytest.raises(Invalid, match=why):
        site.certifications.give(training, "tutor", NOON)


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (31 * DAY, None),
        (30 * DAY, Warned.SOON),
        (7 * DAY + HOUR, Warned.SOON),
        (7 * DAY, Warned.IMMINENT),
        (timedelta(0), Warned.EXPIRED),
    ],
)
def test_the_end_of_a_training_is_warned_of_at_thirty_and_at_seven_days(left, said):
    assert warning(NOON + left, NOON) is said
    assert warning(None, NOON) is None


# -------------------------------------------------------------------------------------------------- grants


def grant(**more):
    fields = {"doors": (DoorId("room"),), "person": BOB.id, "reason": "repair of the lamp"} | more
    return GrantRecord(GrantId("g1"), NOON, NOON + DAY, **fields)


def test_a_grant_is_at_doors_until_it_is_ended(site):
    site.grants.give(grant(), "boss", NOON)
    assert [held.id for held in known(site).people[BOB.id].grants] == ["g1"]
    assert (site.grants.get(GrantId("g1")).given_by, site.grants.page(GrantFilter(at=NOON))[0].reason) == (
        "boss",
        "repair of the lamp",
    )
    assert site.grants.page(GrantFilter(at=NOON + DAY)) == []
    site.grants.end(GrantId("g1"), "boss", NOON)
    assert known(site).people[BOB.id].grants == ()
    with pytest.raises(NotFound):
        site.grants.end(GrantId("g1"), "boss", NOON)


def test_a_grant_for_two_uses_is_at_no_door_after_the_second(site):
    site.grants.give(grant(most_uses=2), "boss", NOON)
    before = site.publisher.version()
    taps = [
        tap(NOON, DESK.id, rules=("grant:g1",)),
        tap(NOON + HOUR, DESK.id, rules=("grant:g1",), inwards=Reason.FORBIDDEN),
        tap(NOON + HOUR, DESK.id, rules=("grant:g1",), effect=Effect.DENY),
    ]
    site.ingest.take([decisions(*taps)], NOON)
    assert (site.grants.get(GrantId("g1")).uses, site.publisher.version()) == (1, before)
    told: list[RightsChanged] = []
    site.rights.listen(told.append)
    site.ingest.take([decisions(*taps, tap(NOON + 2 * HOUR, DESK.id, rules=("grant:g1",)))], NOON)
    assert site.grants.get(GrantId("g1")).uses == 2
    assert known(site).people[BOB.id].grants == ()
    assert [news.version for news in told] == [site.publisher.version()]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reason": " "}, "reason"),
        ({"doors": ()}, "expected the doors or spaces"),
        ({"doors": (DoorId("moon"),)}, "no door moon"),
        ({"spaces": (SpaceId("moon"),)}, "no space moon"),
        ({"most_uses": 0}, "at least one use"),
    ],
)
def test_a_grant_without_sense_is_refused(site, more, why):
    with pytest.raises(Invalid, match=why):
        site.grants.give(grant(**more), "boss", NOON)


def test_one_grant_id_is_not_two_peoples(site):
    site.grants.give(grant(), "boss", NOON)
    with pytest.raises(Conflict, match="g1"):
        site.grants.give(grant(person=ADA.id), "boss", NOON)
    with pytest.raises(Conflict, match="g1"):
        site.people.change(
            ADA.id,
            lambda ada: msgspec.structs.replace(ada, grants=(known(site).people[BOB.id].grants)),
            "t",
            NOON,
        )


# -------------------------------------------------------------------------------------------------- visits


def visit(**more):
    fields = {"doors": (DoorId("room"),), "host": ADA.id} | more
    host = fields.pop("host")
    return VisitRecord("v1", PersonId("v-eve"), host, NOON, NOON + 8 * HOUR, **fields)


def test_a_visitor_has_rights_and_a_badge_from_arrival_until_they_leave(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    assert known(site).people["v-eve"].grants == ()
    site.visits.arrive("v1", DESK.id, "desk", NOON + HOUR)
    there = known(site)
    assert [held.doors for held in there.people["v-eve"].grants] == [("room",)]
    assert (there.badges[DESK.id].person, there.badges[DESK.id].status) == ("v-eve", BadgeStatus.ACTIVE)
    assert there.badges[DESK.id].valid_until == NOON + 8 * HOUR
    left = site.visits.leave("v1", "desk", NOON + 2 * HOUR)
    assert (left.state, left.left_at) == (VisitState.LEFT, NOON + 2 * HOUR)
    gone = known(site)
    assert gone.people["v-eve"].grants == ()
    assert (gone.badges[DESK.id].person, gone.badges[DESK.id].status) == (None, BadgeStatus.ISSUED)


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (BadgeVerb.REPORT_STOLEN, BadgeStatus.STOLEN),
        (BadgeVerb.REPORT_LOST, BadgeStatus.LOST),
        (BadgeVerb.SUSPEND, BadgeStatus.SUSPENDED),
    ],
)
def test_a_badge_of_the_desk_that_went_missing_is_not_lent_on_when_its_visitor_leaves(site, verb, status):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON)
    site.badges.say(DESK.id, verb, "desk", NOON)
    site.visits.leave("v1", "desk", NOON + HOUR)
    assert (known(site).badges[DESK.id].person, known(site).badges[DESK.id].status) == (None, status)
    site.visits.expect(msgspec.structs.replace(visit(), id="v2"), None, "desk", NOON + HOUR)
    with pytest.raises(Conflict, match="neither lost nor dead"):
        site.visits.arrive("v2", DESK.id, "desk", NOON + HOUR)


def returned(site, person):
    """Let somebody known come to Bob, a week after the visits of the others."""
    begin = NOON + 7 * DAY
    again = VisitRecord("v2", person, BOB.id, begin, begin + 8 * HOUR, (DoorId("room"),))
    site.visits.expect(again, None, "desk", NOON + DAY)
    site.visits.arrive("v2", None, "desk", begin)
    return known(site).people[person]


def test_a_visitor_who_returns_has_the_host_and_the_dates_of_the_new_visit(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON)
    site.visits.leave("v1", "desk", NOON + HOUR)
    version = site.people.get(PersonId("v-eve")).version
    eve = returned(site, PersonId("v-eve"))
    assert (eve.host, eve.valid_until) == (BOB.id, NOON + 7 * DAY + 8 * HOUR)
    assert [held.id for held in eve.grants] == ["visit-v2"]
    assert site.people.get(PersonId("v-eve")).version == version + 1
    with site.database.reading() as session:
        noted = audit.listed(session, audit.AuditFilter(subject="v-eve"), Listing(sort="seq"))
    assert [entry.action for entry in noted[-2:]] == ["person-changed", "visit-arrived"]


def test_a_visit_shortens_no_visitor_s_dates_and_changes_nobody_who_is_not_a_visitor(site):
    fay = PersonRecord(PersonId("fay"), ResidentType.VISITOR, valid_until=NOON + 90 * DAY, name="Fay")
    site.people.add([fay], "desk", NOON)
    there = returned(site, fay.id)
    assert (there.host, there.valid_from, there.valid_until) == (BOB.id, None, NOON + 90 * DAY)
    site.visits.leave("v2", "desk", NOON + 8 * DAY)
    stay = VisitRecord("v3", ADA.id, BOB.id, NOON, NOON + 9 * DAY, (DoorId("room"),))
    site.visits.expect(stay, None, "desk", NOON)
    site.visits.arrive("v3", None, "desk", NOON)
    assert (known(site).people[ADA.id].host, known(site).people[ADA.id].valid_until) == (None, None)


def test_a_visitor_who_needs_an_escort_is_given_no_door_of_their_own(site):
    site.visits.expect(visit(escorted=True, doors=()), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON + HOUR)
    assert known(site).people["v-eve"].grants == ()
    assert known(site).people["v-eve"].host == ADA.id


def test_a_visit_goes_its_way_and_no_other(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    with pytest.raises(Conflict, match="expected, so the visitor cannot leave"):
        site.visits.leave("v1", "desk", NOON)
    site.visits.cancel("v1", "desk", NOON)
    with pytest.raises(Conflict, match="cancelled"):
        site.visits.arrive("v1", None, "desk", NOON)
    with pytest.raises(NotFound):
        site.visits.get("v2")


@pytest.mark.parametrize(
    ("badge", "error"), [(BADGE.id, Conflict), (BadgeId("04999999"), NotFound)], ids=["somebody's", "unknown"]
)
def test_only_a_free_badge_of_the_desk_is_lent(site, badge, error):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    with pytest.raises(error):
        site.visits.arrive("v1", badge, "desk", NOON)
    assert site.visits.get("v1").state is VisitState.EXPECTED
    assert known(site).people["v-eve"].grants == ()


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (visit(doors=()), "expected the doors or spaces"),
        (visit(host=PersonId("nobody")), "host nobody"),
        (msgspec.structs.replace(visit(), valid_until=NOON), "to come"),
    ],
)
def test_a_visit_without_sense_is_refused_and_enrols_nobody(site, bad, why):
    with pytest.raises(Invalid, match=why):
        site.visits.expect(bad, "Eve", "desk", NOON)
    assert "v-eve" not in known(site).people


# ---------------------------------------------------------------------------------------------- departures


def test_whoever_leaves_keeps_nothing_that_opens(site):
    site.grants.give(grant(person=ADA.id), "boss", NOON)
    site.certifications.give(CertificationRecord(LASER, person=ADA.id), "tutor", NOON)
    site.visits.expect(visit(), "Eve", "desk", NOON)
    version = site.people.get(ADA.id).version
    departure = site.leaving.leave(ADA.id, "boss", NOON, version)
    assert (departure.badges, departure.visits) == ((BADGE.id,), ("v1",))
    there = known(site)
    ada = there.people[ADA.id]
    assert (ada.tiers, ada.certifications, ada.grants, ada.valid_until) == ((), (), (), NOON)
    assert there.badges[BADGE.id].status is BadgeStatus.REVOKED
    assert site.visits.get("v1").state is VisitState.CANCELLED
    assert ("person-left", ADA.id) in entries(site)


def test_leaving_twice_is_leaving_once(site):
    first = site.leaving.leave(ADA.id, "boss", NOON)
    newest = site.publisher.version()
    again = site.leaving.leave(ADA.id, "boss", NOON + HOUR)
    assert (again.person, again.badges) == (first.person, ())
    assert site.publisher.version() == newest
    with pytest.raises(NotFound):
        site.leaving.leave(PersonId("nobody"), "boss", NOON)
    with pytest.raises(Outdated):
        site.leaving.leave(BOB.id, "boss", NOON, 9)


def test_a_visitor_who_leaves_for_good_gives_the_badge_back(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON)
    assert site.leaving.leave(PersonId("v-eve"), "boss", NOON + HOUR).visits == ("v1",)
    assert site.badges.get(DESK.id).person is None
    assert site.badges.get(DESK.id).status is BadgeStatus.ISSUED


# ------------------------------------------------------------------------------------------------- upkeep


def test_every_night_what_is_past_is_put_in_order(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.grants.give(grant(), "boss", NOON)
    upkeep = Upkeep(site.database, site.badges, site.visits, site.rights, idle_days=300)
    at = NOON + 100 * DAY
    site.publisher.publish(NOON + DAY)
    assert {work.__name__: work(at) for work in upkeep.works()} == {
        "idle_badges": 0,
        "missed_visits": 1,
        "ended_grants": 1,
        "old_changes": 6,
    }
    assert {work(at) for work in upkeep.works()} == {0}
    assert site.visits.page(VisitFilter(VisitState.EXPECTED)) == []


def test_a_person_who_is_changed_into_themselves_is_not_changed(site):
    newest = site.publisher.version()
    assert site.people.change(ADA.id, lambda ada: ada, "test", NOON) == site.people.get(ADA.id)
    assert site.publisher.version() == newest


# --------------------------------------------------------------------------------------------------- reach


def test_a_company_s_manager_lets_nobody_leave_and_replaces_no_badge_but_their_own_people_s(site):
    site.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    acme = Reach(OrganisationId("acme"))
    mine = msgspec.structs.replace(ADA, id=PersonId("eve"), organisation=acme.organisation, tiers=())
    site.people.add([mine], "test", NOON)
    hers = BadgeRecord(BadgeId("04eeee01"), BadgeKind.UID, mine.id)
    site.badges.add([hers], "test", NOON)
    fresh = BadgeRecord(BadgeId("04eeee02"), BadgeKind.UID, None)
    for badge in (BADGE.id, DESK.id):
        with pytest.raises(NotFound):
            site.badges.within(acme).replace(badge, fresh, "boss", NOON)
    with pytest.raises(NotFound):
        site.leaving.within(acme).leave(ADA.id, "boss", NOON)
    assert site.badges.within(acme).replace(hers.id, fresh, "boss", NOON).person == mine.id
    assert site.leaving.within(acme).leave(mine.id, "boss", NOON).badges == (fresh.id,)
