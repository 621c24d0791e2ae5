"""Every list, in every order it can be asked for: walked through once, backwards the other way, whole as a table."""

import csv
import io
import re
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, text

from access.api import create_app
from access.names import bare
from access.services.badges import BadgeRecord
from access.services.certifications import CertificationRecord
from access.services.grants import GrantRecord
from access.services.holds import Hold
from access.services.imports import from_csv
from access.services.people import PersonRecord
from access.services.rights import Role, Scope
from access.services.visits import VisitRecord
from access.store import badges, holds, privacy
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, PersonId
from policies.roster import BadgeKind, ResidentType
from tests.access.api.inhabited import inhabited
from tests.asgi_client import Client
from tests.small_site import NOON

LONG = ("people", "badges", "certifications", "grants", "visits", "audit")
"""Lists that grow with a city: of each, every order has its index. The others are as long as an office can read."""

BY_WORDS = (("/v1/people", "name"), ("/v1/organisations", "name"))
"""Orders that know no accents, capitals or signs."""

DAY = timedelta(days=1)


@pytest.fixture
def site(database_url, tmp_path):
    with closing(inhabited(database_url, tmp_path)) as opened:
        for number in range(3):
            _more_of_everything(opened, number)
        policy = (tmp_path / "policy.toml").read_text()
        opened.policies.propose({"policy.toml": f"{policy}\n# Another."}, "again", "test", NOON)
        yield opened


def _more_of_everything(site, number):
    """Add one of each that can be sorted by a time: the greater its id, the earlier its times."""
    ends, front, ada = NOON + (3 - number) * DAY, (DoorId("front"),), PersonId("p-ada")
    asked, one = NOON - number * DAY, PersonId(f"q-{number}")
    file = f"external_id,name,type\nn-{number},N,student\n".encode()
    site.imports.apply(*from_csv(file, "UTC"), file, "test", asked)
    site.people.add([PersonRecord(one, ResidentType.MAKER, valid_until=ends, name="Q")], "test", asked)
    badge = BadgeId(f"04bbbb0{number}")
    site.badges.add([BadgeRecord(badge, BadgeKind.UID, one, valid_until=ends)], "test", asked)
    training = CertificationRecord(CertificationId("laser"), ends, person=one)
    site.certifications.give(training, "test", asked)
    grant = GrantRecord(GrantId(f"g-z{number}"), ends - DAY, ends, front, person=one, reason="R")
    site.grants.give(grant, "test", asked)
    guest = PersonId(f"guest-{number}")
    site.visits.expect(VisitRecord(f"v-z{number}", guest, ada, ends - DAY, ends, front), "N", "test", asked)
    site.operators.create(f"olga-{number}", Role.VIEWER, "test", asked)
    site.keys.create(f"k{number}", ("people:read",), "test", asked, ends)
    with site.database.writing() as session:
        holds.add(session, Hold(f"h{number}", ada, NOON, NOON + DAY, "R", "t", asked, ends))
        privacy.note(session, privacy.Purge(0, NOON, "elsewhere", NOON, 1, "0" * 64, 0, 0))
        badges.note_use(session, {badge: asked.date()})


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


def meant(cell):
    """Return what a cell means in whichever form: the moment it tells with its offset, a truth, or its text."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ].*(Z|\+\d\d:\d\d)", cell):
        return datetime.fromisoformat(cell)
    return {"true": True, "VRAI": True, "false": False, "FAUX": False}.get(cell, cell)


def test_every_list_is_walked_in_every_order_and_downloaded(client):
    desk, paths = client
    lists = orders(paths)
    assert len(lists) == 13
    for path, sorts in lists.items():
        for sort in (sort for sort in sorts if not sort.startswith("-")):
            forwards = walked(desk, f"{path}?limit=2&sort={sort}")
            assert forwards == walked(desk, f"{path}?limit=500&sort={sort}"), (path, sort)
            assert forwards == walked(desk, f"{path}?limit=1&sort=-{sort}")[::-1], (path, sort)
            name = "id" if (path, sort) == ("/v1/policies", "seq") else sort
            values = [item[name] for item in forwards if item[name] is not None]
            if (path, sort) in BY_WORDS:
                values = list(map(bare, values))
            assert values == sorted(values), (path, sort)
            assert len(set(values)) > 1, (path, sort)
            if f"{path}.csv" in paths:
                rows = list(csv.DictReader(io.StringIO(desk.get(f"{path}.csv?sort={sort}").text, newline="")))
                assert len(rows) >= len(forwards), (path, sort)
    for path in (path for path in paths if path.removesuffix(".csv") in lists and path.endswith(".csv")):
        if path != "/v1/audit.csv":  # one row more with each that is told
            french = desk.get(f"{path}?spreadsheet=fr").content.decode().removeprefix("\ufeff")
            read = list(csv.reader(io.StringIO(french, newline=""), delimiter=";"))
            plain = list(csv.reader(io.StringIO(desk.get(path).text, newline="")))
            assert [list(map(meant, row)) for row in read] == [list(map(meant, row)) for row in plain], path
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
