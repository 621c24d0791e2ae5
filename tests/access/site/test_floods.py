"""What a stranger may make a server keep, or take apart at once, is bounded; whoever is at a door is answered."""

import io
import resource

import pytest

from access.log import configure
from access.site.arrival import MOST_AHEAD, MOST_HEADERS, MOST_UNTOLD_BYTES, most_lines
from tests.access.site.kept_line import BODY, request, with_door, with_doors

PIECE = b"a" * (MOST_UNTOLD_BYTES // 2)
GET = b"GET /healthz HTTP/1.1\r\nHost: totem\r\n\r\n"


@pytest.mark.parametrize(
    "begun",
    [
        b"POST /v1/authorize?",
        b"POST /v1/authorize HTTP/1.1\r\nX-Note: ",
        b"POST /v1/authorize HTTP/1.1\r\nX-Note",
        b"POST /v1/authorize HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;",
        b"POST /v1/authorize HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Note: ",
    ],
)
def test_whoever_sends_without_end_what_would_be_kept_is_hung_up_on(site, begun):
    front, *_ = site

    async def scene(door):
        door.line.data_received(begun)
        for _ in range(3):
            assert not door.line.transport.is_closing()
            door.line.data_received(PIECE)
        assert door.line.transport.is_closing()

    with_door(front, scene)


def test_more_headers_than_anybody_means_are_refused_before_they_end(site):
    front, secret, *_ = site

    async def scene(door):
        await door.ask(request(secret))
        door.line.data_received(GET[:-2] + b"x: y\r\n" * (MOST_HEADERS + 1))
        assert door.line.transport.is_closing()
        assert b"400 Bad Request" in (told := await door.hears()), told
        assert b"expected up to 256 headers" in told

    with_door(front, scene)


def test_more_requests_in_a_packet_than_may_wait_are_not_all_taken_apart(site):
    front, *_ = site

    async def scene(door):
        door.line.data_received(GET * 10_000)
        assert (await door.hears()).count(b"HTTP/1.1 200 OK") == 1 + MOST_AHEAD
        assert door.line.transport.is_closing()

    with_door(front, scene)


def test_what_is_refused_is_no_answer_to_the_tap_before_it(site):
    front, secret, *_ = site

    async def scene(door):
        await door.ask(request(secret))
        door.line.data_received(request(secret) + b"nonsense\r\n\r\n")
        status, headers, answer = await door.says()
        assert (status, answer["effect"], headers["connection"]) == (200, "grant", "close")
        assert await door.is_hung_up()

    with_door(front, scene)


@pytest.mark.parametrize(
    "sent",
    [b"nonsense\r\n\r\n", b"CONNECT totem:80 HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"],
    ids=["nonsense", "tunnel"],
)
def test_what_is_no_request_of_ours_is_told_so(site, sent):
    front, *_ = site

    async def scene(door):
        door.line.data_received(sent)
        assert (await door.hears()).startswith(b"HTTP/1.1 400 Bad Request")
        assert await door.is_hung_up()

    with_door(front, scene)


def test_nonsense_from_strangers_fills_no_disk_with_its_log(site):
    front, *_ = site
    log = io.StringIO()
    configure("text", "INFO", log)

    async def scene(door):
        door.line.data_received(b"nonsense\r\n\r\n")
        assert await door.hears()

    with_door(front, scene)
    assert log.getvalue() == ""


def test_whoever_has_an_answer_and_never_ends_the_request_is_hung_up_on(site, monkeypatch):
    front, secret, *_ = site
    monkeypatch.setattr("access.site.arrival.WITHIN_S", 0.0)

    async def scene(door):
        assert (await door.ask(request(secret + "!")[:-1]))[0] == 401
        door.line.look_at_rest()
        assert await door.is_hung_up()

    with_door(front, scene)


PROPOSAL = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)


def test_a_proposal_of_another_protocol_is_not_heard_and_the_request_is_answered(site):
    """Java's client sends one with its first request."""
    front, secret, *_ = site
    proposing = request(secret, more=PROPOSAL)

    async def scene(door):
        for cut in range(1, len(proposing), 7):
            assert (await door.ask(proposing[:cut], proposing[cut:]))[2]["effect"] == "grant"
        assert (await door.ask(request(secret)))[2]["effect"] == "grant"
        door.line.data_received(proposing + request(secret, b"[" * len(BODY)) + proposing)
        assert [(await door.says())[0] for _ in range(3)] == [200, 422, 200]

    with_door(front, scene)


def test_whoever_comes_finds_a_line_and_the_most_silent_lose_theirs(site, monkeypatch):
    front, secret, *_ = site
    monkeypatch.setattr("access.site.arrival.MOST_LINES", 20)

    async def scene(another):
        door = await another()
        await door.ask(request(secret))
        strangers = [await another() for _ in range(19)]
        late = await another()
        assert (await late.ask(request(secret)))[0] == 200
        assert (await door.ask(request(secret)))[0] == 200
        assert [stranger.line.transport.is_closing() for stranger in strangers] == [True] * 16 + [False] * 3

    with_doors(front, scene)


def test_a_process_keeps_files_for_its_own_work():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1_024, soft), hard))
    try:
        assert most_lines() <= 768
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
