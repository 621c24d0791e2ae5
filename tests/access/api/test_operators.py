"""`/v1/operators` and `/v1/keys` over HTTP: secrets are told once, and whoever goes is out at once."""

from contextlib import closing

import pytest
from msgspec.structs import replace
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from access.services.operators import Operators
from access.services.outbox import Outbox
from access.services.passwords import Passwords
from access.services.rights import SCOPES, Role
from access.store.database import open_database
from tests.access.api.test_problems import is_problem
from tests.asgi_client import Client
from tests.small_site import BUILDING, NOON

GRACE = {"name": "grace", "role": "security"}


@pytest.fixture
def administrator(keyed):
    return keyed(*(scope.value for scope in SCOPES[Role.ADMINISTRATOR]))


def test_an_operator_is_added_signs_in_and_is_out_once_removed(administrator, app):
    added = administrator.post("/v1/operators", json=GRACE)
    assert added.status_code == 201
    assert added.headers["location"] == "/v1/operators/grace"
    browser = Client(app)
    once = {"name": "grace", "password": added.json()["one_time_password"]}
    signed_in = browser.post("/v1/session", json=once)
    assert signed_in.json()["must_set_password"]
    browser.headers["X-CSRF-Token"] = signed_in.json()["csrf"]
    chosen = browser.post("/v1/session/password", json={"password": "a long enough one"})
    assert chosen.status_code == 200
    assert browser.get("/v1/people").status_code == 200
    assert administrator.delete("/v1/operators/grace").status_code == 204
    is_problem(browser.get("/v1/people"), 401, "not-signed-in")
    is_problem(administrator.get("/v1/operators/grace"), 404, "not-found")


def test_a_secret_is_told_once(administrator, services):
    password = administrator.post("/v1/operators", json=GRACE, headers={"Idempotency-Key": "k"}).json()
    key = administrator.post("/v1/keys", json={"name": "relay", "scopes": ["reader:front"]})
    secret = key.json()["secret"]
    for path in ("/v1/operators", "/v1/operators/grace", "/v1/keys", key.headers["location"]):
        read = administrator.get(path)
        assert read.status_code == 200
        assert password["one_time_password"] not in read.text
        assert secret not in read.text
        assert "$argon2" not in read.text
    with services.database.engine.connect() as connection:
        kept = "".join(connection.connection.driver_connection.iterdump())
    assert password["one_time_password"] not in kept
    assert secret not in kept


def test_an_operator_is_changed_by_whoever_read_the_last_version(administrator):
    administrator.post("/v1/operators", json=GRACE)
    etag = administrator.get("/v1/operators/grace").headers["etag"]
    changed = administrator.patch("/v1/operators/grace", json={"role": "warden"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json()["role"]) == (200, "warden")
    again = administrator.patch("/v1/operators/grace", json={"disabled": True}, headers={"If-Match": etag})
    is_problem(again, 412, "outdated")
    bounded = administrator.patch("/v1/operators/grace", json={"space": "room"}, headers={"If-Match": "*"})
    assert (bounded.json()["role"], bounded.json()["space"]) == ("warden", "room")


@pytest.mark.parametrize("ask", [("post", "/v1/operators"), ("post", "/v1/operators/desk/reset-password")])
def test_a_one_time_password_is_told_also_where_the_operator_cannot_be_read_back(
    administrator, services, ask
):
    """Nobody else knows it: an answer that is lost after the commit would lose the password with it."""
    administrator.post("/v1/operators", json={"name": "desk", "role": "viewer"})

    def go_away(_):
        @event.listens_for(services.database.engine, "begin")
        def fail(_):
            raise OperationalError("BEGIN", {}, Exception("the database went away"))

    event.listen(services.database.engine, "commit", go_away)
    method, path = ask
    answer = administrator.request(method.upper(), path, json=GRACE)
    assert len(answer.json()["one_time_password"]) > 10


@pytest.mark.parametrize("act", [("POST", "/reset-password"), ("DELETE", "")])
def test_whoever_was_promoted_meanwhile_is_not_reset_nor_removed_by_who_may_less(
    administrator, keyed, services, sqlite_url, act
):
    administrator.post("/v1/operators", json={"name": "desk", "role": "viewer"})
    office = keyed("operators:read", "operators:write", "building:read", "occupancy:read")
    method, action = act
    promoted: list[str] = []

    def promote(connection):
        if connection.get_execution_options().get("totem_writes") and not promoted:
            promoted.append("desk")
            with closing(open_database(sqlite_url)) as database:
                there = Operators(database, BUILDING, Passwords(), Outbox())
                there.change("desk", lambda was: replace(was, role="administrator"), "boss", NOON)

    event.listen(services.database.engine, "engine_connect", promote)
    is_problem(office.request(method, f"/v1/operators/desk{action}"), 403, "not-allowed")
    assert promoted


def test_a_key_is_made_read_and_ended(administrator, app):
    made = administrator.post("/v1/keys", json={"name": "screen", "scopes": ["occupancy:read"]})
    machine = Client(app, {"Authorization": f"Bearer {made.json()['secret']}"})
    assert machine.get("/v1/occupancy").status_code == 200
    assert made.json()["created_by"].startswith("key:")
    assert administrator.delete(made.headers["location"]).status_code == 204
    is_problem(machine.get("/v1/occupancy"), 401, "not-signed-in")
    assert administrator.get(made.headers["location"]).json()["revoked_at"]
    is_problem(administrator.delete(made.headers["location"]), 409, "conflict")


def test_an_administrator_makes_no_key_that_reads_passages(administrator):
    asked = {"name": "curious", "scopes": ["events:read"]}
    is_problem(administrator.post("/v1/keys", json=asked), 403, "not-allowed")


def test_an_auditor_sees_operators_and_keys_and_changes_none(keyed):
    auditor = keyed(*(scope.value for scope in SCOPES[Role.AUDITOR]))
    assert auditor.get("/v1/operators").status_code == 200
    assert auditor.get("/v1/keys").status_code == 200
    is_problem(auditor.post("/v1/operators", json=GRACE), 403, "not-allowed")
    is_problem(auditor.delete("/v1/keys/x"), 403, "not-allowed")


def test_nobody_becomes_more_by_way_of_another_operator(administrator, keyed):
    for name, role in (("boss", "administrator"), ("eyes", "auditor"), ("desk", "viewer")):
        made = administrator.post("/v1/operators", json={"name": name, "role": role})
        assert made.status_code == 201, made.text
    office = keyed("operators:read", "operators:write", "building:read", "occupancy:read")
    latest = {"If-Match": "*"}
    for refused in (
        office.post("/v1/operators", json={"name": "mine", "role": "administrator"}),
        office.post("/v1/operators/boss/reset-password"),
        office.post("/v1/operators/eyes/reset-password"),
        office.patch("/v1/operators/desk", json={"role": "manager"}, headers=latest),
        office.patch("/v1/operators/boss", json={"disabled": True}, headers=latest),
        office.patch("/v1/operators/boss", json={"role": "viewer"}, headers=latest),
        office.delete("/v1/operators/boss"),
    ):
        is_problem(refused, 403, "not-allowed")
        assert "needs that right" in refused.json()["detail"]
    assert office.post("/v1/operators", json={"name": "mine", "role": "viewer"}).status_code == 201
    assert office.post("/v1/operators/desk/reset-password").status_code == 200
    assert office.delete("/v1/operators/desk").status_code == 204
    assert administrator.post("/v1/operators/eyes/reset-password").status_code == 200
