"""What names are sought by: written wherever a name is, and of names that were there before."""

from contextlib import closing

import msgspec
import pytest
from sqlalchemy import text

from access.names import bare
from access.services import open_services
from access.services.imports import from_csv
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.visits import VisitRecord
from access.store import schema
from access.store.database import open_database
from policies.ids import OrganisationId, PersonId
from policies.roster import ResidentType
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

BEFORE, SOUGHT = "20261128zh", "20261128zi"
ELODIE = PersonRecord(PersonId("elodie"), ResidentType.STAFF, name="Élodie Martin", external_id="1")
FILE = b"external_id,name,type\n1,\xc3\x89lodie Weber,staff\n2,Zo\xc3\xa9,student\n"


def kept(database):
    """Return every name there is with what it is sought by."""
    with database.reading() as session:
        both = "SELECT name, sought FROM people UNION ALL SELECT name, sought FROM organisations"
        return {(name, sought) for name, sought in session.execute(text(both))}


def test_what_a_name_is_sought_by_is_written_with_it_and_goes_with_it(database_url, tmp_path):
    with closing(open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as site:
        site.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acmé")], "test", NOON)
        site.people.add([ELODIE], "test", NOON)
        visit = VisitRecord("v", PersonId("v"), ELODIE.id, NOON, NOON.replace(hour=23), escorted=True)
        site.visits.expect(visit, "Ève", "test", NOON)
        rename = {"name": "Ácme"}
        site.organisations.change(
            OrganisationId("acme"), lambda it: msgspec.structs.replace(it, **rename), "test", NOON
        )
        site.people.change(PersonId("v"), lambda it: msgspec.structs.replace(it, name="Eva É."), "test", NOON)
        site.imports.apply(*from_csv(FILE, "UTC"), FILE, "test", NOON)
        names = {"Ácme", "Eva É.", "Élodie Weber", "Zoé"}
        assert kept(site.database) == {(name, bare(name)) for name in names}
        site.erasures.erase(PersonId("v"), "asked", "test", NOON)
        assert kept(site.database) == {(name, bare(name)) for name in names - {"Eva É."}}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """Return a database without a schema, once of each kind."""
    url = f"sqlite:///{tmp_path}/totem.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("bare_postgresql_url")
    with closing(open_database(url)) as database:
        yield database


def test_names_that_are_there_are_sought_after_the_migration_and_nothing_that_hangs_on_them_is_lost(empty):
    schema.upgrade(empty.engine, BEFORE)
    names = [f"Élodie {number}" for number in range(1_007)]
    with empty.writing() as session:
        session.execute(
            text(
                "INSERT INTO people (id, name, type, suspended, extended_opening, version)"
                " VALUES (:id, :name, 'staff', false, false, 1)"
            ),
            [{"id": f"p-{number}", "name": name} for number, name in enumerate(names)],
        )
        session.execute(text("INSERT INTO tiers_held (person, tier) VALUES ('p-3', 'staff')"))
        session.execute(
            text("INSERT INTO organisations (id, name, version, tiers) VALUES ('a', 'Á', 1, '[]')")
        )
    schema.upgrade(empty.engine, SOUGHT)
    assert kept(empty) == {(name, bare(name)) for name in [*names, "Á"]}
    with empty.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM tiers_held")) == 1
