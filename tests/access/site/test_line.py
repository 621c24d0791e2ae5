"""A kept connection: the short way answers what the long way would, and nothing but plain taps takes it."""

from time import monotonic

import msgspec
import pytest

from access.site.line import LONGEST_HEAD, MOST_HEADS
from tests.access.site.kept_line import BODY, TAP, UNKNOWN, request, with_door
from tests.small_site import NOON


def test_the_second_tap_takes_the_short_way_and_is_answered_as_the_first(site):
    front, secret, *_ = site

    async def scene(door):
        first, second = await door.ask(request(secret)), await door.ask(request(secret))
        assert door.long == 1
        assert first[0] == second[0] == 200
        assert first[1] == second[1]
        assert first[2] | {"event": None} == second[2] | {"event": None}
        assert second[2]["effect"] == "grant"
        assert second[2]["event"].endswith(":2")
        assert (await door.ask(request(secret, UNKNOWN)))[2]["reason"] == "denied-unknown-credential"
        assert door.long == 1

    with_door(front, scene)


def test_a_request_cut_in_two_anywhere_is_answered_all_the_same(site):
    front, secret, *_ = site
    whole = request(secret)

    async def scene(door):
        await door.ask(whole)
        for cut in range(1, len(whole), 3):
            assert (await door.ask(whole[:cut], whole[cut:]))[2]["effect"] == "grant"
            assert (await door.ask(whole))[2]["effect"] == "grant"

    with_door(front, scene)


def test_taps_that_do_not_wait_for_answers_are_answered_in_their_order(site):
    front, secret, *_ = site
    known, unknown = request(secret), request(secret, UNKNOWN)

    async def scene(door):
        await door.ask(known)
        for pieces in (
            (known, unknown, known),
            (known + unknown + known,),
            (known, unknown + known[:50], known[50:]),
        ):
            for piece in pieces:
                door.line.data_received(piece)
            said = [(await door.says())[2] for _ in range(3)]
            assert [each["effect"] for each in said] == ["grant", "deny", "grant"]
            numbers = [int(each["event"].rpartition(":")[2]) for each in said]
            assert numbers == sorted(numbers)

    with_door(front, scene)


def test_an_answer_never_overtakes_the_one_before_it(site):
    front, secret, *_ = site

    async def scene(door):
        await door.ask(request(secret))
        door.line.data_received(request(secret))
        door.line.data_received(request(secret, b"[" * len(BODY)))
        door.line.data_received(request(secret, UNKNOWN))
        assert [(await door.says())[0] for _ in range(3)] == [200, 422, 200]

    with_door(front, scene)


def test_what_stands_in_a_body_is_no_request(site):
    front, secret, *_ = site
    known = request(secret)
    around = request(secret, known)

    async def scene(door):
        await door.ask(known)
        assert (await door.ask(around[: -len(known)], known))[0] == 422
        said = await door.ask(known)
        assert said[2]["event"].endswith(":2")

    with_door(front, scene)


def test_what_stands_in_a_header_is_no_request(site):
    front, secret, *_ = site
    known = request(secret)

    async def scene(door):
        await door.ask(known)
        assert (await door.ask(b"POST /v1/authorize HTTP/1.1\r\nX-Note: ", known))[0] == 200
        assert door.long == 2

    with_door(front, scene)


def test_what_is_wrong_is_refused_as_on_the_long_way_and_the_line_is_kept(site):
    front, secret, *_ = site
    nonsense = b"[" * len(BODY)

    async def scene(door):
        await door.ask(request(secret))
        assert (await door.ask(request(secret, nonsense)))[0] == 422
        assert (await door.ask(request(secret[:-1] + "!")))[0] == 401
        assert (await door.ask(request(secret, BODY.replace(b"front-in", b"room-in#"))))[0] == 422
        assert (await door.ask(request(secret)))[0] == 200

    with_door(front, scene)


def test_a_key_that_is_revoked_opens_nothing_though_its_head_is_known(site):
    front, secret, services, ring = site

    async def scene(door):
        assert (await door.ask(request(secret)))[0] == 200
        services.keys.revoke(ring.of(secret.encode(), NOON).id, "test", NOON)
        ring.look_again()
        assert (await door.ask(request(secret)))[0] == 401

    with_door(front, scene)


@pytest.mark.parametrize("more", [("Connection: close",), ("Expect: 100-continue",)])
def test_a_head_that_asks_for_more_than_an_answer_is_never_taken_as_known(site, more):
    front, secret, *_ = site

    async def scene(door):
        door.line.data_received(request(secret, more=more))
        assert door.line._heads == {}  # noqa: SLF001  (what is remembered shows nowhere else)

    with_door(front, scene)


def test_an_older_controller_is_hung_up_on_after_each_answer(site):
    front, secret, *_ = site

    async def scene(door):
        assert (await door.ask(request(secret, version="1.0")))[0] == 200
        assert await door.is_hung_up()

    with_door(front, scene)


def test_bodies_without_a_length_are_read_each_time(site):
    front, secret, *_ = site
    head = request(secret, b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")

    def chunked(body):
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    async def scene(door):
        assert (await door.ask(chunked(BODY)))[2]["effect"] == "grant"
        assert (await door.ask(chunked(UNKNOWN)))[2]["effect"] == "deny"
        assert door.long == 2

    with_door(front, scene)


def test_a_controller_that_sends_always_other_heads_is_not_remembered_without_end(site):
    front, secret, *_ = site

    async def scene(door):
        for number in range(3 * MOST_HEADS):
            await door.ask(request(secret, more=(f"Traceparent: {number}",)))
        assert len(door.line._heads) == MOST_HEADS  # noqa: SLF001  (as above)

    with_door(front, scene)


def test_a_head_longer_than_any_controllers_is_not_remembered(site):
    front, secret, *_ = site

    async def scene(door):
        assert (await door.ask(request(secret, more=(f"Traceparent: {'0' * LONGEST_HEAD}",))))[0] == 200
        assert door.line._heads == {}  # noqa: SLF001  (as above)

    with_door(front, scene)


def test_a_tap_that_waited_behind_another_is_due_as_if_it_had_not(site):
    front, secret, *_ = site
    at_once = msgspec.json.encode(TAP | {"deadline_ms": 1})

    async def scene(door):
        await door.ask(request(secret))
        door.line.data_received(request(secret))
        door.line.take(request(secret, at_once), monotonic() - 0.001)
        assert [(await door.says())[2]["effect"] for _ in range(2)] == ["grant", "deny"]
        door.line.data_received(request(secret))
        door.line.take(request(secret, at_once) + request(secret), monotonic() - 0.001)
        assert [(await door.says())[2]["effect"] for _ in range(3)] == ["grant", "deny", "grant"]

    with_door(front, scene)


def test_a_line_is_kept_as_long_as_taps_come_and_no_longer(site):
    front, secret, *_ = site

    async def scene(door):
        for _ in range(2):
            await door.ask(request(secret))
        door.line.timeout_keep_alive_handler()
        assert (await door.ask(request(secret)))[0] == 200
        door.line.timeout_keep_alive = 0
        door.line.timeout_keep_alive_handler()
        assert await door.is_hung_up()

    with_door(front, scene)


def test_whoever_sends_a_head_by_drops_is_hung_up_on(site, monkeypatch):
    front, *_ = site

    async def scene(door):
        door.line.data_received(b"POST /v1/authorize HTTP/1.1\r\nHost: to")
        door.line.look_at_rest()
        assert not door.line.transport.is_closing()
        monkeypatch.setattr("access.site.arrival.WITHIN_S", 0.0)
        door.line.look_at_rest()
        assert await door.is_hung_up()

    with_door(front, scene)


def test_whoever_connects_and_says_nothing_is_hung_up_on(site):
    front, *_ = site

    async def scene(door):
        assert await door.is_hung_up()

    with_door(front, scene, timeout_keep_alive=0)


def test_whoever_has_been_answered_may_be_silent(site, monkeypatch):
    front, secret, *_ = site

    async def scene(door):
        for _ in range(2):
            await door.ask(request(secret))
        monkeypatch.setattr("access.site.arrival.WITHIN_S", 0.0)
        door.line.look_at_rest()
        monkeypatch.undo()
        assert (await door.ask(request(secret)))[0] == 200

    with_door(front, scene)


def test_a_server_that_stops_gives_the_answer_that_is_waited_for(site):
    front, secret, *_ = site

    async def scene(door):
        await door.ask(request(secret))
        door.line.data_received(request(secret))
        door.line.shutdown()
        assert (await door.says())[0] == 200
        assert await door.is_hung_up()

    with_door(front, scene)
