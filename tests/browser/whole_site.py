"""The whole web of KM0 over a real store on a loopback port: all pages, with operators of every role signed in."""

import asyncio
import socket
import threading
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import uvicorn
from playwright.sync_api import Browser, BrowserContext
from playwright.sync_api import Page as BrowserPage

from access.dashboard.front import SESSION_COOKIE
from access.occupancy.history import Page
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import EVERYWHERE, Reach, Role
from access.services.visits import VisitRecord
from access.site.web import Web
from emulators.building import hosts
from policies.ids import BadgeId, OrganisationId, PersonId, SourceId
from policies.loader import load
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire.events import GENESIS, Draft, seal

KM0 = Path(__file__).parents[2] / "policies" / "km0"
LENT = BadgeId("04d35c00000001")
"""A badge of the desk that nobody has."""

NOW = datetime.fromisoformat("2026-09-15T09:00:00+02:00")
_ResultT = TypeVar("_ResultT")
Opens = Callable[..., BrowserPage]


class WholeSite:
    """A server with pages and a store; `tell` lets a door computer's events be stored and shown.

    Its receptionist is one company's.
    """

    def __init__(self, folder: Path) -> None:
        building, policy = load(KM0)
        database = f"sqlite:///{folder / 'totem.db'}"
        self.services = open_services(database, building, policy, hosts(building), folder / "site.key")
        self.now = NOW
        self.tokens: dict[Role, str] = {}
        self._chains: dict[SourceId, tuple[int, str]] = {}
        self._enrol()
        self.web = Web(self.services, lambda: self.now, None, lambda: True, is_fictional=True, is_public=True)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(self.web.app, log_level="warning", lifespan="off", loop="asyncio", ws="none")
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _enrol(self) -> None:
        services = self.services
        people = [
            PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada Lovelace"),
            PersonRecord(PersonId("eve"), ResidentType.VISITOR, name="<script>alert('Eve')</script>"),
            PersonRecord(PersonId("long"), ResidentType.STUDENT, name="Ł" * 190),
        ]
        services.people.add(people, "test", NOW)
        services.badges.add(
            [BadgeRecord(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, PersonId("ada"))], "test", NOW
        )
        company = OrganisationRecord(OrganisationId("acme"), "Acme")
        services.organisations.add([company], "test", NOW)
        roles = (Role.ADMINISTRATOR, Role.SECURITY, Role.VIEWER, Role.RECEPTIONIST)
        for role in roles:
            reach = Reach(company.id) if role is Role.RECEPTIONIST else EVERYWHERE
            password = services.operators.create(role.value, role, "test", NOW, reach).password
            opened = services.sessions.sign_in(role.value, password, NOW)
            settled = services.sessions.set_password(opened.token, f"a good password for {role.value}", NOW)
            self.tokens[role] = settled.token
        self._expect()
        services.counting.write(_past(list(services.building.spaces)[1:]))

    def _expect(self) -> None:
        """Let Ada expect three visitors: one is late, one is here, one has gone."""
        visits, hour = self.services.visits, timedelta(hours=1)
        self.services.badges.add([BadgeRecord(LENT, BadgeKind.UID, None, BadgeStatus.ISSUED)], "test", NOW)
        for number, (name, begins) in enumerate((("Nils", NOW - hour), ("Mina", NOW), ("Zoé", NOW - hour))):
            person = PersonId(f"visitor-{number}")
            visit = VisitRecord(
                f"v-{number}", person, PersonId("ada"), begins, begins + 3 * hour, escorted=True
            )
            visits.expect(visit, name, "test", NOW)
        for number in (1, 2):
            visits.arrive(f"v-{number}", None, "test", NOW)
        visits.leave("v-2", "test", NOW)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve([self._socket]))
        self._loop.close()

    @contextmanager
    def pages(self, browser: Browser) -> Iterator["Opens"]:
        """Give a function that opens a page for a role, or for nobody, and closes all of them in the end."""
        with ExitStack() as contexts:

            def opens(
                role: Role | None,
                path: str | None = None,
                language: str = "en",
                width: int = 1440,
                *,
                scripts: bool = True,
            ) -> BrowserPage:
                context = browser.new_context(
                    viewport={"width": width, "height": 900},
                    locale=f"{language}-{language.upper()}",
                    reduced_motion="reduce",
                    java_script_enabled=scripts,
                )
                contexts.callback(context.close)
                if role is not None:
                    self.sign_in(context, role)
                page = context.new_page()
                if path is not None:
                    page.goto(f"{self.address}{path}{'&' if '?' in path else '?'}lang={language}")
                return page

            yield opens

    def sign_in(self, context: BrowserContext, role: Role) -> None:
        context.add_cookies([{"name": SESSION_COOKIE, "value": self.tokens[role], "url": self.address}])

    def call(self, function: Callable[[], _ResultT]) -> _ResultT:
        done: Future[_ResultT] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(function()))
        return done.result(5)

    def tell(self, source: str, *drafts: Draft) -> None:
        name, lines = SourceId(source), []
        for draft in drafts:
            seq, prev = self._chains.get(name, (0, GENESIS))
            sealed = seal(draft, name, 1, seq + 1, prev, "5a" * 16)
            self._chains[name] = seq + 1, sealed.digest
            lines.append(sealed.line)
        taken = self.services.ingest.take([Batch(name, b"\n".join(lines))], self.now)
        self.call(lambda: self.services.news.tell(taken.events))

    def stop(self) -> None:
        self.call(self.web.broadcast.close)
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
        self.services.close()
        assert not self._thread.is_alive(), "the server did not end: a stream holds it"


def _past(spaces) -> list[Page]:
    """Return five weeks of invented counts."""
    random, pages = Random(7), []
    shape = [max(0, 8 - abs(minute - 780) / 60) for minute in range(1440)]
    for days in range(1, 36):
        day = date(2026, 9, 15) - timedelta(days=days)
        busy = 0.1 if day.weekday() >= 5 else 1.0
        for number, space in enumerate(spaces):
            page = Page(space, day)
            scale = busy * (number + 5) * random.uniform(0.9, 1.1)
            page.counts[:] = array(page.counts.typecode, [round(scale * share) for share in shape])
            for quarter in range(96):
                page.lows[quarter], page.highs[quarter], page.inferred[quarter] = 0, 99, 5
            pages.append(page)
    return pages
