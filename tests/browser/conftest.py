"""A real browser and a real server around a live building. A missing browser is said loudly; in CI it is a failure."""

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright

from access.dashboard.broadcast import Broadcast
from access.dashboard.front import SESSION_COOKIE, Front
from access.dashboard.places import places
from access.dashboard.routes import router
from access.occupancy.live import LiveBuilding
from policies.loader import load
from readers.wire.events import Event
from tests.access.dashboard.conftest import PARIS, OperatorsInMemory
from tests.live_events import NINE
from tests.parts import leave_out

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two pages of the browser's own for each context: half of what opening one costs.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
]
PATIENCE_MS = 60_000
"""A machine that runs other tests beside may be slow; what is waited for comes within a second on an idle one."""

_ResultT = TypeVar("_ResultT")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser. Not for the session: its event loop runs as long as it does, and other tests have their own."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        leave_out("Chromium is not installed: the page was not tried in a browser (apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        expect.set_options(timeout=PATIENCE_MS)
        yield browser
        browser.close()


class LiveSite:
    """The page of KM0 on a loopback port, on an event loop of its own, with one operator signed in."""

    def __init__(self) -> None:
        self.live = LiveBuilding(load(Path(__file__).parents[2] / "policies" / "km0").building)
        self.broadcast = Broadcast(self.live, lambda: NINE + timedelta(minutes=5), PARIS)
        self.operators = OperatorsInMemory()
        self.operators.one_time.clear()
        app = FastAPI()
        front = Front(self.broadcast, self.operators, lambda: NINE, "KM0 Mulhouse", is_fictional=False)
        app.include_router(router(front))
        app.include_router(places(front, self.live.building))
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", lifespan="off", loop="asyncio")
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve([self._socket]))
        self._loop.close()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the streams, then the server, as a site does on shutdown; fail if a connection keeps it alive."""
        if self._thread.is_alive():
            self.call(self.broadcast.close)
            self._server.should_exit = True
            self._thread.join(10)
            assert not self._thread.is_alive(), "the server did not end: a stream holds it"
        self._socket.close()

    def call(self, function: Callable[[], _ResultT]) -> _ResultT:
        """Call on the server's loop and wait for the result."""
        done: Future[_ResultT] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(function()))
        return done.result(5)

    def happen(self, *events: Event) -> None:
        """Let the live building take events, as ingest does."""

        def take() -> None:
            self.live.take(events)
            self.broadcast.notify(events)

        self.call(take)


@pytest.fixture
def site() -> Iterator[LiveSite]:
    site = LiveSite()
    site.start()
    yield site
    site.stop()


class Visit:
    """A page of the site, with all that went wrong on it."""

    def __init__(self, page: Page, site: LiveSite) -> None:
        self.page, self.site = page, site
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, path: str = "/?lang=en") -> Page:
        self.page.goto(self.site.address + path)
        return self.page


@pytest.fixture
def visit(chromium: Browser, site: LiveSite) -> Iterator[Visit]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    token = site.operators.sign_in("ada", "one-time-secret", NINE).token
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": site.address}])
    yield Visit(context.new_page(), site)
    context.close()
