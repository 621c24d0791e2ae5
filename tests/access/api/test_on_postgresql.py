"""Whatever is asked over HTTP, over PostgreSQL: what only reads there may hold no row, which SQLite does not know."""

import re
from contextlib import closing

import pytest

from access.api import create_app
from access.services.rights import Role, Scope
from tests.access.api.inhabited import inhabited
from tests.access.api.test_matrix import described
from tests.asgi_client import Client
from tests.small_site import NOON

GOOD = "a quiet river of nine stones"


@pytest.fixture
def site(postgresql_url, tmp_path):
    with closing(inhabited(postgresql_url, tmp_path)) as opened:
        yield opened


@pytest.fixture
def app(site):
    return create_app(site, lambda: NOON)


def signed_in(app, site, name, role):
    """Return the browser of a new operator, who has chosen a password as everybody has to."""
    once = site.operators.create(name, role, "test", NOON).password
    browser = Client(app)
    for path, body in (
        ("/v1/session", {"name": name, "password": once}),
        ("/v1/session/password", {"password": GOOD}),
        ("/v1/session", {"name": name, "password": GOOD}),
    ):
        opened = browser.post(path, json=body)
        assert opened.status_code == 200, opened.text
        browser.headers["X-CSRF-Token"] = opened.json()["csrf"]
    return browser


def test_an_operator_signs_in_chooses_a_password_and_is_read_changed_reset_and_removed(app, site):
    root = signed_in(app, site, "root", Role.ADMINISTRATOR)
    assert root.post("/v1/operators", json={"name": "vera", "role": "viewer"}).status_code == 201
    tag = root.get("/v1/operators/vera").headers["etag"]
    changed = root.patch("/v1/operators/vera", json={"role": "warden"}, headers={"If-Match": tag})
    assert changed.json()["role"] == "warden"
    assert root.post("/v1/operators/vera/reset-password").status_code == 200
    assert root.delete("/v1/operators/vera").status_code == 204
    assert root.get("/v1/operators/vera").status_code == 404
    again = {"password": "another quiet river of stones", "current": GOOD}
    assert root.post("/v1/session/password", json=again).status_code == 200


def test_a_hold_and_a_roll_call_go_their_way(app, site):
    times = {"since": "2026-09-14T10:00:00Z", "until": "2026-09-15T10:00:00Z"}
    one, other = (signed_in(app, site, name, Role.SECURITY) for name in ("sid", "sue"))
    asked = {**times, "reason": "a theft", "expires_at": "2026-10-15T10:00:00Z"}
    hold = one.post("/v1/holds", json=asked).headers["location"]
    assert one.get(hold).json()["approved_by"] is None
    assert other.post(f"{hold}/approve").json()["approved_by"] == "sue"
    assert other.post(f"{hold}/lift").json()["lifted_by"] == "sue"
    muster = one.post("/v1/rollcall", json={"is_drill": True}).json()
    path, whom = f"/v1/rollcall/{muster['id']}", [person["person"] for person in muster["people"]]
    assert one.get(path).status_code == 200
    assert len(one.post(f"{path}/safe", json={"people": whom}).json()["safe"]) == len(whom)
    assert one.post(f"{path}/close").json()["closed_at"] is not None


def test_everything_that_is_read_is_answered(app, site):
    scopes = tuple(scope.value for scope in Scope)
    secret = site.keys.create("all", (*scopes, "reader:front"), "test", NOON)
    client = Client(app, {"Authorization": f"Bearer {secret}"})
    named = {
        "person": "p-ada",
        "badge": "04aabbcc",
        "organisation": "acme",
        "grant": "g-ada",
        "visit": "v-ada",
    }
    named |= {
        "certification": "laser",
        "door": "front",
        "space": "hall",
        "reader": "front-in",
        "name": "grace",
    }
    named |= {"policy": "1", "key": site.keys.page()[0].id}
    read = [operation.removeprefix("GET ") for operation in described(app) if operation.startswith("GET ")]
    assert len(read) > 50
    for path in read:
        filled = re.sub(r"\{(\w+)\}", lambda found: named.get(found[1], "none"), path)
        answer = client.get(filled, params={"reason": "drill"} if "rollcall" in path else {})
        assert answer.status_code in {200, 404, 422} or path == "/v1/session", (path, answer.text)
        if "none" not in filled and answer.status_code == 404:
            assert path.endswith("/latency"), (path, answer.text)
