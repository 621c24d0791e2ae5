"""What a browser and a program see of a site: the API and the pages in one application, and its server."""

import socket
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.types import ASGIApp

from access.api import create_app
from access.api.desk import needs, needs_within
from access.api.taps import Taps
from access.dashboard.broadcast import Broadcast
from access.dashboard.desk import desk
from access.dashboard.feeds import feeds
from access.dashboard.front import Front
from access.dashboard.lockdown import lockdown
from access.dashboard.looking import looking
from access.dashboard.nowhere import nowhere
from access.dashboard.open_pages import open_pages
from access.dashboard.orders import orders
from access.dashboard.places import places
from access.dashboard.rollcall import rollcall
from access.dashboard.routes import router
from access.dashboard.security import security
from access.dashboard.telling import Telling
from access.dashboard.visits import visits
from access.services import Services
from access.services.decisions import Decides
from access.services.keyring import KeyRing
from access.services.rights import Scope
from access.site.http import serve_http


class Web:
    """The application of one site. Events reach its streams from the moment it is made."""

    def __init__(
        self,
        services: Services,
        now: Callable[[], datetime],
        authorizer: Decides | None,
        is_connected: Callable[[], bool],
        *,
        is_fictional: bool = False,
        is_public: bool = False,
        speed: float = 1.0,
    ) -> None:
        timezone = ZoneInfo(services.policy.calendar.timezone)
        self.broadcast = Broadcast(
            services.live, now, timezone, speed, services.disclosure, services.doors.standing.at
        )
        services.news.listen(self.broadcast.notify)
        services.departures.listen(self.broadcast.watchers.send_away)
        self.app: FastAPI = create_app(services, now, authorizer, is_connected)
        self.ring = KeyRing(services.database)
        services.departures.listen(self.ring.forget)
        self._front: ASGIApp = self.app
        if authorizer is not None:
            self._front = Taps(self.app, services.building, authorizer, self.ring, now)
        watches, reads = needs_within(Scope.OCCUPANCY_READ), needs(Scope.EVENTS_READ)
        self.app.router.routes.extend(feeds(self.broadcast, watches, reads).routes)
        front = Front(
            self.broadcast,
            services.sessions,
            now,
            services.building.site,
            is_fictional=is_fictional,
            is_public=is_public,
        )
        telling = Telling(front, services.building, services.answers, is_connected)
        for pages in (
            router(front),
            places(front, services.building),
            looking(front, services.counting, services.disclosures, services.building),
            open_pages(front, services.building),
            orders(front, services.doors, telling),
            lockdown(front, services.building, services.doors, telling),
            rollcall(front, services.building, services.rollcall, services.news),
            security(front, services.reception, services.building),
            visits(front, services.visits, services.welcome, services.reception, services.building),
            desk(front, services.reception, services.badges, services.refusals, services.building),
            nowhere(front),
        ):
            self.app.router.routes.extend(pages.routes)

    async def serve(self, listener: socket.socket) -> None:
        """Serve until interrupted; open streams are ended first."""
        await serve_http(self._front, listener, self.broadcast.close)
