"""People over HTTP: enrolled once, read in pages, changed only by who saw their last version."""

import msgspec
import pytest

from access.services.rights import Role
from tests.access.api.test_problems import ADA, is_problem
from tests.small_site import NOON


@pytest.fixture
def ada(manager):
    return manager.post("/v1/people", json=ADA)


def test_a_person_is_enrolled_and_read_back(manager, ada):
    assert ada.status_code == 201
    assert ada.headers["location"] == "/v1/people/ada"
    read = manager.get("/v1/people/ada")
    assert read.json() == ada.json()
    assert read.headers["etag"] == ada.headers["etag"] == '"1"'
    assert read.json()["tiers"] == ["staff"]


def test_a_person_without_an_id_is_given_one(manager):
    body = {"name": "Somebody", "type": "visitor"}
    first, second = (manager.post("/v1/people", json=body).json()["id"] for _ in range(2))
    assert first != second


def test_everything_a_person_holds_comes_back(manager):
    manager.post("/v1/people", json={"id": "host", "name": "Host", "type": "staff"})
    full = ADA | {
        "external_id": "HR-1",
        "host": "host",
        "certifications": [{"id": "laser", "until": "2027-01-01T00:00:00Z"}],
        "grants": [
            {
                "id": "g1",
                "valid_from": "2026-09-15T10:00:00Z",
                "valid_until": "2026-09-16T10:00:00Z",
                "doors": ["room"],
                "spaces": ["hall"],
            }
        ],
        "valid_until": "2027-01-01T00:00:00Z",
        "extended_opening": True,
    }
    assert manager.post("/v1/people", json=full).status_code == 201
    read = manager.get("/v1/people/ada").json()
    assert {key: read[key] for key in full} == full


@pytest.mark.usefixtures("ada")
def test_a_change_touches_only_what_is_sent(manager):
    changed = manager.patch("/v1/people/ada", json={"suspended": True}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200
    assert changed.headers["etag"] == '"2"'
    assert changed.json() == ADA | changed.json()
    assert changed.json()["suspended"] is True


@pytest.mark.usefixtures("ada")
def test_a_change_of_an_old_version_is_refused(manager):
    manager.patch("/v1/people/ada", json={"suspended": True}, headers={"If-Match": '"1"'})
    late = manager.patch("/v1/people/ada", json={"suspended": False}, headers={"If-Match": '"1"'})
    is_problem(late, 412, "outdated")
    assert manager.get("/v1/people/ada").json()["suspended"] is True


@pytest.mark.usefixtures("ada")
def test_a_change_must_name_its_version(manager):
    is_problem(manager.patch("/v1/people/ada", json={}), 428, "precondition-required")
    wrong = manager.patch("/v1/people/ada", json={}, headers={"If-Match": "three"})
    is_problem(wrong, 422, "invalid")
    assert manager.patch("/v1/people/ada", json={}, headers={"If-Match": "*"}).status_code == 200


def test_pages_follow_one_another_to_the_end(manager):
    for number in range(5):
        manager.post("/v1/people", json={"id": f"p{number}", "name": "N", "type": "visitor"})
    seen, url = [], "/v1/people?limit=2"
    while url:
        answer = manager.get(url)
        seen += [person["id"] for person in answer.json()["items"]]
        following = answer.json()["next"]
        assert ("link" in answer.headers) is (following is not None)
        if following:
            assert answer.headers["link"] == f'<{following}>; rel="next"'
        url = following
    assert seen == [f"p{number}" for number in range(5)]


def test_a_post_with_a_key_is_done_once_and_answered_alike(manager):
    body = {"name": "Somebody", "type": "visitor"}
    first, second = (
        manager.post("/v1/people", json=body, headers={"Idempotency-Key": "abc"}) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["etag"] == first.headers["etag"]
    assert second.headers["idempotency-replayed"] == "true"
    assert len(manager.get("/v1/people").json()["items"]) == 1


def test_a_key_for_another_request_is_refused(manager):
    manager.post("/v1/people", json=ADA, headers={"Idempotency-Key": "abc"})
    other = manager.post("/v1/people", json=ADA | {"id": "eve"}, headers={"Idempotency-Key": "abc"})
    is_problem(other, 422, "invalid")


def test_an_answer_is_not_given_again_to_whoever_lost_the_right_to_it(services, signed_in):
    browser, key = signed_in("grace", Role.MANAGER), {"Idempotency-Key": "abc"}
    assert browser.post("/v1/people", json=ADA, headers=key).status_code == 201
    services.operators.change("grace", lambda one: msgspec.structs.replace(one, role="viewer"), "test", NOON)
    answer = browser.post("/v1/people", json=ADA, headers=key)
    assert "Ada" not in is_problem(answer, 422, "invalid")["detail"]


def test_a_name_and_an_external_id_are_read_as_a_file_of_people_would_be(manager):
    sent = ADA | {"name": "  Ada   Lovelace ", "external_id": " 0042 "}
    assert manager.post("/v1/people", json=sent).status_code == 201
    kept = manager.get("/v1/people/ada").json()
    assert (kept["name"], kept["external_id"]) == ("Ada Lovelace", "0042")


def test_a_refused_post_can_be_sent_again_with_its_key(manager):
    bad, key = ADA | {"organisation": "acme"}, {"Idempotency-Key": "abc"}
    is_problem(manager.post("/v1/people", json=bad, headers=key), 422, "invalid")
    manager.post("/v1/organisations", json={"id": "acme", "name": "Acme"})
    assert manager.post("/v1/people", json=bad, headers=key).status_code == 201


def test_organisations_are_added_and_renamed(manager):
    assert manager.post("/v1/organisations", json={"id": "acme", "name": "Acme"}).status_code == 201
    is_problem(manager.post("/v1/organisations", json={"id": "acme", "name": "A"}), 409, "conflict")
    renamed = manager.patch("/v1/organisations/acme", json={"name": "Acme SA"}, headers={"If-Match": '"1"'})
    assert renamed.json() == {"id": "acme", "name": "Acme SA", "tiers": [], "version": 2}
    assert manager.get("/v1/organisations").json()["items"] == [renamed.json()]
