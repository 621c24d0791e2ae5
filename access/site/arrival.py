"""uvicorn's connection, telling the application when a request was read off its line, and waiting for no drips.

A deadline counts from there: what waits in the loop until its turn is late all the same.
"""

import asyncio
from time import monotonic

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from access.api.taps import ARRIVED, WHOLE

HEAD_WITHIN_S = 10.0
"""A head is one packet or two; whoever sends it by drops holds the line no longer."""


class StampedConnection(HttpToolsProtocol):
    """Puts into each request's scope when it arrived, and whether all of it is there.

    A line on which nothing was ever said is kept no longer than one on which nothing more is.
    """

    _awaited_since: float | None
    _watch: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the base has it
        super().connection_made(transport)
        self._awaited_since = None
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        self._watch = self.loop.call_later(HEAD_WITHIN_S, self.look_at_head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.cancel()
        super().connection_lost(exc)

    def look_at_head(self) -> None:
        """Hang up if a head is being waited for too long."""
        since = self._awaited_since
        if since is not None and self.loop.time() - since >= HEAD_WITHIN_S:
            self.transport.close()
        else:
            self._watch = self.loop.call_later(HEAD_WITHIN_S, self.look_at_head)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._awaited_since = self.loop.time()
        self.scope[ARRIVED] = monotonic()  # type: ignore[literal-required]  # servers may add keys of their own

    def on_headers_complete(self) -> None:
        self._awaited_since = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.scope[WHOLE] = True  # type: ignore[literal-required]  # as above
        super().on_message_complete()
