"""Thirty-two desks at the same people over HTTP: no change is lost, nobody meets a deadlock, the record is whole."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from access.api import create_app
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.people import PersonRecord
from access.services.rights import SCOPES, Role
from access.store import audit
from access.store.check import check
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeKind, ResidentType
from tests.asgi_client import Client
from tests.small_site import BUILDING, NOON, POLICY
from tests.small_site import SCOPES as SOURCES
from tests.soak import soaked

DESKS, PEOPLE, SECONDS = 32, 4, soaked(0, 30)
LATER = {"valid_from": "2026-09-15T10:00:00Z", "valid_until": "2026-09-16T10:00:00Z"}


@pytest.fixture
def site(database_url, tmp_path):
    with closing(open_services(database_url, BUILDING, POLICY, SOURCES, tmp_path / "site.key")) as opened:
        people = [PersonRecord(PersonId(f"p{n}"), ResidentType.STAFF, name="0") for n in range(PEOPLE)]
        opened.people.add(people, "test", NOON)
        badges = [
            BadgeRecord(BadgeId(f"04aabb0{n}"), BadgeKind.UID, PersonId(f"p{n}")) for n in range(PEOPLE)
        ]
        opened.badges.add(badges, "test", NOON)
        yield opened


class Desk:
    """One client, which counts a person's name up from the version it read, and does a desk's other work beside."""

    def __init__(self, number, app, secret):
        self.number, self.client = number, Client(app, {"Authorization": f"Bearer {secret}"})
        self.counted, self.met = 0, {}

    def work(self, until):
        """Change people until then, each at least once."""
        rounds = 0
        while rounds == 0 or time.monotonic() < until:
            which = (self.number + rounds) % PEOPLE
            self.count_up(f"p{which}")
            self.do_the_rest(f"p{which}", f"04aabb0{which}")
            rounds += 1
        return self

    def count_up(self, person):
        answer = None
        while answer is None or answer.status_code == 412:
            read = self.ask("GET", f"/v1/people/{person}")
            name = str(int(read.json()["name"]) + 1)
            seen = {"If-Match": read.headers["ETag"]}
            answer = self.ask("PATCH", f"/v1/people/{person}", json={"name": name}, headers=seen)
        assert answer.status_code == 200, answer.text
        self.counted += 1

    def do_the_rest(self, person, badge):
        verb = ("suspend", "activate")[self.number % 2]
        self.ask("POST", f"/v1/badges/{badge}/{verb}")
        right = LATER | {"person": person, "doors": ["room"], "reason": "R"}
        given = self.ask("POST", "/v1/grants", json=right)
        self.ask("DELETE", given.headers["Location"])

    def ask(self, method, path, **more):
        answer = self.client.request(method, path, **more)
        self.met[int(answer.status_code)] = self.met.get(int(answer.status_code), 0) + 1
        return answer


@pytest.mark.soak
def test_thirty_two_desks_at_the_same_people_lose_no_change_and_meet_no_deadlock(site):
    app = create_app(site, lambda: NOON)
    secret = site.keys.create("desks", tuple(scope.value for scope in SCOPES[Role.MANAGER]), "test", NOON)
    before, until = site.publisher.version(), time.monotonic() + SECONDS
    with ThreadPoolExecutor(DESKS) as threads:
        desks = list(threads.map(lambda n: Desk(n, app, secret).work(until), range(DESKS)))
    counted = sum(desk.counted for desk in desks)
    met = {status: sum(desk.met.get(status, 0) for desk in desks) for status in (200, 201, 204, 412)}
    print(f"{counted} changes counted; answers {met}")
    assert sum(met.values()) == sum(sum(desk.met.values()) for desk in desks), [desk.met for desk in desks]
    assert sum(int(person.name) for person in site.people.page()) == counted
    assert site.grants.page() == []
    assert site.audit.verify().broken is None
    assert list(check(site.database)) == []
    with site.database.reading() as session:
        acts = audit.acts(
            session, 0, ("person-changed", "grant-given", "grant-ended", "badge-suspend", "badge-activate")
        )
    assert sum(action == "person-changed" for action, _ in acts) == counted
    assert site.publisher.version() == before + len(acts)
