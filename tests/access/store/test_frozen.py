"""What a release wrote, this program reads: frozen databases are migrated to the newest schema and used."""

from datetime import date, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, func, insert, select

from access.services import open_services
from access.store import schema
from access.store.check import check
from access.store.database import open_database
from access.store.models import Row
from policies.roster import BadgeStatus
from tests.access.store.freeze import (
    ADA,
    BADGE,
    FROZEN,
    KINDS,
    LOST,
    PASSWORD,
    expect_kept,
    rows,
    thaw,
    write_key,
)
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

RELEASES = sorted(
    {path.name.removesuffix(f".{kind}.sql") for kind in KINDS for path in FROZEN.glob(f"*.{kind}.sql")}
)


@pytest.fixture(params=KINDS)
def empty_url(request, tmp_path):
    """Return the URL of a database without a schema, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/totem.db"
    return request.getfixturevalue("bare_postgresql_url")


@pytest.fixture(params=RELEASES)
def thawed(request, empty_url):
    """Return the frozen database of a release, once of each kind."""
    database = open_database(empty_url)
    thaw(request.param, database.engine.dialect.name, empty_url)
    yield database
    database.close()


@pytest.fixture
def site(thawed, tmp_path):
    """Return the services over it, after the upgrade that every start makes."""
    write_key(tmp_path / "site.key")
    return open_services(thawed, BUILDING, POLICY, SCOPES, tmp_path / "site.key")


def test_migrations_lose_no_row_and_change_no_value(thawed):
    before = rows(thawed.engine)
    schema.upgrade(thawed.engine)
    assert all(before.values())
    expect_kept(before, rows(thawed.engine))


def test_every_migration_carries_the_rows_of_the_schema_before_it(empty_url):
    database = open_database(empty_url)
    for revision in schema.history():
        before = rows(database.engine)
        schema.upgrade(database.engine, revision)
        expect_kept(before, rows(database.engine))
        _fill(database.engine)
    database.close()


def _fill(engine):
    """Write a row into every table that has none; all keys are the same, so that references hold."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        for table in tables.sorted_tables:
            if not connection.scalar(select(func.count()).select_from(table)):
                connection.execute(
                    insert(table), [{c.name: _FILLING[c.type.python_type] for c in table.columns}]
                )


_FILLING = {
    str: "x",
    int: 1,
    float: 0.5,
    bool: True,
    bytes: b"x",
    dict: [],  # JSON, as SQLite has it
    object: [],  # JSON, as PostgreSQL has it
    datetime: NOON.replace(tzinfo=None),
    date: NOON.date(),
}


def test_what_was_migrated_is_the_schema_of_this_program(thawed):
    schema.upgrade(thawed.engine)
    with thawed.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_every_chain_of_what_was_migrated_proves_itself(site):
    assert list(check(site.database)) == []


def test_people_badges_and_rules_of_a_release_are_the_rights_of_this_program(site):
    person = site.people.get(ADA.id)
    assert (person.name, person.tiers, person.certifications) == (ADA.name, ADA.tiers, ADA.certifications)
    badges = site.publisher.roster().badges
    assert badges[BADGE.id].status is BadgeStatus.ACTIVE
    assert badges[LOST.id].status is BadgeStatus.LOST
    assert site.publisher.publish(NOON).version > 0


def test_an_operator_of_a_release_still_signs_in(site):
    assert site.sessions.sign_in("root", PASSWORD, NOON).actor.name == "root"
