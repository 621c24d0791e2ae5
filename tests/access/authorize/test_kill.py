"""An authorizer killed at any moment: what it told is kept, once, and a seat in flight is not given to another."""

import os
import random
import signal
import socket
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from readers.journal import Link, walk
from tests.access.authorize.test_last_seat import serve, tap_of
from tests.access.authorize.two_doors import BY_ROOM, BY_SIDE
from tests.programs import CONTEXT
from tests.soak import soaked

KILLS = soaked(2, 100)
MOST_TAPS = 40
SEED = 11


def answers(line, asked):
    """Send a tap and return its answer; None where the line ended first."""
    try:
        line.sendall(asked)
        answer = b""
        while not answer.endswith(b"}"):
            piece = line.recv(65536)
            if not piece:
                return None
            answer += piece
    except ConnectionError:
        return None
    return msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])


def one_life(folder: Path, draw: random.Random, *, has_lived: bool) -> list[str]:
    """Let an authorizer live until it is killed with a tap in its hands; return what it said that it granted."""
    ours, theirs = CONTEXT.Pipe()
    server = CONTEXT.Process(target=serve, args=(theirs, folder), daemon=True)
    server.start()
    port, secret = ours.recv()
    granted = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        other = answers(line, tap_of("bob", BY_SIDE, secret)) if has_lived else None
        tap = tap_of("ada", BY_ROOM, secret)
        for _ in range(draw.randint(1, MOST_TAPS)):
            told = answers(line, tap)
            assert told["effect"] == "grant"
            granted.append(told["event"])
        line.sendall(tap)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        last = answers(line, b"")
        if last is not None:
            granted.append(last["event"])
    server.join()
    assert other is None or other["reason"] == "denied-upper-occupancy-limit"
    return granted


@pytest.mark.soak
def test_kills_lose_no_grant_and_give_no_seat_twice(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    told = [event for life in range(KILLS) for event in one_life(tmp_path, draw, has_lived=life > 0)]
    kept: Counter[str] = Counter()
    for file in sorted((tmp_path / "journal").glob("*.journal")):
        for link in walk(file):
            assert isinstance(link, Link), str(link)
            kept[link.event.id] += 1
    assert set(kept.values()) == {1}
    assert [event for event in told if event not in kept] == []
