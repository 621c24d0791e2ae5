"""While a large file of people is applied nobody is refused for it: reading goes on, and writing waits its turn."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pytest

from access.api import create_app
from access.services import open_services
from access.services.imports import from_csv
from access.services.rights import Scope
from access.store import site
from access.store.database import open_database
from tests.access.api.test_problems import is_problem
from tests.asgi_client import Client
from tests.small_site import BUILDING, NOON, POLICY, SCOPES
from tests.soak import soaked

ROWS, DESKS, WAITING = soaked(2_000, 10_000), 2, 20
HURRIED_S = 0.2
EXPORT = "/v1/audit.csv?action=audit-exported"
READ = ("/v1/people?limit=5", "/v1/badges.csv", "/v1/events", "/v1/audit?limit=5", "/v1/imports", "/v1/doors")


@pytest.fixture
def opened(tmp_path, database_url):
    """Return a function that opens a site and a client of it, by a database that waits for so long."""

    def site(*longest):
        database = open_database(database_url, *longest)
        services = open_services(database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
        secret = services.keys.create("test", tuple(scope.value for scope in Scope), "test", NOON)
        return services, Client(create_app(services, lambda: NOON), {"Authorization": f"Bearer {secret}"})

    return site


def file_of(rows):
    lines = "".join(f"x-{number},Person {number},student\n" for number in range(rows))
    return f"external_id,name,type\n{lines}".encode()


def work(client, number, is_over):
    """Read and write as a desk does until the import is over; return how often each answer was met."""
    met: list[int] = []
    while not is_over.is_set() or not met:
        name = f"o{number}-{len(met)}"
        met += [client.get(path).status_code for path in (READ[len(met) % len(READ)], EXPORT)]
        met.append(client.post("/v1/organisations", json={"id": name, "name": name}).status_code)
    return met


@pytest.mark.soak
def test_no_read_and_no_write_meets_a_locked_database_while_thousands_of_people_are_imported(opened):
    services, client = opened()
    with closing(services), ThreadPoolExecutor(DESKS) as threads:
        is_over = threading.Event()
        desks = [threads.submit(work, client, number, is_over) for number in range(DESKS)]
        try:
            csv = {"Content-Type": "text/csv"}
            answer = client.post("/v1/imports?apply=true", content=file_of(ROWS), headers=csv)
        finally:
            is_over.set()
        met = {status for desk in desks for status in desk.result()}
        assert (answer.status_code, len(answer.json()["added"]), met) == (200, ROWS, {200, 201})
        assert services.audit.verify().broken is None


def test_reading_goes_on_while_an_import_stands_still_and_many_wait_to_write(opened):
    services, client = opened()
    reached, goes_on = threading.Event(), threading.Event()

    def stand_still(_):
        reached.set()
        goes_on.wait(60)

    content = file_of(2)
    with closing(services), ThreadPoolExecutor(WAITING + 1) as threads:
        wanted, faults = from_csv(content, "Europe/Paris")
        apply = partial(services.imports.apply, progress=stand_still)
        importing = threads.submit(apply, wanted, faults, content, "test", NOON)
        assert reached.wait(10)
        exports = [threads.submit(client.get, "/v1/audit.csv") for _ in range(WAITING)]
        try:
            assert {client.get(path).status_code for path in READ for _ in range(3)} == {200}
            assert client.get("/v1/people").json()["items"] == []
            assert not any(export.done() for export in exports)
        finally:
            goes_on.set()
        importing.result()
        assert {export.result().status_code for export in exports} == {200}
        assert len(client.get("/v1/people").json()["items"]) == 2


def test_a_database_that_others_write_to_for_too_long_is_told_of_and_asked_again(opened):
    services, client = opened(HURRIED_S)
    another, _ = opened(HURRIED_S)
    with closing(services), closing(another):
        with another.database.writing() as session:
            site.locked(session)
            problem = client.post("/v1/organisations", json={"id": "a", "name": "A"})
            is_problem(problem, 503, "store-unavailable")
            assert problem.headers["Retry-After"] == "2"
            # Some do several things, each committed: of none is it known here how far it came.
            assert problem.json()["detail"].endswith("it may have been done: look before you ask again")
            assert client.get("/v1/organisations").json()["items"] == []
        assert client.post("/v1/organisations", json={"id": "a", "name": "A"}).status_code == 201
