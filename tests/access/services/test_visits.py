"""Visits at the desk: expected, arrived with a badge that is lent, and gone."""

import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

from access.errors import Conflict, Invalid, NotFound, Over
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.people import PersonRecord
from access.services.visits import VisitRecord, VisitState
from access.store import audit, grants
from access.store.listing import Listing
from policies.ids import BadgeId, DoorId, GrantId, PersonId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from tests.access.services.desk import ADA, BADGE, BOB, DAY, DESK, HOUR, grant, known, visit
from tests.small_site import NOON


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


def test_a_badge_in_the_place_of_one_that_is_lent_goes_back_to_the_desk_too(site):
    fresh = BadgeRecord(BadgeId("04000002"), BadgeKind.UID, None)
    site.visits.expect(visit(), "Eve", "desk", NOON)
    site.visits.arrive("v1", DESK.id, "desk", NOON)
    site.badges.replace(DESK.id, fresh, "desk", NOON + HOUR)
    there = known(site).badges[fresh.id]
    assert (there.person, there.valid_until) == ("v-eve", NOON + 8 * HOUR)
    site.visits.leave("v1", "desk", NOON + 2 * HOUR)
    assert (known(site).badges[fresh.id].person, known(site).badges[fresh.id].status) == (
        None,
        BadgeStatus.ISSUED,
    )


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


def test_nobody_is_let_in_for_a_visit_whose_time_is_over_to_find_every_door_shut(site):
    site.visits.expect(visit(), "Eve", "desk", NOON)
    with pytest.raises(Over, match=r"v1: it was over at 2026-09-15T18:00:00\+00:00; expect a new one"):
        site.visits.arrive("v1", DESK.id, "desk", NOON + 8 * HOUR)
    assert known(site).badges[DESK.id].person is None
    assert site.visits.arrive("v1", DESK.id, "desk", NOON + 7.9 * HOUR).state is VisitState.ARRIVED


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


def test_who_is_here_already_is_expected_and_let_in_at_once_or_not_at_all(site):
    with site.database.writing() as session:
        grants.put(session, [msgspec.structs.replace(grant(), id=GrantId("visit-v1"))])
    with pytest.raises(IntegrityError):
        site.visits.expect(visit(), "Eve", "desk", NOON, is_here=True)
    with pytest.raises(NotFound):
        site.visits.get("v1")
    assert "v-eve" not in known(site).people
    here = site.visits.expect(visit(escorted=True, doors=()), "Eve", "desk", NOON, is_here=True)
    assert here == site.visits.get("v1")
    assert (here.state, here.arrived_at, here.version) == (VisitState.ARRIVED, NOON, 2)
