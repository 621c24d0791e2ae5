"""Many desks at the same people at once: no change is lost, nobody meets a deadlock, and the record stays whole."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from access.errors import Outdated
from access.services import open_services
from access.services.people import PersonRecord
from access.store import audit
from access.store.check import check
from policies.ids import PersonId
from policies.roster import ResidentType
from tests.small_site import BUILDING, NOON, POLICY, SCOPES
from tests.soak import soaked

CLIENTS, PEOPLE, CHANGES = 32, 4, soaked(3, 60)


@pytest.fixture
def site(database_url, tmp_path):
    opened = open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    people = [PersonRecord(PersonId(f"p{n}"), ResidentType.STAFF, name="0") for n in range(PEOPLE)]
    opened.people.add(people, "test", NOON)
    yield opened
    opened.close()


def add_one(site, client):
    """Count a person's name up, each time from the version that was read; return how often it was refused."""
    refused = 0
    for change in range(CHANGES):
        person = PersonId(f"p{(client + change) % PEOPLE}")
        while True:
            read = site.people.get(person)
            counted = str(int(read.name) + 1)
            try:
                site.people.change(
                    person,
                    lambda before, counted=counted: msgspec.structs.replace(before, name=counted),
                    f"client-{client}",
                    NOON,
                    read.version,
                )
                break
            except Outdated:
                refused += 1
    return refused


@pytest.mark.soak
def test_thirty_two_clients_lose_no_change_of_the_same_people(site):
    before = site.publisher.version()
    with ThreadPoolExecutor(CLIENTS) as threads:
        refused = sum(threads.map(lambda client: add_one(site, client), range(CLIENTS)))
    print(f"refused and tried again: {refused}")
    people = site.people.page()
    assert sum(int(person.name) for person in people) == CLIENTS * CHANGES
    assert [person.version - 1 for person in people] == [int(person.name) for person in people]
    with site.database.reading() as session:
        entries = audit.page(session, 0, PEOPLE + CLIENTS * CHANGES + 1)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert sum(entry.action == "person-changed" for entry in entries) == CLIENTS * CHANGES
    assert list(check(site.database)) == []
    delta = site.publisher.since(before, NOON)
    assert {person.id for person in delta.people} == {person.id for person in people}
    assert delta.version == site.publisher.version() == before + CLIENTS * CHANGES
