"""Everything that a site shows over HTTP: the API, the pages and the streams, as one application."""

import socket
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI

from access.api import create_app
from access.api.desk import needs
from access.dashboard.broadcast import Broadcast
from access.dashboard.feeds import feeds
from access.dashboard.routes import router
from access.services import Services
from access.services.decisions import Decides
from access.services.rights import Scope


class Web(uvicorn.Server):
    """A web server that ends its streams before it waits for its connections to end."""

    def __init__(self, app: FastAPI, broadcast: Broadcast, host: str, port: int) -> None:
        super().__init__(uvicorn.Config(app, host, port, log_config=None))
        self._broadcast = broadcast

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop in order."""
        self._broadcast.close()
        await super().shutdown(sockets)


def open_web(
    services: Services,
    now: Callable[[], datetime],
    authorizer: Decides | None = None,
    is_connected: Callable[[], bool] = lambda: True,
    *,
    is_fictional: bool = False,
) -> tuple[FastAPI, Broadcast]:
    """Return the application of a site and what feeds its viewers; call it on the event loop that serves it."""
    broadcast = Broadcast(services.live, now, ZoneInfo(services.policy.calendar.timezone))
    services.news.listen(broadcast.notify)
    app = create_app(services, now, authorizer, is_connected)
    app.include_router(
        router(broadcast, services.operators, now, services.building.site, is_fictional=is_fictional)
    )
    app.include_router(feeds(broadcast, needs(Scope.OCCUPANCY_READ), needs(Scope.EVENTS_READ)))
    return app, broadcast
