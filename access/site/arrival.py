"""uvicorn's connection, telling when a request was read off its line, and bearing neither drips nor floods.

A deadline counts from there: what waits in the loop until its turn is late all the same. Who sends is not known before
a head is whole, so that what a stranger may make this program keep, or take apart at once, is bounded here.
"""

import asyncio
import resource
from heapq import nsmallest
from operator import attrgetter
from time import monotonic
from typing import NoReturn

from access.api.taps import ARRIVED, KNOWN, WHOLE
from access.site.proposals import OneProtocol

WITHIN_S = 10.0
"""A head is one packet or two; whoever sends it by drops holds the line no longer, nor with what is left of a body."""

MOST_UNTOLD_BYTES = 65_536
"""So much may come of one header, or around a body: it is kept, and copied with each piece that comes."""

MOST_HEADERS = 256
"""A browser sends some twenty."""

MOST_AHEAD = 64
"""So many requests may wait for the answers before theirs: a packet can hold ten thousand."""

MOST_LINES = 2_048
"""So many lines are kept; fewer where the process may not open a third more files, which it needs itself."""

_LET_GO_AT_ONCE = 16


class StampedConnection(OneProtocol):
    """Puts into each request's scope when it arrived, and whether all of it is there.

    A line on which nothing was ever said is kept no longer than one on which nothing more is.
    """

    _awaited_since: float | None
    _watch: asyncio.TimerHandle
    heard_at = 0.0
    is_known = False
    """Whether a controller or a door computer asked on it, with its key."""
    _untold_bytes = 0
    _is_inside = False
    _flood: str | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base has it
        super().connection_made(transport)
        self._awaited_since, self.heard_at = None, monotonic()
        if len(self.connections) > most_lines():
            self._make_room()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        self._watch = self.loop.call_later(WITHIN_S, self.look_at_rest)

    def _make_room(self) -> None:
        """Hang up on who was silent for longest, strangers first: whoever comes to a door finds a line."""
        lines = [line for line in self.connections if isinstance(line, StampedConnection)]
        for line in nsmallest(_LET_GO_AT_ONCE, lines, key=attrgetter("is_known", "heard_at")):
            line.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def look_at_rest(self) -> None:
        """Hang up if the rest of a head, or of a request that has its answer, is being waited for too long."""
        since = self._awaited_since
        if since is not None and self.loop.time() - since >= WITHIN_S:
            self.transport.close()
        else:
            self._watch = self.loop.call_later(WITHIN_S, self.look_at_rest)

    def data_received(self, data: bytes) -> None:
        self.take(data, monotonic())

    def take(self, data: bytes, read_at: float) -> None:
        """Take in what was read off the line at `read_at`, in seconds of `time.monotonic`."""
        self.heard_at = read_at
        self._untold_bytes += len(data)
        super().data_received(data)
        if self._untold_bytes > MOST_UNTOLD_BYTES and not self.transport.is_closing():
            self.send_400_response(_expected(f"{MOST_UNTOLD_BYTES} bytes of a header"))

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, after the answers that are due: none of those is to be taken for this one."""
        cycle = self.cycle
        if getattr(cycle, "response_complete", True):  # None before the first
            super().send_400_response(self._flood or msg)
        elif not cycle.more_body:
            cycle.keep_alive = False
            self.flow.pause_reading()
        elif self.pipeline or cycle.response_started:
            self.transport.close()
        else:
            super().send_400_response(self._flood or msg)

    def _refuse(self, most: str) -> NoReturn:
        """Have the parser stop where it is, which ends in `send_400_response`."""
        self._flood = _expected(most)
        raise ValueError(self._flood)

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= MOST_AHEAD:
            self._refuse(f"{MOST_AHEAD} requests ahead of their answers")
        super().on_message_begin()
        self._is_inside, self._untold_bytes = True, 0
        self._awaited_since = self.loop.time()
        self.scope[ARRIVED] = self.heard_at  # type: ignore[literal-required]  # servers may add keys of their own

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MOST_HEADERS:
            self._refuse(f"{MOST_HEADERS} headers")
        self._untold_bytes = 0
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._awaited_since = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._untold_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_inside, self._untold_bytes, self._awaited_since = False, 0, None
        self.scope[WHOLE] = True  # type: ignore[literal-required]  # as above
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.is_known = self.is_known or KNOWN in self.cycle.scope
        if self._is_inside and self._awaited_since is None and self.cycle.response_complete:
            self._awaited_since = self.loop.time()
        super().on_response_complete()


def most_lines() -> int:
    """Return how many lines this process keeps."""
    return min(MOST_LINES, resource.getrlimit(resource.RLIMIT_NOFILE)[0] * 3 // 4)


def _expected(most: str) -> str:
    return f"Invalid HTTP request: expected up to {most}."
