"""The streams for programs: counts of every space, and events without their people.

Who may read them is the API's business: it gives the two dependencies that refuse everybody else.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from starlette.responses import Response

from access.dashboard.broadcast import Broadcast
from access.dashboard.ports import Actor
from access.dashboard.stream import EventStream

_LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]
_STREAM: dict[int | str, dict[str, object]] = {
    200: {"description": "server-sent events", "content": {"text/event-stream": {}}}
}


def feeds(
    broadcast: Broadcast, may_watch: Callable[..., Actor], may_read_events: Callable[..., Actor]
) -> APIRouter:
    """Return the stream routes. The dependencies raise for a caller without the right, `may_watch` within a reach."""
    routes = APIRouter(prefix="/v1/stream", tags=["streams"])

    @routes.get("/occupancy", response_class=Response, responses=_STREAM)
    async def occupancy(watcher: Annotated[Actor, Depends(may_watch)], last: _LastEventId = None) -> Response:
        """Follow the counts: one `occupancy` event a space that changed, all spaces first.

        Companies are told every quarter-hour's numbers as they are disclosed, `count` null where suppressed.
        """
        watched = (broadcast.watchers, watcher.name)
        hub = broadcast.disclosed if watcher.reach.sees_disclosed_only else broadcast.occupancy
        return EventStream(broadcast.watch(hub), last, watched=watched)

    @routes.get("/events", response_class=Response, responses=_STREAM)
    async def events(
        watcher: Annotated[Actor, Depends(may_read_events)], last: _LastEventId = None
    ) -> Response:
        """Follow the events, none with a person; a `gap` event says that some were missed."""
        return EventStream(broadcast.events, last, watched=(broadcast.watchers, watcher.name))

    return routes
