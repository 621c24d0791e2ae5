"""Signing in over HTTP: a one-time password, a cookie that no script reads, and a token on every write."""

import pytest

from access.services.rights import Role
from tests.access.api.test_problems import is_problem
from tests.asgi_client import Client
from tests.small_site import NOON

NEW = "a long enough one"


@pytest.fixture
def browser(app, services):
    """Return a browser whose operator signed in with a one-time password and chose their own."""
    once = services.operators.create("grace", Role.MANAGER, "test", NOON).password
    client = Client(app)
    first = client.post("/v1/session", json={"name": "grace", "password": once}).json()
    client.headers["X-CSRF-Token"] = first["csrf"]
    assert first["must_set_password"] is True
    is_problem(client.get("/v1/people"), 403, "not-allowed")
    chosen = client.post("/v1/session/password", json={"password": NEW})
    client.headers["X-CSRF-Token"] = chosen.json()["csrf"]
    return client


def test_a_session_reads_and_writes_until_signed_out(browser):
    assert browser.get("/v1/session").json()["operator"] == "grace"
    assert browser.get("/v1/people").status_code == 200
    body = {"id": "ada", "name": "Ada", "type": "staff"}
    assert browser.post("/v1/people", json=body).status_code == 201
    token = browser.cookies["totem_session"]
    assert browser.delete("/v1/session").status_code == 204
    browser.cookies.set("totem_session", token)
    is_problem(browser.get("/v1/people"), 401, "not-signed-in")


def test_signing_in_again_ends_the_session_that_the_browser_held(browser):
    held = browser.cookies["totem_session"]
    assert browser.post("/v1/session", json={"name": "grace", "password": NEW}).status_code == 200
    assert browser.get("/v1/session").status_code == 200
    browser.cookies.clear()
    browser.cookies.set("totem_session", held)
    is_problem(browser.get("/v1/session"), 401, "not-signed-in")


def test_the_cookie_is_for_the_browser_alone(browser):
    answer = browser.post("/v1/session", json={"name": "grace", "password": NEW})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_write_without_the_token_of_the_session_is_refused(browser):
    body = {"id": "ada", "name": "Ada", "type": "staff"}
    for token in ("", "0" * 64):
        answer = browser.post("/v1/people", json=body, headers={"X-CSRF-Token": token})
        is_problem(answer, 403, "not-allowed")
    assert browser.get("/v1/people").json()["items"] == []


@pytest.mark.usefixtures("browser")
def test_a_wrong_password_is_refused(nobody):
    answer = nobody.post("/v1/session", json={"name": "grace", "password": "guess"})
    is_problem(answer, 401, "not-signed-in")
    assert "set-cookie" not in answer.headers


def test_who_leaves_before_the_answer_to_a_new_password_signs_in_with_it(app, services):
    once = services.operators.create("eve", Role.MANAGER, "test", NOON).password
    leaving = Client(app)
    first = leaving.post("/v1/session", json={"name": "eve", "password": once}).json()
    before = leaving.cookies["totem_session"]
    leaving.headers["X-CSRF-Token"] = first["csrf"]
    leaving.post("/v1/session/password", json={"password": NEW})
    leaving.cookies.clear()  # a browser that went on elsewhere takes no cookie from that answer
    leaving.cookies.set("totem_session", before)
    ended = is_problem(leaving.get("/v1/people"), 401, "not-signed-in")
    assert "sign in again" in ended["detail"]
    leaving.cookies.clear()
    again = leaving.post("/v1/session", json={"name": "eve", "password": NEW})
    assert again.json()["must_set_password"] is False
    assert leaving.get("/v1/people").status_code == 200


def test_a_machine_has_no_session(keyed):
    is_problem(keyed("building:read").get("/v1/session"), 401, "not-signed-in")
