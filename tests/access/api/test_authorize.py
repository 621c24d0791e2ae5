"""`POST /v1/authorize`: for a key of that door; a refusal is an answer."""

import pytest

from tests.access.api.test_problems import ADA, is_problem

TAP = {
    "reader": "front-in",
    "badge": {"kind": "uid", "id": "04aabbcc"},
    "assurance": "uid",
    "deadline_ms": 10_000,
}


@pytest.fixture
def controller(manager, keyed):
    manager.post("/v1/people", json=ADA)
    manager.post("/v1/badges", json={"id": "04aabbcc", "kind": "uid", "person": "ada"})
    return keyed("reader:front")


def test_a_grant_says_how_long_to_unlock(controller):
    answer = controller.post("/v1/authorize", json=TAP)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["effect"], body["reason"], body["unlock_ms"]) == ("grant", "granted", 5000)
    assert body["event"].startswith("authorizer-1:")
    assert set(body["message"]) == {"fr", "en"}


def test_a_refusal_is_an_answer(controller):
    answer = controller.post("/v1/authorize", json=TAP | {"badge": {"kind": "uid", "id": "04000000"}})
    assert answer.status_code == 200
    assert (answer.json()["effect"], answer.json()["reason"]) == ("deny", "denied-unknown-credential")


def test_a_tap_that_is_sent_again_under_its_id_is_the_same_tap(controller):
    first, again = (controller.post("/v1/authorize", json=TAP | {"id": "tap-1"}).json() for _ in range(2))
    assert first == again
    other = TAP | {"id": "tap-1", "badge": {"kind": "uid", "id": "04000000"}}
    is_problem(controller.post("/v1/authorize", json=other), 422, "invalid")


@pytest.mark.parametrize("more", [{"badge": {"kind": "uid", "id": "04\0"}}, {"id": "tap\0"}])
def test_a_tap_is_refused_whose_event_could_not_be_stored_nor_any_after_it(controller, more):
    is_problem(controller.post("/v1/authorize", json=TAP | more), 422, "invalid")
    reserved = {"reader": "front-in", "badge": "04\0", "assurance": 1}
    is_problem(controller.post("/v1/reservations", json=reserved), 422, "invalid")


def test_a_pin_is_never_sent_back(controller):
    answer = controller.post("/v1/authorize", json=TAP | {"pin": "25802580258025802580"})
    is_problem(answer, 422, "invalid")
    assert "2580" not in answer.text


def test_a_dry_run_decides_for_any_time_and_records_nothing(controller):
    night = controller.post("/v1/authorize?dry_run=true&at=2026-09-15T23:00:00Z", json=TAP).json()
    assert (night["reason"], night["event"]) == ("denied-out-of-time-range", None)
    is_problem(controller.post("/v1/authorize?at=2026-09-15T23:00:00Z", json=TAP), 422, "invalid")


def test_a_key_of_another_door_is_refused(controller, keyed):
    is_problem(controller.post("/v1/authorize", json=TAP | {"reader": "room-in"}), 403, "not-allowed")
    is_problem(keyed("people:read").post("/v1/authorize", json=TAP), 403, "not-allowed")


@pytest.mark.parametrize(
    "wrong",
    [{"reader": "cellar-in"}, {"badge": "04aabbcc"}, {"assurance": "certain"}, {"deadline_ms": 0}],
)
def test_a_malformed_tap_is_refused(controller, wrong):
    is_problem(controller.post("/v1/authorize", json=TAP | wrong), 422, "invalid")
