"""An event stream as a bare ASGI response: it ends when the client goes or may no more, and when its hub closes.

FastAPI's own server-sent events saturate at a thousand viewers (ARCHITECTURE, facts), so the pieces go out as the hub
made them. A slow client makes `send` wait, and so only itself.
"""

import asyncio
from contextlib import aclosing, nullcontext

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from access.dashboard.hub import Hub
from access.dashboard.watchers import Watchers

LASTS_S = 300.0
"""A stream ends after so long; its client comes back where it was, and is asked anew who it is."""

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",  # nginx would hold the events back
}
_END = {"type": "http.response.body", "body": b"", "more_body": False}


class EventStream(Response):
    """The response that follows a hub from the viewer's `Last-Event-ID` on. `watched` says among whom the viewer is."""

    def __init__(
        self,
        hub: Hub,
        last_event_id: str | None = None,
        lasts_s: float = LASTS_S,
        watched: tuple[Watchers, str] | None = None,
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]  # it has none
        self._hub, self._last_event_id, self._lasts_s = hub, last_event_id, lasts_s
        self._watched = watched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the hub closes or the client goes."""
        _ = scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writer = asyncio.ensure_future(self._write(send))
        reader = asyncio.ensure_future(_gone(receive))
        try:
            with self._watched[0].watching(self._watched[1], writer) if self._watched else nullcontext():
                await asyncio.wait((writer, reader), return_when=asyncio.FIRST_COMPLETED)
            if writer.cancelled():
                await send(_END)
            elif writer.done():
                writer.result()
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _write(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self._lasts_s
        async with aclosing(self._hub.follow(self._last_event_id)) as pieces:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if loop.time() >= until:
                    break
        await send(_END)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
