"""Departures: whoever leaves keeps nothing that opens; and what a night puts in order."""

import msgspec
import pytest

from access.errors import NotFound, Outdated
from access.services.badges import BadgeRecord
from access.services.certifications import CertificationRecord
from access.services.organisations import OrganisationRecord
from access.services.rights import Reach
from access.services.upkeep import Upkeep
from access.services.visits import VisitFilter, VisitState
from policies.ids import BadgeId, OrganisationId, PersonId
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
