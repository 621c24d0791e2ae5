"""A tap is answered before the application: no SQL, a deadline kept or missed aloud, nonsense refused cheaply."""

import asyncio
from datetime import timedelta
from time import monotonic

import msgspec
import pytest
from sqlalchemy import event

from access.api.taps import ARRIVED, MOST_AT_ONCE, Taps
from access.authorize.authorizer import Authorizer
from access.services.keyring import LOOKS_A_SECOND, KeyRing
from policies.ids import SourceId
from readers.journal import Durability, FileJournal
from tests.access.api.test_problems import ADA
from tests.asgi_client import scope_of
from tests.small_site import NOON

TAP = {
    "reader": "front-in",
    "badge": {"kind": "uid", "id": "04aabbcc"},
    "assurance": "uid",
    "deadline_ms": 10_000,
}
"""With a deadline that a busy machine keeps, but where it is what the test is about."""


@pytest.fixture
def secret(services, manager):
    manager.post("/v1/people", json=ADA)
    manager.post("/v1/badges", json={"id": "04aabbcc", "kind": "uid", "person": "ada"})
    return services.keys.create("controller", ("reader:front",), "test", NOON)


def tapped(front, secret, *bodies, arrived=None, path="/v1/authorize"):
    """Send one request, its body in the given pieces (None: it never comes); return status, headers and body."""
    sent, pieces = [], list(bodies)

    async def receive():
        piece = pieces.pop(0)
        if piece is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message):
        sent.append(message)

    scope = scope_of("POST", path, [(b"authorization", b"Bearer " + secret.encode())])
    if arrived is not None:
        scope[ARRIVED] = arrived
    asyncio.run(front(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), msgspec.json.decode(body)


def body(**more):
    return msgspec.json.encode(TAP | more)


def test_no_statement_of_sql_is_on_the_path_of_a_tap(front, secret, services):
    tapped(front, secret, body())  # a key that was just made is looked for once
    statements = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    for _ in range(50):
        assert tapped(front, secret, body())[2]["effect"] == "grant"
    assert statements == []
    services.keys.of(secret, NOON)
    assert statements != []  # the counter counts


def test_the_answer_is_the_applications_own(front, app, secret):
    fast, slow = tapped(front, secret, body()), tapped(app, secret, body())
    assert fast[0] == slow[0] == 200
    assert fast[2] | {"event": None} == slow[2] | {"event": None}
    assert {name for name, _ in fast[1].items()} == {name for name, _ in slow[1].items()}


def test_a_tap_that_waited_past_its_deadline_is_refused_as_timed_out(front, secret):
    in_50_ms = msgspec.json.encode({name: TAP[name] for name in TAP if name != "deadline_ms"})
    _, _, late = tapped(front, secret, in_50_ms, arrived=monotonic() - 0.06)
    assert (late["effect"], late["reason"], late["event"]) == ("deny", "denied-verification-timeout", None)
    _, _, longer = tapped(front, secret, body(deadline_ms=5_000), arrived=monotonic() - 0.06)
    assert longer["reason"] == "granted"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"[" * 2_000,
        b'{"x":' + b"[" * 1_800 + b"]" * 1_800 + b"}",
        b"\xff\xfe",
        b'{"reader":"front-in"}',
        body(badge={"kind": "uid", "id": ""}),
        body(badge={"kind": "eel", "id": "04aabbcc"}),
        body(assurance="secret-word"),
        body(deadline_ms=0),
        body(deadline_ms="50"),
        body(reader="x" * 65),
    ],
)
def test_a_body_that_is_no_tap_is_refused_without_repeating_it(front, secret, sent):
    status, _, said = tapped(front, secret, sent)
    assert (status, said["type"]) == (422, "urn:totem:problem:invalid")
    assert "eel" not in said["detail"]
    assert "secret-word" not in said["detail"]


def test_an_oversized_body_is_not_read_to_its_end(front, secret):
    status, headers, said = tapped(front, secret, b" " * 3_000, b" " * 3_000, None)
    assert (status, said["type"]) == (413, "urn:totem:problem:content-too-large")
    assert headers[b"connection"] == b"close"


def test_a_body_in_pieces_is_put_together(front, secret):
    whole = body()
    assert tapped(front, secret, whole[:10], whole[10:40], whole[40:])[2]["effect"] == "grant"


def test_a_body_that_never_ends_is_hung_up_on(front, secret, monkeypatch):
    monkeypatch.setattr("access.api.taps.BODY_WITHIN_S", 0.01)
    status, headers, said = tapped(front, secret, b"{", None)
    assert (status, said["type"]) == (408, "urn:totem:problem:body-too-slow")
    assert headers[b"connection"] == b"close"


def test_a_wrong_key_is_refused_before_its_body_is_read(front, secret):
    status, headers, said = tapped(front, secret + "x", None)
    assert (status, said["type"]) == (401, "urn:totem:problem:not-signed-in")
    assert headers[b"www-authenticate"] == b"Bearer"


def test_a_flood_of_wrong_keys_asks_the_database_ten_times_a_second_at_most(services):
    now = [0.0]
    ring = KeyRing(services.database, lambda: now[0])
    looks = 1
    for wrong in range(1_000):
        now[0] = wrong / 1_000
        assert ring.of(b"totem_wrong", NOON) is None
        if ring.may_look_again:
            ring.look_again()
            looks += 1
    assert looks == LOOKS_A_SECOND
    now[0] = 1.0
    assert ring.may_look_again


def test_a_revoked_key_and_one_that_ran_out_ask_nothing_any_more(services):
    kept = services.keys.create("a", ("reader:front",), "test", NOON)
    ends = services.keys.create("b", ("reader:front",), "test", NOON, NOON + timedelta(hours=1))
    ring = KeyRing(services.database)
    key = ring.of(kept.encode(), NOON)
    assert key is not None
    assert ring.of(ends.encode(), NOON) is not None
    assert ring.of(ends.encode(), NOON + timedelta(hours=1)) is None
    services.keys.revoke(key.id, "test", NOON)
    assert ring.look_again()
    assert ring.of(kept.encode(), NOON) is None
    assert not ring.look_again()


def test_a_key_that_is_revoked_here_is_dropped_at_once(services):
    secret = services.keys.create("a", ("reader:front",), "test", NOON)
    ring = KeyRing(services.database)
    services.departures.listen(ring.forget)
    key = ring.of(secret.encode(), NOON)
    assert key is not None
    services.keys.revoke(key.id, "test", NOON)
    assert ring.of(secret.encode(), NOON) is None


class Busy(Authorizer):
    """An authorizer whose disk does not keep up at all."""

    async def decide(self, *_asked, **_more):
        await asyncio.Event().wait()


def test_more_taps_than_the_disk_keeps_up_with_are_told_so_at_once(app, services, secret, tmp_path):
    journal = FileJournal(tmp_path / "busy", SourceId("authorizer-2"), lambda: NOON, Durability.BUFFERED)

    async def scene():
        busy = Busy(services, journal)
        ring = KeyRing(services.database)
        front = Taps(app, services.building, busy, ring, lambda: NOON)
        waiting = [asyncio.create_task(one(front, secret)) for _ in range(MOST_AT_ONCE)]
        await asyncio.sleep(0)
        refused = await one(front, secret)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return refused

    start = asyncio.run(scene())
    journal.close()
    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]


async def one(front, secret):
    sent = []

    async def receive():
        return {"type": "http.request", "body": body(), "more_body": False}

    async def send(message):
        sent.append(message)

    scope = scope_of("POST", "/v1/authorize", [(b"authorization", b"Bearer " + secret.encode())])
    await front(scope, receive, send)
    return sent[0]


def test_the_description_of_the_interface_says_what_a_tap_is(manager):
    described = manager.get("/openapi.json").json()["paths"]["/v1/authorize"]["post"]
    sent = described["requestBody"]["content"]["application/json"]["schema"]
    assert set(sent["properties"]) == {"reader", "badge", "assurance", "deadline_ms", "pin", "id"}
    assert sent["properties"]["badge"]["properties"]["kind"]["enum"] == ["desfire", "ntag424", "pkoc", "uid"]
    assert "503" in described["responses"]


def test_the_latency_of_a_door_and_of_the_site_can_be_read(front, secret, manager):
    missing = manager.get("/v1/doors/front/latency")
    assert missing.status_code == 404
    tapped(front, secret, body())
    tapped(front, secret, body(deadline_ms=50), arrived=monotonic() - 0.06)
    told = manager.get("/v1/doors/front/latency").json()
    assert (told["door"], told["misses"]) == ("front", 1)
    assert {stage: each["n"] for stage, each in told["stages"].items()} == dict.fromkeys(
        ("wait", "decide", "keep", "total"), 1
    )
    lines = manager.get("/metrics").text.splitlines()
    assert 'totem_authorize_seconds_bucket{stage="total",le="+Inf"} 1' in lines
    assert "totem_authorize_deadline_misses_total 1" in lines
    (summed,) = (line for line in lines if line.startswith('totem_authorize_seconds_sum{stage="total"}'))
    assert round(float(summed.split()[1]) * 1e6) == told["stages"]["total"]["worst_us"]
    assert len(lines) < 100
