"""KM0 with nobody in it, its broadcast, and operators kept in memory."""

from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from access.dashboard.broadcast import Broadcast
from access.dashboard.front import LEAST_PASSWORD, Front
from access.dashboard.routes import router
from access.errors import Invalid, NotSignedIn
from access.occupancy.live import LiveBuilding
from access.services.rights import EVERYWHERE, Reach
from policies.building import Building
from policies.loader import load
from tests.live_events import NINE

PARIS = ZoneInfo("Europe/Paris")


class Somebody(msgspec.Struct, frozen=True):
    name: str
    must_set_password: bool
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    @property
    def reach(self) -> Reach:
        return EVERYWHERE

    def may_within(self, scope: str) -> bool:
        return self.may(scope)


class Opened(msgspec.Struct, frozen=True):
    token: str


class OperatorsInMemory:
    """The port's promises, without a store."""

    def __init__(self) -> None:
        self.passwords = {"ada": "one-time-secret"}
        self.one_time = {"ada"}
        self.scopes = frozenset({"occupancy:read"})
        self.sessions: dict[str, str] = {}
        self._numbers = count()

    def sign_in(self, name: str, password: str, at: datetime, instead_of: str | None = None) -> Opened:
        assert at.tzinfo
        if self.passwords.get(name) != password:
            raise NotSignedIn("name and password do not match")
        self.sign_out(instead_of or "")
        token = f"token-{next(self._numbers)}"
        self.sessions[token] = name
        return Opened(token)

    def of_session(self, token: str, at: datetime) -> Somebody:
        assert at.tzinfo
        if token not in self.sessions:
            raise NotSignedIn("no such session")
        name = self.sessions[token]
        return Somebody(name, name in self.one_time, self.scopes)

    def set_password(self, token: str, new: str, at: datetime, current: str | None = None) -> Opened:
        name = self.sessions[token]
        if name not in self.one_time and current != self.passwords[name]:
            raise NotSignedIn("that is not the password in use")
        if new == self.passwords[name] or len(new) < LEAST_PASSWORD:
            raise Invalid("the password is the old one or too short")
        del self.sessions[token]
        self.passwords[name] = new
        self.one_time.discard(name)
        return self.sign_in(name, new, at)

    def sign_out(self, token: str) -> None:
        self.sessions.pop(token, None)


@pytest.fixture(scope="session")
def building() -> Building:
    return load(Path(__file__).parents[3] / "policies" / "km0").building


@pytest.fixture
def live(building: Building) -> LiveBuilding:
    return LiveBuilding(building)


@pytest.fixture
def broadcast(live: LiveBuilding) -> Broadcast:
    return Broadcast(live, lambda: NINE + timedelta(minutes=5), PARIS)


@pytest.fixture
def operators() -> OperatorsInMemory:
    return OperatorsInMemory()


@pytest.fixture
async def client(broadcast: Broadcast, operators: OperatorsInMemory):
    app = FastAPI()
    app.include_router(router(Front(broadcast, operators, lambda: NINE, "KM0 Mulhouse", is_fictional=True)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://totem.test") as client:
        yield client
