"""Server-sent events for many viewers: each update is encoded once, and nobody's slowness costs the others anything.

A hub keeps what there is to see, a viewer only its position, and takes what is new when its line is free. So a
viewer's backlog cannot grow: a `StateHub` skips to the newest state of each key, a `LogHub` says how far it had to
jump. Format: WHATWG HTML, "Server-sent events".
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from itertools import takewhile
from typing import NamedTuple

COMMENT = b": still here\n\n"
"""A heartbeat that clients do not see; it keeps proxies from closing the line."""

HEARTBEAT_S = 10.0
_RETRY = b"retry: 1000\n\n"
_ELSEWHERE = -1
"""The position of a viewer whose last event was another hub's: before a restart, or made up."""


class Frame(NamedTuple):
    """One event, as it goes over the line."""

    number: int
    data: bytes


class Hub:
    """What viewers follow. Use `StateHub` or `LogHub`."""

    def __init__(self, heartbeat: bytes = COMMENT, heartbeat_s: float = HEARTBEAT_S) -> None:
        self.viewers = 0
        self.newest = 0
        self._epoch = secrets.token_hex(4)
        self._heartbeat, self._heartbeat_s = heartbeat, heartbeat_s
        self._beats = 0
        self._news = asyncio.Event()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._joined: tuple[int, int, bytes] = (0, 0, b"")

    @property
    def mark(self) -> str:
        """Return the id of the newest event: who follows from here gets what comes after."""
        return f"{self._epoch}-{self.newest}"

    def close(self) -> None:
        """End every viewer's stream, now and from now on. Call it before the server waits for its connections."""
        self._closed = True
        self._wake()

    def position(self, last_event_id: str | None) -> int:
        """Return where the viewer that saw `last_event_id` stands; 0 for one that saw nothing of this hub."""
        epoch, _, number = (last_event_id or "").partition("-")
        if epoch != self._epoch or not number.isdecimal() or int(number) > self.newest:
            return 0
        return int(number)

    async def follow(self, last_event_id: str | None = None) -> AsyncGenerator[bytes, None]:
        """Yield what is new for one viewer, in pieces ready to send, until the hub closes."""
        seen, beats = self.position(last_event_id), self._beats
        self.viewers += 1
        self._set_timer()
        try:
            yield _RETRY
            while not self._closed:
                if seen < self.newest:
                    piece, seen = self._since(seen), self.newest
                    yield piece
                elif beats != self._beats:
                    beats = self._beats
                    yield self._heartbeat
                else:
                    await self._news.wait()
        finally:
            self.viewers -= 1

    def _frame(self, kind: str, data: str | bytes) -> Frame:
        self.newest += 1
        text = data if isinstance(data, bytes) else data.encode()
        lines = b"\ndata: ".join(text.splitlines()) or b" "
        head = f"id: {self._epoch}-{self.newest}\nevent: {kind}\ndata: ".encode()
        return Frame(self.newest, head + lines + b"\n\n")

    def _since(self, seen: int) -> bytes:
        # Viewers of one speed stand at one place: they share the piece, too.
        if self._joined[:2] != (seen, self.newest):
            self._joined = (seen, self.newest, self._join(seen))
        return self._joined[2]

    def _join(self, seen: int) -> bytes:
        raise NotImplementedError

    def _wake(self) -> None:
        self._news.set()
        self._news.clear()

    def _beat(self) -> None:
        self._beats += 1
        self._wake()
        self._timer = None
        if self.viewers and not self._closed:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._heartbeat_s, self._beat)


class StateHub(Hub):
    """Things that have a state. A viewer gets each thing's newest one, and those in between only if it is fast."""

    def __init__(self, heartbeat: bytes = COMMENT, heartbeat_s: float = HEARTBEAT_S) -> None:
        super().__init__(heartbeat, heartbeat_s)
        self._newest_by_key: dict[str, Frame] = {}

    def publish(self, kind: str, data: str | bytes, key: str | None = None) -> None:
        """Tell every viewer the new state of `key` (the `kind`, where it has but one thing)."""
        name = kind if key is None else key
        self._newest_by_key.pop(name, None)  # so that the order stays that of the numbers
        self._newest_by_key[name] = self._frame(kind, data)
        self._wake()

    def _join(self, seen: int) -> bytes:
        return b"".join(frame.data for frame in self._newest_by_key.values() if frame.number > seen)


class LogHub(Hub):
    """Things that happen. The last `kept` can be read again; who missed more is told with a `gap` event."""

    def __init__(self, kept: int = 512, heartbeat: bytes = COMMENT, heartbeat_s: float = HEARTBEAT_S) -> None:
        super().__init__(heartbeat, heartbeat_s)
        self._kept: deque[Frame] = deque(maxlen=kept)

    def publish(self, kind: str, data: str | bytes) -> None:
        """Tell every viewer that this happened."""
        self._kept.append(self._frame(kind, data))
        self._wake()

    def position(self, last_event_id: str | None) -> int:
        """As `Hub.position`, but who saw nothing begins now; an id of another hub is a gap of unknown length."""
        if last_event_id is None:
            return self.newest
        return super().position(last_event_id) or _ELSEWHERE

    def _join(self, seen: int) -> bytes:
        new = list(takewhile(lambda frame: frame.number > seen, reversed(self._kept)))
        new.reverse()
        missed = new[0].number - seen - 1 if new else 0
        gap = b""
        if seen == _ELSEWHERE:
            gap = b'event: gap\ndata: {"missed":null}\n\n'
        elif missed:
            gap = b'event: gap\ndata: {"missed":%d}\n\n' % missed
        return gap + b"".join(frame.data for frame in new)
