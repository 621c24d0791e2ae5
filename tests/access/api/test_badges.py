"""Badges over HTTP: what is done to one is in the next snapshot."""

import pytest

from policies.roster import BadgeStatus
from readers.wire import snapshot as wire
from tests.access.api.test_problems import ADA, is_problem
from tests.small_site import NOON

BADGE = {"id": "04aabbcc", "kind": "uid", "person": "ada"}


@pytest.fixture
def badge(manager):
    manager.post("/v1/people", json=ADA)
    return manager.post("/v1/badges", json=BADGE)


def published(services):
    messages = services.publisher.publish(NOON).messages
    return wire.read(messages[0].payload, services.publisher.public_key)


def test_a_badge_is_issued_and_read_back(manager, badge):
    assert badge.status_code == 201
    assert badge.json() == BADGE | {
        "status": "active",
        "valid_from": None,
        "valid_until": None,
        "version": 1,
        "issued_at": "2026-09-15T10:00:00Z",
        "last_used": None,
        "replaced_by": None,
    }
    assert manager.get("/v1/badges/04aabbcc").json() == badge.json()
    assert manager.get("/v1/badges?person=ada").json()["items"] == [badge.json()]
    assert manager.get("/v1/badges?person=eve").json()["items"] == []


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("suspend", BadgeStatus.SUSPENDED),
        ("report-lost", BadgeStatus.LOST),
        ("report-stolen", BadgeStatus.STOLEN),
        ("revoke", BadgeStatus.REVOKED),
    ],
)
@pytest.mark.usefixtures("badge")
def test_a_verb_reaches_the_doors_in_a_newer_snapshot(manager, services, verb, status):
    told: list[object] = []
    services.rights.listen(told.append)
    before = published(services)
    answer = manager.post(f"/v1/badges/04aabbcc/{verb}")
    assert (answer.status_code, answer.json()["status"]) == (200, status.value)
    after = published(services)
    assert len(told) == 1
    assert after.version > before.version
    assert after.roster.badges["04aabbcc"].status is status


@pytest.mark.usefixtures("badge")
def test_a_verb_said_twice_changes_nothing_the_second_time(manager):
    assert manager.post("/v1/badges/04aabbcc/suspend").json()["version"] == 2
    assert manager.post("/v1/badges/04aabbcc/suspend").json()["version"] == 2
    assert manager.post("/v1/badges/04aabbcc/activate").json()["status"] == "active"


@pytest.mark.usefixtures("badge")
def test_a_revoked_badge_never_opens_again(manager):
    manager.post("/v1/badges/04aabbcc/revoke")
    for verb in ("activate", "suspend", "report-lost", "report-stolen"):
        is_problem(manager.post(f"/v1/badges/04aabbcc/{verb}"), 409, "conflict")


@pytest.mark.usefixtures("badge")
def test_a_verb_for_another_version_is_refused(manager):
    late = manager.post("/v1/badges/04aabbcc/revoke", headers={"If-Match": '"7"'})
    is_problem(late, 412, "outdated")
    is_problem(manager.post("/v1/badges/04aabbcc/explode"), 422, "invalid")


@pytest.mark.usefixtures("badge")
def test_a_badge_is_given_to_somebody_else_but_keeps_kind_and_status(manager):
    manager.post("/v1/people", json={"id": "bob", "name": "Bob", "type": "staff"})
    changed = manager.patch("/v1/badges/04aabbcc", json={"person": "bob"}, headers={"If-Match": '"1"'})
    assert (changed.json()["person"], changed.json()["status"]) == ("bob", "active")
    status = manager.patch("/v1/badges/04aabbcc", json={"status": "lost"}, headers={"If-Match": '"2"'})
    is_problem(status, 422, "invalid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"person": "nobody"},
        {"kind": "magstripe"},
        {"id": "0812abcd"},
        {"id": "no good"},
        {"id": ""},
        {"id": "04:A1:B2:C3:D4:E5:F6"},
        {"id": "04A1B2C3D4E5F6"},
        {"id": "04a1b2"},
    ],
)
@pytest.mark.usefixtures("badge")
def test_a_malformed_badge_is_refused(manager, wrong):
    is_problem(manager.post("/v1/badges", json=BADGE | {"id": "04ffffff"} | wrong), 422, "invalid")


@pytest.mark.usefixtures("badge")
def test_an_identifier_is_given_out_once(manager):
    is_problem(manager.post("/v1/badges", json=BADGE), 409, "conflict")


@pytest.mark.usefixtures("badge")
def test_a_lost_badge_is_replaced_in_one_call(manager, services):
    manager.post("/v1/badges/04aabbcc/report-lost")
    fresh = manager.post("/v1/badges/04aabbcc/replace", json={"id": "04ddeeff", "kind": "uid"})
    assert (fresh.status_code, fresh.json()["person"]) == (201, "ada")
    assert fresh.headers["Location"] == "/v1/badges/04ddeeff"
    assert manager.get("/v1/badges/04aabbcc").json()["replaced_by"] == "04ddeeff"
    badges = published(services).roster.badges
    assert (badges["04aabbcc"].status, badges["04ddeeff"].status) == (
        BadgeStatus.REPLACED,
        BadgeStatus.ACTIVE,
    )
    is_problem(
        manager.post("/v1/badges/04aabbcc/replace", json={"id": "04112233", "kind": "uid"}), 409, "conflict"
    )
    is_problem(
        manager.post("/v1/badges/nothing/replace", json={"id": "04112233", "kind": "uid"}), 404, "not-found"
    )
