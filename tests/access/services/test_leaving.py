"""Departures: whoever leaves keeps nothing that opens; and what a night puts in order."""

import msgspec
import pytest

from access.errors import Conflict, NotFound, NotSignedIn, Outdated
from access.services.badges import BadgeRecord
from access.services.certifications import CertificationRecord
from access.services.organisations import OrganisationRecord
from access.services.rights import Reach, Role
from access.services.upkeep import Upkeep
from access.services.visits import VisitFilter, VisitState
from policies.ids import BadgeId, OrganisationId, PersonId, TierId
from policies.roster import BadgeKind, BadgeStatus
from tests.access.services.desk import (
    ADA,
    BADGE,
    BOB,
    DAY,
    DESK,
    HOUR,
    LASER,
    entries,
    grant,
    known,
    visit,
)
from tests.small_site import NOON


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


ACME, ZETA = OrganisationId("acme"), OrganisationId("zeta")


@pytest.fixture
def shared(site):
    """Return the site with Ada and Bob of Acme, and Zoe of Zeta; each has a manager of their own."""
    both = [OrganisationRecord(ACME, "Acme", tiers=(TierId("staff"),)), OrganisationRecord(ZETA, "Zeta")]
    site.organisations.add(both, "boss", NOON)
    for who in (ADA.id, BOB.id):
        site.people.change(who, lambda was: msgspec.structs.replace(was, organisation=ACME), "boss", NOON)
    zoe = msgspec.structs.replace(ADA, id=PersonId("zoe"), organisation=ZETA, name="Zoe")
    site.people.add([zoe], "boss", NOON)
    site.badges.add([BadgeRecord(BadgeId("04aabbdd"), BadgeKind.UID, zoe.id)], "boss", NOON)
    for organisation in (ACME, ZETA):
        site.operators.create(f"of-{organisation}", Role.MANAGER, "boss", NOON, Reach(organisation))
    return site


def test_a_company_that_moves_out_keeps_nothing_that_opens_nor_anybody_who_lets_in(shared):
    shared.visits.expect(visit(), "Eve", "desk", NOON)
    opened = shared.sessions.admit("of-acme", NOON)
    ours, theirs = (
        shared.keys.create("a machine", ("people:read",), "boss", NOON, None, one) for one in (ACME, ZETA)
    )
    told: list[str] = []
    shared.departures.listen(told.append)
    gone = shared.leaving.move_out(ACME, 2, "boss", NOON)
    assert (gone.people, gone.badges, gone.visits) == ((ADA.id, BOB.id), (BADGE.id,), ("v1",))
    assert (gone.organisation.tiers, gone.operators, len(gone.keys)) == ((), ("of-acme",), 1)
    assert told == ["of-acme", f"key:{gone.keys[0]}"]
    there = known(shared)
    assert {there.people[one].valid_until for one in (ADA.id, BOB.id)} == {NOON}
    assert there.badges[BADGE.id].status is BadgeStatus.REVOKED
    assert (there.people["zoe"].valid_until, there.badges["04aabbdd"].status) == (None, BadgeStatus.ACTIVE)
    for no_more in (
        lambda: shared.sessions.of_session(opened.token, NOON),
        lambda: shared.sessions.admit("of-acme", NOON),
        lambda: shared.keys.of(ours, NOON),
    ):
        with pytest.raises(NotSignedIn):
            no_more()
    assert shared.keys.of(theirs, NOON).reach == Reach(ZETA)
    assert shared.sessions.admit("of-zeta", NOON)
    assert shared.leaving.move_out(ACME, 0, "boss", NOON + HOUR).badges == ()


def test_a_company_moves_out_with_its_exact_number_of_people_or_not_at_all(shared):
    shared.leaving.leave(BOB.id, "boss", NOON)
    before = known(shared)
    with pytest.raises(Conflict, match="acme: 1 people are to leave, not 2"):
        shared.leaving.move_out(ACME, 2, "boss", NOON + HOUR)
    with pytest.raises(NotFound):
        shared.leaving.move_out(OrganisationId("nobody"), 0, "boss", NOON)
    assert known(shared) == before
    assert shared.operators.get("of-acme").disabled is False


def test_a_visitor_who_leaves_for_good_gives_the_badge_back(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON)
    assert site.leaving.leave(PersonId("v-eve"), "boss", NOON + HOUR).visits == ("v1",)
    assert site.badges.get(DESK.id).person is None
    assert site.badges.get(DESK.id).status is BadgeStatus.ISSUED


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
