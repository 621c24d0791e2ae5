"""Taps that come when people come, whatever became of those before: an open loop, timed from when each was due.

A closed loop asks less when answers are slow and so hides its own queue; this one does not. One thread with
`select`, whose timer is finer than an event loop's.
"""

import random
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from select import select
from time import perf_counter_ns

import msgspec

_LINES = 32
_NS_PER_S = 1_000_000_000
_TIMED_OUT = b"denied-verification-timeout"
_ENDS_WITHIN_NS = 10 * _NS_PER_S
_RUSH = (0.3, 0.4, 0.7, 1.4, 2.8, 2.2, 1.1, 0.6, 0.3, 0.2)
"""The tenths of a morning, as shares of its mean."""


class Taken(msgspec.Struct, frozen=True):
    """The time of every answer in ns since its tap was due, and how many said that they were too late."""

    times_ns: list[int]
    timed_out: int

    def missed(self, within_ns: int) -> int:
        """Return how many answers came later than that, or said so."""
        return max(sum(took > within_ns for took in self.times_ns), self.timed_out)


def evenly(_share: float) -> float:
    """Let people come alike all the time, by chance alone (Poisson)."""
    return 1.0


def in_a_rush(share: float) -> float:
    """Let people come as before nine o'clock: the mean is the same, its peak nearly three times that."""
    return _RUSH[min(int(share * len(_RUSH)), len(_RUSH) - 1)]


def come(
    port: int,
    taps: Sequence[bytes],
    seconds: float,
    per_s: float,
    seed: int,
    shape: Callable[[float], float] = evenly,
) -> Taken:
    """Tap for so many seconds over kept connections, and wait for the last answer."""
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(_LINES)]
    try:
        for line in lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _play(lines, cycle(taps), moments(seconds, per_s, seed, shape))
    finally:
        for line in lines:
            line.close()


def moments(seconds: float, per_s: float, seed: int, shape: Callable[[float], float]) -> Iterator[int]:
    """Yield when taps are due, in ns from the beginning."""
    draw = random.Random(seed)  # noqa: S311  (when people come; no secret)
    at = 0.0
    while (at := at + draw.expovariate(per_s * shape(at / seconds))) < seconds:
        yield int(at * _NS_PER_S)


def _play(lines: list[socket.socket], taps: Iterator[bytes], due_at: Iterator[int]) -> Taken:
    idle, asked = deque(lines), dict[socket.socket, int]()
    due, times, timed_out = deque[int](), list[int](), 0
    begin = perf_counter_ns()
    coming = next(due_at, None)
    last = begin
    while coming is not None or due or asked:
        now = perf_counter_ns()
        while coming is not None and begin + coming <= now:
            due.append(begin + coming)
            last, coming = begin + coming, next(due_at, None)
        while due and idle:
            line = idle.popleft()
            line.sendall(next(taps))
            asked[line] = due.popleft()
        if coming is None and now > last + _ENDS_WITHIN_NS:
            raise TimeoutError(
                f"{len(asked)} taps were not answered within {_ENDS_WITHIN_NS / _NS_PER_S:g} s"
            )
        wait_ns = 0.1 * _NS_PER_S if coming is None else begin + coming - perf_counter_ns()
        for line in select(list(asked), (), (), max(wait_ns, 0) / _NS_PER_S)[0]:
            answer = line.recv(65536)
            if not answer:
                raise ConnectionError("the server hung up on a tap")
            if answer.endswith(b"}"):
                times.append(perf_counter_ns() - asked.pop(line))
                timed_out += _TIMED_OUT in answer
                idle.append(line)
    return Taken(times, timed_out)
