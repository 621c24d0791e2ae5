"""Every list, in every order it can be asked for: walked through once, backwards the other way, whole as a table."""

import csv
import io
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from access.api import create_app
from access.services.holds import Hold
from access.services.imports import from_csv
from access.services.rights import Scope
from access.store import holds, privacy
from policies.ids import PersonId
from tests.access.api.inhabited import inhabited
from tests.asgi_client import Client
from tests.small_site import NOON

LONG = ("people", "badges", "certifications", "grants", "visits", "audit")
"""Lists that grow with a city: of each, every order has its index. The others are as long as an office can read."""

DAY = timedelta(days=1)


@pytest.fixture
def site(database_url, tmp_path):
    with closing(inhabited(database_url, tmp_path)) as opened:
        for number in range(3):
            file = f"external_id,name,type\nn-{number},N,student\n".encode()
            opened.imports.apply(*from_csv(file, "UTC"), file, "test", NOON + number * DAY)
            opened.keys.create(f"k{number}", ("people:read",), "test", NOON, NOON + number * DAY + DAY)
            with opened.database.writing() as session:
                hold = Hold(
                    f"h{number}", PersonId("p-ada"), NOON, NOON + DAY, "R", "t", NOON, NOON + number * DAY
                )
                holds.add(session, hold)
                privacy.note(session, privacy.Purge(0, NOON, "elsewhere", NOON, 1, "0" * 64, 0, 0))
        yield opened


@pytest.fixture
def client(site):
    app = create_app(site, lambda: NOON)
    secret = site.keys.create("all", tuple(scope.value for scope in Scope), "test", NOON)
    return Client(app, {"Authorization": f"Bearer {secret}"}), app.openapi()["paths"]


def orders(paths):
    """Return every list that can be sorted, with its orders."""
    return {
        path: one["schema"]["enum"]
        for path, operations in paths.items()
        for one in operations.get("get", {}).get("parameters", ())
        if one["name"] == "sort" and not path.endswith(".csv")
    }


def walked(client, address):
    found = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        address = answer.json()["next"]
    return found


def test_every_list_is_walked_in_every_order_and_downloaded(client):
    desk, paths = client
    lists = orders(paths)
    assert len(lists) == 13
    for path, sorts in lists.items():
        for sort in (sort for sort in sorts if not sort.startswith("-")):
            forwards = walked(desk, f"{path}?limit=2&sort={sort}")
            assert len(forwards) > 1 or path == "/v1/policies", path
            assert forwards == walked(desk, f"{path}?limit=500&sort={sort}"), (path, sort)
            assert forwards == walked(desk, f"{path}?limit=1&sort=-{sort}")[::-1], (path, sort)
            values = [item[sort] for item in forwards if item.get(sort) is not None]
            assert values == sorted(values), (path, sort)
            if f"{path}.csv" in paths:
                rows = list(csv.DictReader(io.StringIO(desk.get(f"{path}.csv?sort={sort}").text, newline="")))
                assert len(rows) >= len(forwards), (path, sort)
    assert lists.keys() - {path.removesuffix(".csv") for path in paths if path.endswith(".csv")} == {
        "/v1/policies"
    }


def plan_of(connection, statement, parameters):
    if connection.dialect.name == "sqlite":
        told = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row.detail for row in told)
    # A planner that knows how few rows there are would rather read and sort them all.
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    connection.execute(text("SET LOCAL enable_sort = off"))
    connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))


def test_no_page_of_a_long_list_is_sorted_when_it_is_asked_for(client, site):
    desk, paths = client
    asked: list[tuple[str, object]] = []

    @event.listens_for(site.database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "ORDER BY" in statement and "LIMIT" in statement:
            asked.append((statement, parameters))

    for path, sorts in orders(paths).items():
        if path.removeprefix("/v1/") in LONG:
            for sort in sorts:
                walked(desk, f"{path}?limit=2&sort={sort}")
    event.remove(site.database.engine, "before_cursor_execute", note)
    assert len(asked) > 40
    with site.database.reading() as session:
        for statement, parameters in asked:
            plan = plan_of(session.connection(), statement, parameters)
            assert "TEMP B-TREE" not in plan, (statement, plan)
            assert "Sort" not in plan, (statement, plan)


WRONG = ("p-ada", "e30", "WzEsMl0", "WyJhXHUwMDAwIiwieCJd", "é", "-1", str(2**63), "%00")
NEVER_BARE = ("seq", "-seq", "until", "valid_until", "-last_used", "created_at")
"""Orders whose cursors none of these is; in order of ids any text is a place."""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cursor_that_no_page_of_a_list_ended_with_is_refused_by_each(client):
    desk, paths = client
    asked = [(path, sort) for path, sorts in orders(paths).items() for sort in sorts if sort in NEVER_BARE]
    assert len(asked) > 10
    for path, sort in asked:
        for after in WRONG:
            answer = desk.get(f"{path}?sort={sort}&after={after}")
            assert answer.status_code == 422, (path, sort, after)
