"""Rights that hold for one organisation or in one space: nobody and nothing beyond exists for them."""

from datetime import timedelta

import msgspec
import pytest

from access.services.grants import GrantRecord
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import Reach, Role, scopes_of
from access.services.visits import VisitRecord, VisitState
from policies.decision import Effect, Reason
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, OrganisationId, PersonId, SpaceId, TierId
from policies.roster import Certification, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.access.api.test_problems import is_problem
from tests.asgi_client import Client
from tests.live_events import passage
from tests.small_site import BUILDING, EDGE, NOON

DAY = timedelta(days=1)
ACME, ZETA = OrganisationId("acme"), OrganisationId("zeta")
BADGES = {"ada": "04aabbcc", "zoe": "04aabbdd"}


@pytest.fixture
def site(services, keyed):
    services.organisations.add(
        [OrganisationRecord(ACME, "Acme", tiers=(TierId("staff"),)), OrganisationRecord(ZETA, "Zeta")],
        "test",
        NOON,
    )
    people = [
        PersonRecord(PersonId("ada"), ResidentType.CORPORATE, ACME, name="Ada"),
        PersonRecord(PersonId("bob"), ResidentType.CORPORATE, ACME, name="Bob", suspended=True),
        PersonRecord(PersonId("zoe"), ResidentType.STUDENT, ZETA, name="Zoe", external_id="Z-1"),
        PersonRecord(PersonId("fay"), ResidentType.STAFF, name="Fay"),
    ]
    services.people.add(people, "test", NOON)
    administrator = keyed("badges:write")
    for person, badge in BADGES.items():
        administrator.post("/v1/badges", json={"id": badge, "kind": "uid", "person": person})
    administrator.post("/v1/badges", json={"id": "04aabbee", "kind": "uid"})
    return services


@pytest.fixture
def manager(site, app):
    """Return a client of Acme's manager."""
    scopes = tuple(scopes_of(Role.MANAGER, Reach(ACME)))
    secret = site.keys.create("acme", scopes, "test", NOON, None, ACME)
    return Client(app, {"Authorization": f"Bearer {secret}"})


def test_a_manager_of_a_company_sees_its_people_and_badges_and_no_others(manager):
    assert [one["id"] for one in manager.get("/v1/people").json()["items"]] == ["ada", "bob"]
    assert [one["id"] for one in manager.get("/v1/badges").json()["items"]] == ["04aabbcc"]
    assert [one["id"] for one in manager.get("/v1/organisations").json()["items"]] == ["acme"]
    assert manager.get("/v1/badges", params={"person": "zoe"}).json()["items"] == []
    for path in ("people/zoe", "people/fay", "badges/04aabbdd", "badges/04aabbee", "organisations/zeta"):
        is_problem(manager.get(f"/v1/{path}"), 404, "not-found")


def test_a_manager_of_a_company_changes_nobody_else(manager):
    anyhow = {"If-Match": "*"}
    is_problem(manager.patch("/v1/people/zoe", json={"name": "X"}, headers=anyhow), 404, "not-found")
    for verb in ("suspend", "revoke", "activate"):
        is_problem(manager.post(f"/v1/badges/04aabbdd/{verb}"), 404, "not-found")
    stolen = {"person": "ada"}
    is_problem(manager.patch("/v1/badges/04aabbdd", json=stolen, headers=anyhow), 404, "not-found")
    given = {"person": "zoe"}
    is_problem(manager.patch("/v1/badges/04aabbcc", json=given, headers=anyhow), 422, "invalid")
    is_problem(manager.post("/v1/organisations", json={"id": "new", "name": "N"}), 403, "not-allowed")


def test_a_manager_of_a_company_enrols_for_it_and_gives_its_tiers(manager):
    new = {"id": "eve", "name": "Eve", "type": "corporate", "tiers": ["staff"]}
    assert manager.post("/v1/people", json=new).json()["organisation"] == "acme"
    assert (
        manager.post("/v1/badges", json={"id": "04aabbff", "kind": "uid", "person": "eve"}).status_code == 201
    )
    assert manager.post("/v1/badges/04aabbff/report-lost").json()["status"] == "lost"
    is_problem(manager.post("/v1/badges/04aabbff/activate"), 403, "not-allowed")
    assert manager.post("/v1/badges/04aabbff/revoke").json()["status"] == "revoked"


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": "zeta"},
        {"organisation": None},
        {"type": "security"},
        {"extended_opening": True},
        {"certifications": [{"id": "laser"}]},
        {"grants": [{"id": "g", "valid_from": "2026-09-15T10:00:00Z", "valid_until": "2026-09-16T10:00:00Z",
                     "doors": ["room"]}]},
    ],
)  # fmt: skip  # a table
def test_what_the_building_decides_stays_the_building_s(manager, change):
    answer = manager.patch("/v1/people/ada", json=change, headers={"If-Match": "*"})
    is_problem(answer, 403, "not-allowed")
    new = {"id": "eve", "name": "Eve", "type": "corporate"} | change
    is_problem(manager.post("/v1/people", json=new), 403, "not-allowed")
    assert manager.get("/v1/people/ada").json()["version"] == 1


def test_a_tier_that_the_organisation_does_not_have_is_not_given_but_may_stay(manager, site):
    site.organisations.change(ACME, lambda _: OrganisationRecord(ACME, "Acme"), "test", NOON)
    anyhow = {"If-Match": "*"}
    is_problem(manager.patch("/v1/people/ada", json={"tiers": ["staff"]}, headers=anyhow), 403, "not-allowed")
    site.people.change(
        PersonId("ada"), lambda was: msgspec.structs.replace(was, tiers=(TierId("staff"),)), "test", NOON
    )
    assert manager.patch("/v1/people/ada", json={"name": "Ada B."}, headers=anyhow).status_code == 200
    assert manager.patch("/v1/people/ada", json={"tiers": []}, headers=anyhow).status_code == 200


def test_only_the_building_ends_a_suspension(manager):
    anyhow = {"If-Match": "*"}
    is_problem(manager.patch("/v1/people/bob", json={"suspended": False}, headers=anyhow), 403, "not-allowed")
    assert manager.patch("/v1/people/ada", json={"suspended": True}, headers=anyhow).status_code == 200
    assert manager.post("/v1/badges/04aabbcc/suspend").status_code == 200
    is_problem(manager.post("/v1/badges/04aabbcc/activate"), 403, "not-allowed")


@pytest.mark.parametrize("report", ["report-lost", "report-stolen", "report-damaged"])
def test_no_way_round_leads_a_company_past_a_suspended_badge(manager, keyed, report):
    building = keyed("badges:write")
    building.post("/v1/badges/04aabbcc/suspend")
    fresh = {"id": "04aabbff", "kind": "uid"}
    is_problem(manager.post("/v1/badges/04aabbcc/replace", json=fresh), 403, "not-allowed")
    is_problem(manager.post(f"/v1/badges/04aabbcc/{report}"), 403, "not-allowed")
    assert building.post(f"/v1/badges/04aabbcc/{report}").status_code == 200
    is_problem(manager.post("/v1/badges/04aabbcc/activate"), 403, "not-allowed")
    assert building.post("/v1/badges/04aabbcc/activate").json()["status"] == "active"


def test_a_company_still_replaces_its_lost_badges_and_revokes_suspended_ones(manager):
    manager.post("/v1/badges/04aabbcc/report-lost")
    fresh = {"id": "04aabbff", "kind": "uid"}
    assert manager.post("/v1/badges/04aabbcc/replace", json=fresh).json()["status"] == "active"
    manager.post("/v1/badges/04aabbff/suspend")
    assert manager.post("/v1/badges/04aabbff/revoke").json()["status"] == "revoked"


def test_an_external_id_in_use_elsewhere_tells_nothing_of_its_owner(manager):
    new = {"id": "eve", "name": "Eve", "type": "corporate", "external_id": "Z-1"}
    assert "zoe" not in str(is_problem(manager.post("/v1/people", json=new), 409, "conflict"))


def test_a_host_from_elsewhere_is_nobody(manager):
    new = {"id": "eve", "name": "Eve", "type": "visitor", "host": "zoe"}
    is_problem(manager.post("/v1/people", json=new), 422, "invalid")
    assert manager.post("/v1/people", json=new | {"host": "ada"}).status_code == 201


@pytest.mark.parametrize("path", ["events", "passages", "rollcall?reason=drill", "operators", "keys"])
def test_what_is_not_of_one_organisation_is_closed_to_its_manager(manager, path):
    is_problem(manager.get(f"/v1/{path}"), 403, "not-allowed")


def test_a_company_is_told_which_doors_there_are_and_never_what_happens_at_them(manager, app, site):
    secret = site.keys.create("all", tuple(scopes_of(Role.VIEWER)), "test", NOON)
    everybody = Client(app, {"Authorization": f"Bearer {secret}"})
    heard = ("state", "mode", "mode_by", "mode_until", "alarms", "waits_for_first", "maintenance")
    for path in ("/v1/doors", "/v1/doors/room"):
        told, seen = manager.get(path).json(), everybody.get(path).json()
        for one, other in zip(
            *((each if isinstance(each, list) else [each]) for each in (told, seen)), strict=True
        ):
            assert {one.pop(name) for name in heard} == {None}
            assert {name: other.pop(name) for name in heard}["state"] == "locked"
            assert one == other
    is_problem(manager.get("/v1/doors/room/latency"), 403, "not-allowed")
    is_problem(manager.get("/metrics"), 403, "not-allowed")


def test_a_company_is_not_told_when_there_was_an_event_at_a_door(manager, keyed, site):
    site.live.take([passage(1, "zoe", "front", "outside", "hall", at=NOON)])
    everybody = keyed("building:read")
    for path in ("/v1/doors/front", "/v1/readers/front-in"):
        seen, told = (one.get(path).json()["computer"] for one in (everybody, manager))
        assert seen.pop("last_heard") == "2026-09-15T10:00:00Z"
        assert told.pop("last_heard") is None
        assert told == seen


def test_the_reception_of_a_company_finds_its_own_people_and_sees_no_taps(site):
    draft = Draft(
        NOON,
        EventType.DECISION,
        DoorId("front"),
        effect=Effect.DENY,
        reason=Reason.UNKNOWN_CREDENTIAL,
        badge=BadgeId("0499"),
    )
    site.ingest.take([Batch(EDGE, seal(draft, EDGE, 1, FIRST_SEQ, GENESIS, "5a").line)], NOON)
    soon = NOON + timedelta(minutes=1)
    assert len(site.reception.refusals(soon)) == len(site.reception.unknown_badges(soon)) == 1
    own = site.reception.within(Reach(ACME))
    assert [one.person.id for one in own.find("ada")] == ["ada"]
    assert own.find("zoe") == []
    assert own.find("04aabbdd") == []
    assert [one.person.id for one in site.reception.find("zoe")] == ["zoe"]
    assert own.refusals(soon) == []
    assert own.unknown_badges(soon) == []


# --------------------------------------------------------------- grants, trainings and visits of one company


LASER = (Certification(CertificationId("laser")),)
LATER = {"valid_from": "2026-09-15T10:00:00Z", "valid_until": "2026-09-15T16:00:00Z"}


@pytest.fixture
def rights(site):
    """Give Ada and Zoe a grant, a training and a visitor each."""
    for person in ("ada", "zoe"):
        grant = GrantRecord(
            GrantId(f"g-{person}"), NOON, NOON + DAY, (DoorId("room"),), person=PersonId(person), reason="R"
        )
        site.grants.give(grant, "test", NOON)
        visit = VisitRecord(
            f"v-{person}", PersonId(f"guest-{person}"), PersonId(person), NOON, NOON + DAY, (DoorId("room"),)
        )
        site.visits.expect(visit, "Guest", "test", NOON)
        site.people.change(
            PersonId(person), lambda was: msgspec.structs.replace(was, certifications=LASER), "test", NOON
        )
    return site


@pytest.mark.usefixtures("rights")
def test_a_manager_of_a_company_sees_the_grants_trainings_and_visits_of_its_people_alone(manager):
    for noun, whose in (("grants", "person"), ("certifications", "person"), ("visits", "host")):
        assert [one[whose] for one in manager.get(f"/v1/{noun}").json()["items"]] == ["ada"], noun
        assert manager.get(f"/v1/{noun}", params={whose: "zoe"}).json()["items"] == [], noun
    for path in ("grants/g-ada", "certifications/ada/laser", "visits/v-ada"):
        assert manager.get(f"/v1/{path}").status_code == 200, path
    for path in ("grants/g-zoe", "certifications/zoe/laser", "visits/v-zoe"):
        is_problem(manager.get(f"/v1/{path}"), 404, "not-found")


def test_a_manager_of_a_company_touches_nothing_of_others(rights, manager):
    is_problem(manager.delete("/v1/grants/g-zoe"), 404, "not-found")
    for verb in ("arrive", "leave", "cancel"):
        is_problem(manager.post(f"/v1/visits/v-zoe/{verb}", json={}), 404, "not-found")
    is_problem(manager.post("/v1/people/zoe/leave"), 404, "not-found")
    visit = LATER | {"host": "zoe", "name": "Eve", "escorted": True}
    is_problem(manager.post("/v1/visits", json=visit), 422, "invalid")
    known = LATER | {"host": "ada", "person": "zoe", "escorted": True}
    is_problem(manager.post("/v1/visits", json=known), 422, "invalid")
    assert rights.visits.get("v-zoe").state is VisitState.EXPECTED
    assert rights.grants.get(GrantId("g-zoe")).person == "zoe"


@pytest.mark.usefixtures("rights")
def test_a_manager_of_a_company_receives_visitors_whom_somebody_escorts(manager):
    asked = LATER | {"host": "ada", "name": "Eve", "escorted": True}
    visit = manager.post("/v1/visits", json=asked).json()["id"]
    assert manager.post(f"/v1/visits/{visit}/arrive", json={}).json()["state"] == "arrived"
    assert manager.post(f"/v1/visits/{visit}/leave").json()["state"] == "left"
    assert manager.post("/v1/visits/v-ada/cancel").json()["state"] == "cancelled"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("visits", LATER | {"host": "ada", "name": "Eve", "doors": ["room"]}),
        ("visits", LATER | {"host": "ada", "name": "Eve", "doors": ["room"], "escorted": True}),
        ("visits/v-ada/arrive", {"badge": "04aabbee"}),
        ("grants", LATER | {"person": "ada", "doors": ["room"], "reason": "R"}),
        ("certifications", {"person": "ada", "id": "laser"}),
        ("certifications/ada/laser/revoke", {"reason": "R"}),
    ],
)
def test_what_opens_a_door_beyond_its_tiers_stays_the_building_s(rights, manager, path, body):
    is_problem(manager.post(f"/v1/{path}", json=body), 403, "not-allowed")
    assert rights.visits.get("v-ada").state is VisitState.EXPECTED


@pytest.mark.usefixtures("rights")
def test_a_manager_of_a_company_may_end_a_right_of_its_people(manager):
    assert manager.delete("/v1/grants/g-ada").status_code == 204
    assert manager.post("/v1/people/ada/leave").json()["badges"] == ["04aabbcc"]


# --------------------------------------------------------------------------------------------- one space


@pytest.fixture
def warden(site, signed_in):
    site.live.take(
        [
            passage(1, "ada", "front", "outside", "hall", at=NOON),
            passage(2, "zoe", "front", "outside", "hall", at=NOON),
            passage(3, "zoe", "room", "hall", "room", at=NOON),
        ]
    )
    return signed_in("wally", Role.SECURITY, Reach(space=SpaceId("room")))


def test_a_warden_of_a_space_lists_and_marks_who_is_there(warden, keyed):
    assert [one["person"] for one in warden.get("/v1/rollcall?reason=drill").json()] == ["zoe"]
    whole = keyed("rollcall:write").post("/v1/rollcall", json={}).json()
    assert {one["person"] for one in whole["people"]} == {"ada", "zoe"}
    path = f"/v1/rollcall/{whole['id']}"
    assert [one["person"] for one in warden.get(path).json()["people"]] == ["zoe"]
    is_problem(warden.post(f"{path}/safe", json={"people": ["ada"]}), 404, "not-found")
    assert [
        one["person"] for one in warden.post(f"{path}/safe", json={"people": ["zoe"]}).json()["safe"]
    ] == ["zoe"]
    assert [one["space"] for one in warden.get(path).json()["unnamed"]] == ["room"]
    assert [one["space"] for one in warden.get("/v1/rollcall/unnamed").json()] == ["room"]
    is_problem(warden.post(f"{path}/close"), 403, "not-allowed")


def test_a_count_is_set_where_the_rights_hold_and_nowhere_else(warden):
    said = {"count": 2, "reason": "seen"}
    assert warden.post("/v1/spaces/room/count", json=said).status_code == 201
    for space in ("hall", "site", "no-such"):
        is_problem(warden.post(f"/v1/spaces/{space}/count", json=said), 403, "not-allowed")
    is_problem(warden.post("/v1/people/ada/out", json={"reason": "seen"}), 403, "not-allowed")


def test_rights_in_a_space_hold_in_those_inside_it():
    covers = Reach(space=SpaceId("site")).covers
    assert covers(BUILDING, SpaceId("room"))
    assert covers(BUILDING, SpaceId("site"))
    assert not covers(BUILDING, SpaceId("outside"))
    assert not Reach(ACME).covers(BUILDING, SpaceId("room"))
    assert Reach().covers(BUILDING, SpaceId("room"))
