"""Every refusal is a problem with a stable type, and nothing is open by accident."""

import asyncio
import base64
import gzip
import json
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

import access.api
from access.api.titles import TITLES
from access.services.rights import Scope
from tests.asgi_client import scope_of

ADA = {"id": "ada", "name": "Ada Lovelace", "type": "staff", "tiers": ["staff"]}


def is_problem(response, status, name):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:totem:problem:{name}"
    assert body["status"] == status
    assert body["detail"]
    return body


def routes_of(app):
    return [(method, path) for path, operations in app.openapi()["paths"].items() for method in operations]


def test_nothing_is_open_but_health_and_signing_in(app, nobody):
    checked = routes_of(app)
    assert len(checked) > 25
    for method, path in [*checked, ("get", "/openapi.json"), ("get", "/docs")]:
        if (method, path) in {("get", "/healthz"), ("post", "/v1/session")}:
            continue
        is_problem(nobody.request(method, path.replace("{", "").replace("}", "")), 401, "not-signed-in")


def test_every_route_beyond_the_open_ones_is_seen_by_that_test(app):
    described = {path for _, path in routes_of(app)}
    served = set(served_by(app.routes))
    assert len(served) > 25
    assert served - described <= {"/openapi.json", "/docs"}


def served_by(routes):
    """Yield the paths of routes, also of those that FastAPI keeps in the routers they were declared by."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route.path
        else:
            yield from served_by(route.original_router.routes if hasattr(route, "original_router") else ())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/people"),
        ("POST", "/v1/people"),
        ("GET", "/v1/badges"),
        ("POST", "/v1/badges/x/revoke"),
        ("POST", "/v1/organisations"),
        ("GET", "/v1/events"),
        ("GET", "/v1/passages"),
        ("GET", "/v1/occupancy"),
        ("GET", "/v1/doors"),
    ],
)
def test_without_the_right_it_is_refused(keyed, method, path):
    stranger = keyed("reader:front")
    body = {"id": "ada", "name": "Ada", "type": "staff"} if path == "/v1/people" else {"id": "x", "name": "X"}
    is_problem(stranger.request(method, path, json=body if method == "POST" else None), 403, "not-allowed")


def test_a_key_that_does_not_exist_is_refused(nobody):
    for header in ("Bearer totem_wrong", "Basic YTpi", "Bearer"):
        response = nobody.get("/v1/people", headers={"Authorization": header})
        is_problem(response, 401, "not-signed-in")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "noun", ["people", "badges", "organisations", "doors", "readers", "spaces", "occupancy"]
)
def test_what_does_not_exist_is_not_found(manager, noun):
    is_problem(manager.get(f"/v1/{noun}/no-such-thing"), 404, "not-found")


def test_an_unknown_path_and_a_wrong_method_are_problems_too(manager):
    is_problem(manager.get("/v1/nothing"), 404, "not-found")
    is_problem(manager.delete("/v1/people"), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "ada", "type": "staff"},
        ADA | {"type": "wizard"},
        ADA | {"unknown": 1},
        ADA | {"tiers": ["no-such-tier"]},
        ADA | {"organisation": "no-such"},
        ADA | {"host": "no-such"},
        ADA | {"id": "with space"},
        ADA | {"name": " \t "},
        ADA | {"name": "Ada\x1b[2J"},
        ADA | {"external_id": " "},
        ADA | {"valid_from": "2026-09-15T10:00:00"},
        ADA | {"valid_from": "2026-09-16T10:00:00Z", "valid_until": "2026-09-15T10:00:00Z"},
        ADA | {"certifications": [{"id": "laser"}, {"id": "laser"}]},
        ADA | {"grants": [{"id": "g", "valid_from": "2026-09-15T10:00:00Z",
                           "valid_until": "2026-09-16T10:00:00Z", "doors": ["no-such"]}]},
    ],
)  # fmt: skip  # a table
def test_a_malformed_person_is_refused_and_nobody_is_enrolled(manager, body):
    is_problem(manager.post("/v1/people", json=body), 422, "invalid")
    assert manager.get("/v1/people").json()["items"] == []


def test_a_problem_does_not_repeat_what_was_sent(nobody):
    response = nobody.post("/v1/session", json={"name": "ada", "password": {"secret": "hunter2"}})
    body = is_problem(response, 422, "invalid")
    assert body["errors"][0]["at"] == "body.password"
    assert "hunter2" not in response.text


def test_not_json_is_refused(manager):
    is_problem(manager.post("/v1/people", content=b"{not json"), 422, "invalid")


def test_an_id_in_use_is_a_conflict(manager):
    assert manager.post("/v1/people", json=ADA).status_code == 201
    is_problem(manager.post("/v1/people", json=ADA), 409, "conflict")


def test_a_fault_is_a_problem_without_its_inside(app, services, keyed):
    from tests.asgi_client import Client

    headers = keyed(Scope.PEOPLE_READ.value).headers
    client = Client(app, dict(headers), raises_faults=False)
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE tiers_held")
    manager_view = is_problem(client.get("/v1/people"), 500, "fault")
    assert "tiers_held" not in str(manager_view)


def test_a_write_where_only_reading_is_allowed_is_a_fault_and_not_asked_again(app, services):
    from tests.asgi_client import Client

    def write():
        with services.database.reading() as session:
            session.connection().exec_driver_sql("DELETE FROM tiers_held")

    app.add_api_route("/v1/wrong", write)
    client = Client(app, raises_faults=False)
    is_problem(client.get("/v1/wrong"), 500, "fault")


@pytest.mark.parametrize(
    ("asked", "title", "language"),
    [
        ("fr-CH, en;q=0.5", "Introuvable", "fr"),
        ("de, en;q=0.8, fr;q=0.7", "Not found", "en"),
        ("de", "Not found", "en"),
        (None, "Not found", "en"),
    ],
)
def test_a_problem_is_called_in_the_language_that_is_asked_for(manager, asked, title, language):
    headers = {"Accept-Language": asked} if asked else {}
    answer = manager.get("/v1/people/no-such-thing", headers=headers)
    assert is_problem(answer, 404, "not-found")["title"] == title
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept-Language"


SENT = {
    "id": "", "name": "A" * 201, "type": "wizard", "tiers": "staff", "suspended": "perhaps", "unknown": 1,
    "valid_from": "2026-09-15T10:00:00", "valid_until": "soon", "certifications": [{"until": 3}],
}  # fmt: skip  # a table


def test_what_is_wrong_with_each_field_and_file_is_told_in_french_too(keyed, manager):
    french = {"Accept-Language": "fr"}
    answers = [
        manager.post("/v1/people", json=SENT, headers=french),
        manager.post("/v1/people", json={}, headers=french),
        manager.post("/v1/people", content=b"{", headers=french),
        keyed("events:read").get("/v1/events?limit=0&since=x&type=y&effect=z", headers=french),
        keyed("occupancy:read").get("/v1/occupancy/hall/history?from=x&to=1000-01-01", headers=french),
    ]
    places = [place for answer in answers for place in is_problem(answer, 422, "invalid")["errors"]]
    english = re.compile(r"[Ii]nput|should|expected|valid |required|character|error")
    assert len(places) > 15
    assert [place for place in places if english.search(place["message"])] == []
    unknown = manager.get("/v1/people/no-such-thing", headers=french).json()
    assert unknown["detail"] == "personne no-such-thing : personne n’a cet identifiant"
    faults = manager.post("/v1/imports", json=[{"external_id": "1", "tiers": "no"}], headers=french).json()
    assert {fault["message"] for fault in faults["faults"]} == {
        "la formule no n’existe pas",
        "cette colonne est attendue pour quelqu’un de nouveau",
    }


def test_every_problem_that_the_server_tells_has_its_title_in_both_languages():
    told = set()
    for file in Path(access.api.__file__).parent.glob("*.py"):
        text = file.read_text()
        told |= set(re.findall(r'HTTPStatus\.[A-Z_]+, "([a-z-]+)"', text))
    assert len(told) > 12
    assert told <= TITLES.keys()
    for name, label in TITLES.items():
        assert label.fr != label.en, name


def test_every_answer_carries_security_headers(nobody):
    for path in ("/healthz", "/v1/people"):
        headers = nobody.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


AT_THE_EDGE_OF_TIME = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("moment", AT_THE_EDGE_OF_TIME)
def test_a_time_that_utc_cannot_tell_is_refused_wherever_it_is_sent(keyed, moment):
    client = keyed(*(scope.value for scope in Scope), "reader:front")
    client.post("/v1/people", json=ADA)
    training = [{"id": "laser", "until": moment}]
    tap = {"reader": "front-in", "badge": {"kind": "uid", "id": "04aabbcc"}, "assurance": "uid"}
    answers = [
        client.post("/v1/people", json=ADA | {"id": "bob", "valid_from": moment}),
        client.patch("/v1/people/ada", json={"certifications": training}, headers={"If-Match": "*"}),
        client.post("/v1/badges", json={"id": "04aabbcc", "kind": "uid", "valid_until": moment}),
        client.get("/v1/events", params={"since": moment}),
        client.get("/v1/passages", params={"until": moment}),
        client.post("/v1/authorize", params={"dry_run": "true", "at": moment}, json=tap),
        client.post("/v1/authorize", params={"dry_run": "true", "at": "9999-12-31T23:59:59Z"}, json=tap),
        client.post("/v1/authorize", params={"dry_run": "true", "at": "0001-01-01T00:00:00Z"}, json=tap),
    ]
    for answer in answers:
        is_problem(answer, 422, "invalid")


NOT_A_TIME = (
    "30/09/2026",
    "2026-09-30",
    "2026-09-30T10:00:00",
    "2026-09-30T10:00:00 02:00",
    "1",
    1,
    1e18,
    True,
)


@pytest.mark.parametrize("told", NOT_A_TIME)
def test_what_is_no_time_with_its_offset_is_refused_with_one_that_is(manager, keyed, told):
    answers = [manager.post("/v1/people", json=ADA | {"valid_until": told})]
    if isinstance(told, str):
        answers.append(keyed("events:read").get("/v1/events", params={"since": told}))
    for answer in answers:
        assert (
            "expected a time with its offset, as 2026-09-01" in is_problem(answer, 422, "invalid")["detail"]
        )


UNREADABLE = {
    "no UTF-8": b'{"name": "\xff"}',
    "deep": b'{"a":' * 50_000,
    "compressed": gzip.compress(b"{}"),
    "a long number": b'{"most_uses": %s}' % (b"9" * 5000),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_no_parser_takes_is_refused_with_what_is_expected(manager, content):
    answer = manager.post("/v1/people", content=content, headers={"Content-Type": "application/json"})
    assert "expected JSON in UTF-8, not compressed" in is_problem(answer, 400, "bad-request")["detail"]


@pytest.mark.parametrize(
    "place",
    [
        {"at": "2026-01-01T00:00:00Z", "source": "a", "epoch": 2**63, "seq": 1},
        {"at": "2026-01-01T00:00:00", "source": "a", "epoch": 1, "seq": 1},
        {"at": AT_THE_EDGE_OF_TIME[0], "source": "a", "epoch": 1, "seq": 1},
        {"at": "2026-01-01T00:00:00Z", "source": "a\0", "epoch": 1, "seq": 1},
    ],
)
def test_a_cursor_that_no_page_ended_with_is_refused(keyed, place):
    cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
    is_problem(keyed("events:read").get("/v1/events", params={"after": cursor}), 422, "invalid")


@pytest.mark.parametrize(
    "path",
    [
        "policies/99999999999999999999", "policies/0", "policies?after=99999999999999999999", "policies?after=-1",
        "policies?after=%D9%A3", "audit?after=99999999999999999999", "retention/purges?after=x",
        "people/a%00b", "people?after=%00", "visits?host=%00",
    ],
)  # fmt: skip  # a table
def test_an_address_that_no_database_could_look_up_is_refused(keyed, path):
    client = keyed(*(scope.value for scope in Scope))
    is_problem(client.get(f"/v1/{path}"), 422, "invalid")


@pytest.mark.parametrize(
    ("noun", "body"),
    [
        ("people", ADA | {"name": "Ada\0"}),
        ("people", ADA | {"tiers": ["staff\0"]}),
        ("organisations", {"id": "acme", "name": "\0"}),
        ("session", {"name": "\0", "password": "x"}),
    ],
)
def test_text_that_postgresql_cannot_keep_is_refused_on_every_database(keyed, noun, body):
    client = keyed(*(scope.value for scope in Scope))
    is_problem(client.post(f"/v1/{noun}", json=body), 422, "invalid")


def test_a_body_too_large_to_mean_anything_is_refused_before_it_is_read(nobody):
    body = b'{"name": "' + b"a" * 2_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    is_problem(nobody.post("/v1/session", content=body, headers=headers), 413, "content-too-large")
    is_problem(nobody.post("/v1/people", content=body, headers=headers), 413, "content-too-large")


def test_a_body_that_hides_its_length_is_cut_off(app):
    """As a chunked one does: no Content-Length, and no end."""
    answers: list[dict[str, object]] = []
    sent = 0

    async def receive():
        nonlocal sent
        sent += 1
        assert sent < 100, "the server reads on and on"
        return {"type": "http.request", "body": b"a" * 65_536, "more_body": True}

    async def send(message):
        answers.append(message)

    scope = scope_of("POST", "/v1/session", [(b"content-type", b"application/json"), (b"host", b"test")])
    asyncio.run(app(scope, receive, send))
    assert answers[0]["status"] == 413


class Dripping:
    """Somebody without a key who begins a body and sends no more of it."""

    SCOPE = scope_of("POST", "/v1/people", [(b"content-type", b"application/json"), (b"host", b"test")])

    def __init__(self, app):
        self._app, self._rest, self.status = app, asyncio.Event(), None
        self._begun = [{"type": "http.request", "body": b"{" + b" " * 40_000, "more_body": True}]

    async def _receive(self):
        if self._begun:
            return self._begun.pop()
        await self._rest.wait()
        return {"type": "http.request", "body": b"}", "more_body": False}

    async def _send(self, message):
        self.status = self.status or message.get("status")

    async def ask(self):
        await self._app(dict(self.SCOPE), self._receive, self._send)

    def end(self):
        self._rest.set()


def test_a_body_that_never_ends_is_not_waited_for(app, monkeypatch):
    monkeypatch.setattr("access.api.bodies.WITHIN_S", 0.01)
    stranger = Dripping(app)
    asyncio.run(stranger.ask())
    assert stranger.status == 408


def test_bodies_that_are_begun_are_bounded_together_and_make_room_when_they_end(app, monkeypatch):
    monkeypatch.setattr("access.api.bodies.MOST_TOGETHER", 100_000)

    async def scene():
        waiting = [Dripping(app) for _ in range(2)]
        tasks = [asyncio.create_task(each.ask()) for each in waiting]
        await asyncio.sleep(0)
        third = Dripping(app)
        await third.ask()
        waiting[0].end()
        await tasks[0]
        fourth = Dripping(app)
        fourth.end()
        await fourth.ask()
        waiting[1].end()
        await tasks[1]
        return [each.status for each in (third, *waiting, fourth)]

    assert asyncio.run(scene()) == [503, 401, 401, 401]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_sent_as_json_is_told_by_which_header_it_would_be(keyed, kind):
    headers = {"Content-Type": kind} if kind else {}
    desk, body = keyed("people:write"), json.dumps(ADA)
    answer = desk.request("POST", "/v1/people", content=body, headers=headers)
    assert "Content-Type application/json" in is_problem(answer, 422, "invalid")["detail"]
    headers["Accept-Language"] = "fr"
    french = desk.request("POST", "/v1/people", content=body, headers=headers)
    assert "un objet JSON est attendu" in is_problem(french, 422, "invalid")["detail"]
