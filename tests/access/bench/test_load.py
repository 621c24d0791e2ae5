"""Taps that come as people come are timed from when they were due, queue and all."""

import socket
from threading import Thread

import pytest

from access.bench.load.arrivals import come, evenly, in_a_rush, moments

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"effect":1}'
LATE = b'HTTP/1.1 200 OK\r\ncontent-length: 36\r\n\r\n{"r":"denied-verification-timeout"}'
HELD = 20
SECONDS, PER_S, SEED = 0.3, 200.0, 1


def answering(listener, held, answer):
    """Answer nobody until `held` have asked, then everybody at once."""
    lines = [listener.accept()[0] for _ in range(32)]
    asked = []
    while lines:
        for line in list(lines):
            line.settimeout(0.001)
            try:
                if not line.recv(4096):
                    lines.remove(line)
                    line.close()
                    continue
            except TimeoutError:
                continue
            asked.append(line)
            if held is not None and len(asked) < held:
                continue
            held = None
            for waiting in asked:
                waiting.sendall(answer)
            asked.clear()


def taken(held, answer=ANSWER, shape=evenly):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.listen(64)
        server = Thread(target=answering, args=(listener, held, answer))
        server.start()
        found = come(listener.getsockname()[1], [b"tap"], SECONDS, PER_S, SEED, shape)
        server.join()
    return found


def test_taps_that_come_while_others_wait_are_counted_with_their_wait():
    due = list(moments(SECONDS, PER_S, SEED, evenly))
    times = taken(HELD).times_ns
    assert len(times) == len(due) > HELD
    assert max(times) >= due[HELD - 1] - due[0]


@pytest.mark.parametrize("shape", [evenly, in_a_rush])
def test_an_answer_that_says_it_is_late_is_a_miss(shape):
    found = taken(None, LATE, shape)
    assert found.timed_out == len(found.times_ns) > 0
    assert found.missed(10**12) == found.timed_out
