"""A controller's kept connection: taps that look like the last one are answered without a server in between.

A controller sends the same head with every tap. The first goes the long way, through the parser and the application;
what its bytes meant is remembered, and the same bytes at the same place mean the same again. Whatever is new, in
pieces, several at once or wrong goes the long way each time, so that this file judges no HTTP of its own.
"""

import asyncio
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from access.api.taps import ANSWER_HEADERS, Taps, key_digest_of
from access.site.arrival import StampedConnection

MOST_HEADS = 16
"""The heads of one controller differ by the length of what follows; whoever sends always others gains nothing."""

LONGEST_HEAD = 2_048
"""A controller's takes some two hundred bytes; longer ones, as a stranger may send, are not worth their memory."""

_END_OF_HEAD = b"\r\n\r\n"
_STATUS = b"HTTP/1.1 200 OK\r\n"


class KeptLine(StampedConnection):
    """uvicorn's connection, and the short way before it where the application is `Taps`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        app = config.app
        self._taps = app if isinstance(app, Taps) else None
        self._heads: dict[bytes, tuple[int, bytes]] = {}
        self._begun = 0
        self._is_asking = self._is_leaving = False
        self._held, self._held_at = b"", 0.0
        self._last_answer = 0.0
        self._said_headers: object = None
        self._answer_head = b""

    def take(self, data: bytes, read_at: float) -> None:
        self.heard_at = read_at
        if self._is_asking:  # answers go out in their order
            self._held_at = self._held_at if self._held else read_at
            self._held += data
            self.flow.pause_reading()
        elif self._taps is None or self._is_inside or self._is_answering():
            super().take(data, read_at)
        else:
            head, _, body = data.partition(_END_OF_HEAD)
            length, digest = self._heads.get(head, (-1, b""))
            if length != len(body):
                self._learn(data, head, body, read_at)
                return
            self._is_asking = True
            if not self._taps.quick(digest, body, read_at, self._answer):
                self._is_asking = False
                super().take(data, read_at)

    def _is_answering(self) -> bool:
        """Return whether the long way is not at its end, or its reader is slow."""
        return self.flow.write_paused or not getattr(self.cycle, "response_complete", True)

    def _learn(self, data: bytes, head: bytes, body: bytes, read_at: float) -> None:
        """Go the long way, and remember what the head meant if it was that of one whole tap."""
        begun = self._begun
        super().take(data, read_at)
        is_one = self._begun == begun + 1 and not self._is_inside
        if is_one and len(self._heads) < MOST_HEADS and len(head) <= LONGEST_HEAD:
            digest = key_digest_of(self.scope, len(body))
            if digest is not None:
                self._heads[head] = len(body), digest

    def on_message_begin(self) -> None:
        self._begun += 1
        super().on_message_begin()

    def _answer(self, body: bytes) -> None:
        self._is_asking = False
        self._last_answer = self.loop.time()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.transport.write(b"%b%d\r\n\r\n%b" % (self._head(), len(body), body))
        if self._is_leaving:
            self.transport.close()
        elif self._held:
            held, self._held = self._held, b""
            self.flow.resume_reading()
            self.take(held, self._held_at)

    def _head(self) -> bytes:
        """Return the head of an answer up to its length; the server's own headers change with the second."""
        headers = self.server_state.default_headers
        if headers is not self._said_headers:
            self._said_headers = headers
            lines = [b"%b: %b\r\n" % header for header in (*headers, *ANSWER_HEADERS)]
            self._answer_head = b"".join((_STATUS, *lines, b"content-length: "))
        return self._answer_head

    def timeout_keep_alive_handler(self) -> None:
        """Hang up if nothing came for long; taps on the short way do not wind the clock, they leave their time."""
        left = self._last_answer + self.timeout_keep_alive - self.loop.time()
        if self._is_asking or left > 0:
            wait = self.timeout_keep_alive if self._is_asking else left
            self.timeout_keep_alive_task = self.loop.call_later(wait, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """End after the answer that is being waited for."""
        if self._is_asking:
            self._is_leaving = True
        else:
            super().shutdown()
