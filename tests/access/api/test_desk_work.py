"""Trainings, grants, visits and departures over HTTP, and which doors are behind."""

from datetime import timedelta

import msgspec
import pytest

from access.api import create_app
from access.services import open_services
from access.services.rights import SCOPES, Role
from policies.ids import CertificationId, ReaderId, RuleId, SpaceId
from policies.policy import Rule, RuleEffect
from readers.wire.signals import OFFLINE, Line, ReaderStatus, Status
from tests.access.api.test_problems import ADA, is_problem
from tests.asgi_client import Client
from tests.small_site import BUILDING, EDGE, NOON, POLICY
from tests.small_site import SCOPES as SOURCES

LASER = Rule(
    RuleId("laser"),
    RuleEffect.PERMIT,
    spaces=(SpaceId("room"),),
    certifications=(CertificationId("laser"),),
)
TRAINED = msgspec.structs.replace(POLICY, rules=(*POLICY.rules, LASER))
EVENING = "2026-09-15T18:00:00Z"


@pytest.fixture
def services(sqlite_url, tmp_path):
    opened = open_services(sqlite_url, BUILDING, TRAINED, SOURCES, tmp_path / "site.key")
    yield opened
    opened.close()


@pytest.fixture
def desk(services):
    scopes = [scope.value for scope in SCOPES[Role.MANAGER]]
    secret = services.keys.create("test", scopes, "test", NOON)
    client = Client(create_app(services, lambda: NOON), {"Authorization": f"Bearer {secret}"})
    client.post("/v1/people", json=ADA)
    return client


def test_a_training_is_given_listed_by_its_end_and_revoked(desk):
    soon = {"person": "ada", "id": "laser", "until": "2026-09-20T10:00:00Z", "level": "trainer"}
    given = desk.post("/v1/certifications", json=soon)
    assert given.status_code == 201
    assert given.headers["Location"] == "/v1/certifications/ada/laser"
    assert given.json()["warning"] == "imminent"
    assert desk.get("/v1/certifications?ending_within_days=30").json()["items"] == [given.json()]
    assert desk.get("/v1/certifications?ending_within_days=2").json()["items"] == []
    assert desk.get("/v1/certifications?person=eve").json()["items"] == []
    assert desk.get(given.headers["Location"]).json()["level"] == "trainer"
    revoked = desk.post("/v1/certifications/ada/laser/revoke", json={"reason": "left the guard open"})
    assert revoked.status_code == 204
    is_problem(desk.get("/v1/certifications/ada/laser"), 404, "not-found")
    is_problem(desk.get("/v1/certifications?after=nonsense"), 422, "invalid")


def test_a_grant_is_given_read_and_ended(desk):
    new = {"person": "ada", "doors": ["room"], "valid_from": "2026-09-15T10:00:00Z", "valid_until": EVENING}
    is_problem(desk.post("/v1/grants", json=new), 422, "invalid")
    given = desk.post("/v1/grants", json=new | {"reason": "inventory", "most_uses": 3})
    assert (given.status_code, given.json()["uses"], given.json()["reason"]) == (201, 0, "inventory")
    address = given.headers["Location"]
    assert desk.get("/v1/grants?at=2026-09-15T12:00:00Z").json()["items"] == [given.json()]
    assert desk.get("/v1/grants?at=2026-09-15T19:00:00Z").json()["items"] == []
    assert desk.delete(address).status_code == 204
    is_problem(desk.get(address), 404, "not-found")


def test_a_visitor_comes_and_goes(desk):
    desk.post("/v1/badges", json={"id": "04000001", "kind": "uid", "status": "issued"})
    new = {"host": "ada", "doors": ["room"], "valid_from": "2026-09-15T09:00:00Z", "valid_until": EVENING}
    is_problem(desk.post("/v1/visits", json=new), 422, "invalid")
    visit = desk.post("/v1/visits", json=new | {"name": "Eve Visitor"})
    assert (visit.status_code, visit.json()["state"]) == (201, "expected")
    address = visit.headers["Location"]
    assert desk.get(f"/v1/people/{visit.json()['person']}").json()["host"] == "ada"
    is_problem(desk.post(f"{address}/arrive", json={}, headers={"If-Match": '"9"'}), 412, "outdated")
    arrived = desk.post(f"{address}/arrive", json={"badge": "04000001"})
    assert (arrived.json()["state"], arrived.json()["badge"]) == ("arrived", "04000001")
    assert desk.get("/v1/visits?state=arrived&host=ada").json()["items"] == [arrived.json()]
    assert desk.get("/v1/visits?since=2026-09-16T00:00:00Z").json()["items"] == []
    assert desk.post(f"{address}/leave").json()["state"] == "left"
    assert desk.get("/v1/badges/04000001").json()["person"] is None
    is_problem(desk.post(f"{address}/cancel"), 409, "conflict")


def test_one_call_ends_everything_of_somebody_who_leaves(desk):
    desk.post("/v1/badges", json={"id": "04aabbcc", "kind": "uid", "person": "ada"})
    left = desk.post("/v1/people/ada/leave")
    assert (left.status_code, left.json()["badges"]) == (200, ["04aabbcc"])
    assert left.json()["person"]["valid_until"] == "2026-09-15T10:00:00Z"
    assert left.json()["person"]["tiers"] == []
    assert desk.get("/v1/badges/04aabbcc").json()["status"] == "revoked"
    is_problem(desk.post("/v1/people/nobody/leave"), 404, "not-found")


def test_doors_tell_which_rights_they_have_and_since_when_they_are_behind(desk, services):
    version = services.publisher.publish(NOON).version
    said = Status(
        Line.ONLINE,
        NOON + timedelta(seconds=2),
        "0.1.0",
        version,
        {ReaderId("front-in"): ReaderStatus(Line.OFFLINE, NOON, "unplugged")},
    )
    services.live.source_status(EDGE, msgspec.json.encode(said), NOON)
    reader = desk.get("/v1/readers/front-in").json()
    assert (reader["state"], reader["fault"]) == ("offline", "unplugged")
    computer = desk.get("/v1/doors/front").json()["computer"]
    assert reader["computer"] == computer
    assert (computer["id"], computer["rights"], computer["behind_since"]) == (EDGE, version, None)
    assert (computer["software"], computer["clock_offset_s"], computer["rights_age_s"]) == ("0.1.0", 2.0, 0.0)
    assert [door["id"] for door in desk.get("/v1/doors?behind=true").json()] == ["room"]
    desk.post("/v1/people/ada/leave")
    services.live.source_status(EDGE, OFFLINE)
    computer = desk.get("/v1/doors/front").json()["computer"]
    assert (computer["state"], computer["behind_since"]) == ("offline", "2026-09-15T10:00:00Z")
    assert computer["rights"] == version
