"""People from files: the difference first, every fault with its line, all or nothing, twice the same is once."""

from contextlib import closing
from datetime import timedelta

import msgspec
import pytest

from access.errors import Conflict
from access.services import open_services
from access.services.imports import Fault, from_csv, from_json
from access.services.imports.cells import harmless
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.rights import Reach
from access.store import audit
from policies.ids import CertificationId, OrganisationId, PersonId, TierId
from policies.roster import Certification, ResidentType
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

PARIS = "Europe/Paris"
ACME, ZETA = OrganisationId("acme"), OrganisationId("zeta")
HEAD = "external_id,name,type,organisation,tiers,valid_until\n"


@pytest.fixture
def site(services):
    organisations = [
        OrganisationRecord(ACME, "Acme", tiers=(TierId("staff"),)),
        OrganisationRecord(ZETA, "Zeta"),
    ]
    services.organisations.add(organisations, "test", NOON)
    people = [
        PersonRecord(
            PersonId("p-1"),
            ResidentType.STUDENT,
            ACME,
            (TierId("staff"),),
            (Certification(CertificationId("laser")),),
            name="Ada",
            external_id="1",
        ),
        PersonRecord(PersonId("p-2"), ResidentType.STUDENT, ACME, name="Bob", external_id="2"),
        PersonRecord(PersonId("p-3"), ResidentType.STUDENT, ACME, name="Cy"),
        PersonRecord(PersonId("p-9"), ResidentType.STUDENT, ZETA, name="Zoe", external_id="9"),
    ]
    services.people.add(people, "test", NOON)
    return services


def csv(text):
    return from_csv(text.encode(), PARIS)


def apply(site, text, **more):
    return site.imports.apply(*csv(text), text.encode(), "test", NOON, **more)


def faults(outcome):
    return [(fault.line, fault.column) for fault in outcome.faults]


# ------------------------------------------------------------------------------------------------ reading


def test_a_table_is_read_as_french_and_english_spreadsheets_write_it():
    plain = csv("external_id,name,type\n1,Ada,student\n")
    assert plain[1] == []
    assert csv("external_id;name;type\n1;Ada;student\n") == plain
    assert from_csv("\ufeffEXTERNAL_ID, Name ,type\r\n1, Ada ,student\r\n\r\n".encode(), PARIS) == plain


def test_json_says_the_same_as_a_table():
    rows = [{"external_id": "1", "name": "Ada", "type": "student", "tiers": ["a", "b"], "organisation": None}]
    text = "external_id,name,type,tiers,organisation\n1,Ada,student,a b,\n"
    (one,), (other,) = from_json(msgspec.json.encode(rows), PARIS)[0], csv(text)[0]
    assert msgspec.structs.replace(one, line=2) == other


def test_a_plain_day_ends_when_it_is_over_at_the_building():
    (want,), _ = csv("external_id,valid_from,valid_until\n1,2026-09-01,2026-10-24\n")
    assert want.valid_from is not None
    assert want.valid_from.isoformat() == "2026-08-31T22:00:00+00:00"
    assert want.valid_until is not None
    assert want.valid_until.isoformat() == "2026-10-24T22:00:00+00:00"


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"external_id,name\n1,\xff\xfe\n", 2, None),
        (b"external_id,name\n1,a\0b\n", 2, None),
        (b"external_id,name\n1,Ada,x\n", 2, None),
        (b"name\nAda\n", 2, "external_id"),
        (b"external_id,shoe\n1,44\n", 2, "shoe"),
        (b"external_id,name,name\n1,a,b\n", 1, "name"),
        (b"external_id,name\n1,\n", 2, "name"),
        (b"external_id,type\n1,wizard\n", 2, "type"),
        (b"external_id,valid_until\n1,2026-02-30\n", 2, "valid_until"),
        (b"external_id,valid_until\n1,2026-09-01T10:00\n", 2, "valid_until"),
        (b"external_id,valid_from\n1,0001-01-01\n", 2, "valid_from"),
        (b"external_id,valid_from\n1,9999-12-31T23:59:59-14:00\n", 2, "valid_from"),
        (b"external_id,name\n1,Ada\n2,Bob\n1,Cy\n", 4, "external_id"),
        (b'external_id,name\n1,"Ada\n', 2, None),
        (b"external_id,name\n1," + b"a" * 10_000_000 + b"\n", 2, None),
        (b"external_id,name\n1," + b"a" * 201 + b"\n", 2, "name"),
        (b"", 1, None),
        (b"external_id,name\n", 1, None),
    ],
)
def test_every_fault_of_a_table_has_its_line_and_column(content, line, column):
    found = from_csv(content, PARIS)[1]
    assert [(fault.line, fault.column) for fault in found] == [(line, column)]


@pytest.mark.parametrize("content", [b"{", b"{}", b"[1]", b'[{"external_id": 1}]', b"\xff", b"[" * 100_000])
def test_what_is_no_array_of_objects_is_a_fault(content):
    wanted, found = from_json(content, PARIS)
    assert (wanted, len(found)) == ([], 1)


# ----------------------------------------------------------------------------------------------- the diff


def test_the_difference_tells_who_is_new_differs_is_missing_and_is_the_same(site):
    text = HEAD + "1,Ada L.,student,acme,staff,\n3,Eve,student,acme,,\n"
    outcome = site.imports.propose(*csv(text), NOON)
    found = outcome.difference
    assert outcome.faults == ()
    assert [person.external_id for person in found.added] == ["3"]
    assert [(change.after.id, change.columns) for change in found.changed] == [("p-1", ("name",))]
    assert [person.id for person in found.ended] == ["p-2"]
    assert site.people.get(PersonId("p-1")).name == "Ada"


def test_who_is_missing_is_sought_only_among_the_organisations_that_the_file_speaks_of(site):
    found = site.imports.propose(*csv(HEAD + "9,Zoe,student,zeta,,\n"), NOON).difference
    assert (found.ended, found.unchanged) == ((), 1)


def test_a_table_of_more_columns_than_people_have_is_looked_at_no_further():
    wanted, faults = csv(",".join(f"c{number}" for number in range(200_000)) + "\n1,2\n")
    assert (wanted, faults) == ([], [Fault(1, None, "200000 columns, expected at most 100")])
    head = ",".join(["external_id", *(f"c{number}" for number in range(99))])
    assert len(csv(f"{head}\n{',' * 99}\n1{',' * 99}\n2{',' * 99}\n")[1]) == 99
    unknown = {f"c{number}": "x" for number in range(10_000)}
    assert len(from_json(msgspec.json.encode([{"external_id": "1"} | unknown]), PARIS)[1]) == 100


def test_a_quotation_mark_that_is_not_closed_is_told_by_the_line_that_it_stands_in():
    _, faults = csv('external_id,name\n1,"Ada\nLovelace"\n2,"Bob\n3,Cy\n')
    assert faults == [Fault(4, None, "a quotation mark that is not closed")]


def test_faults_are_told_from_the_top_of_the_file_to_its_end(site):
    file = "x1,Ada,student,nowhere,,\nx2,Bob,wizard,acme,,\nx3,Cy,student,acme,gold,\nx4,Di,student\n"
    for faults in (
        site.imports.propose(*csv(HEAD + file), NOON).faults,
        site.imports.apply(*csv(HEAD + file), b"", "test", NOON).faults,
    ):
        assert [(fault.line, fault.column) for fault in faults] == [
            (2, "organisation"),
            (3, "type"),
            (4, "tiers"),
            (5, None),
        ]


def test_rows_with_a_fault_count_among_those_a_file_may_have():
    _, faults = csv("external_id,name\n" + "x\n" * 100_050)
    assert len(faults) == 100_001
    assert faults[-1] == Fault(100_002, None, "more than 100000 people in one file")


def test_an_organisation_that_no_database_can_keep_is_told_and_not_looked_for(database_url, tmp_path):
    with closing(open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as site:
        rows = [{"external_id": "1", "name": "Ada", "type": "student", "organisation": "ac\0me"}]
        outcome = site.imports.propose(*from_json(msgspec.json.encode(rows), PARIS), NOON)
    assert outcome.faults == (Fault(1, "organisation", "expected 1 to 64 printable characters"),)


def test_nobody_is_missing_from_an_organisation_that_somebody_only_leaves_for_another(site):
    found = site.imports.propose(
        *csv(HEAD + "1,Ada,student,zeta,staff,\n9,Zoe,student,zeta,,\n"), NOON
    ).difference
    assert ([change.after.organisation for change in found.changed], found.ended) == (["zeta"], ())


@pytest.mark.parametrize("name", ["=Di", "Di;=1", "=Di;-1;'+2", "Di;é"])
def test_somebody_is_found_again_by_what_a_spreadsheet_was_kept_from_running(site, name):
    new = PersonRecord(PersonId("p-4"), ResidentType.STUDENT, ACME, name=name, external_id="+33-4")
    site.people.add([new], "test", NOON)
    row = ",".join(str(harmless(cell)) for cell in (new.external_id, new.name, "student", "acme", "", ""))
    found = site.imports.propose(*csv(f"{HEAD}{row}\n"), NOON).difference
    assert (found.added, found.changed, found.unchanged) == ((), (), 1)


def test_a_row_with_our_own_id_is_about_that_person_whoever_has_which_external_id(site):
    site.people.add([PersonRecord(PersonId("p-7"), ResidentType.STUDENT, name="Zoé")], "test", NOON)
    applied = apply(site, "id,external_id,name\np-7,,Zoë\np-1,11,Ada\n")
    assert applied.faults == ()
    assert [(one.after.id, one.columns) for one in applied.difference.changed] == [
        ("p-7", ("name",)),
        ("p-1", ("external_id",)),
    ]
    assert site.people.get(PersonId("p-7")).external_id is None
    assert site.people.get(PersonId("p-1")).external_id == "11"


def test_whoever_a_file_gives_another_external_id_is_not_missing_from_it(site):
    found = site.imports.propose(*csv(HEAD.replace("\n", ",id\n") + "11,Ada,student,acme,staff,,p-1\n"), NOON)
    assert "p-1" not in {person.id for person in found.difference.ended}


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        ("id,external_id,name\np-0,,Ada\n", Fault(2, "id", "there is nobody with this id")),
        ("id,external_id,name\np-1,2,Ada\n", Fault(2, "external_id", "in use elsewhere")),
        ("id,external_id,name\np-1,,Ada\n", Fault(2, "external_id", "expected 1, as it is")),
        ("id,external_id,name\np-1,1,A\n,1,B\n", Fault(3, "external_id", "the same as in line 2")),
        ("id,external_id,name\np-1,x,A\np-1,y,B\n", Fault(3, "id", "the same as in line 2")),
        ("external_id,suspended\n1,VRAI\n", Fault(2, "suspended", "expected as it is: no file changes it")),
        ("external_id,suspended\n1,perhaps\n", Fault(2, "suspended", "expected true or false")),
        ("external_id,host\n1,p-2\n", Fault(2, "host", "expected as it is: no file changes it")),
    ],
)
def test_what_our_own_table_tells_and_a_file_does_not_change_is_a_fault_where_it_differs(site, file, fault):
    assert fault in site.imports.propose(*csv(file), NOON).faults


@pytest.mark.parametrize("day", ["2026-09-15", "15/09/2026", "15.9.2026", " 15/9/2026 "])
def test_between_semicolons_a_day_may_be_as_the_spreadsheet_writes_it(day):
    (one,), faults = csv(f"external_id;valid_from;valid_until;name\n1;{day};{day};15/09/2026\n")
    assert faults == []
    assert one.valid_from is not None
    assert one.valid_from.isoformat() == "2026-09-14T22:00:00+00:00"
    assert one.valid_until == one.valid_from + timedelta(days=1)
    assert one.name == "15/09/2026"


@pytest.mark.parametrize(
    ("delimiter", "day"),
    [
        (",", "09/10/2026"),
        (";", "31/02/2026"),
        (";", "09/15/2026"),
        (";", "15/09/26"),
        (";", "15/09/2026 10:00"),
    ],
)
def test_a_day_that_could_be_another_is_a_fault_that_names_both_ways_to_write_it(delimiter, day):
    _, (fault,) = csv(f"external_id,valid_until\n1,{day}\n".replace(",", delimiter))
    assert (fault.line, fault.column) == (2, "valid_until")
    assert fault.message.startswith("expected a day as 2026-09-01 (between semicolons also 01/09/2026), or")


def test_a_column_that_the_file_does_not_have_changes_nothing(site):
    apply(site, "external_id,name\n1,Ada L.\n")
    ada = site.people.get(PersonId("p-1"))
    assert (ada.name, ada.tiers, ada.organisation, ada.version) == ("Ada L.", ("staff",), "acme", 2)
    assert ada.certifications == (Certification(CertificationId("laser")),)


def test_applied_twice_a_file_changes_nothing_the_second_time(site):
    text = HEAD + "1,Ada L.,student,acme,staff,2027-06-30\n3,Eve,student,acme,,\n"
    first = apply(site, text)
    assert first.applied is not None
    assert (first.applied.added, first.applied.changed) == (1, 1)
    again = apply(site, text)
    assert again.applied is not None
    assert (again.applied.added, again.applied.changed, again.applied.unchanged) == (0, 0, 2)
    assert len(site.imports.page()) == 2


def test_whoever_is_missing_stays_unless_their_exact_number_is_asked_to_end(site):
    text = HEAD + "1,Ada,student,acme,staff,\n"
    apply(site, text)
    assert site.people.get(PersonId("p-2")).valid_until is None
    for number in (0, 2):
        with pytest.raises(Conflict, match="1 people are missing"):
            apply(site, text, end=number)
    assert apply(site, text, end=1).applied.ended == 1
    bob = site.people.get(PersonId("p-2"))
    assert (bob.valid_until, bob.name) == (NOON, "Bob")
    assert site.imports.propose(*csv(text), NOON).difference.ended == ()


def test_one_fault_and_nothing_is_changed(site):
    text = HEAD + "1,Ada L.,student,acme,staff,\n3,Eve,student,nowhere,,\n4,Fay,student,acme,wizards,\n"
    outcome = apply(site, text)
    assert outcome.applied is None
    assert faults(outcome) == [(3, "organisation"), (4, "tiers")]
    assert site.people.get(PersonId("p-1")).name == "Ada"
    assert site.imports.page() == []


def test_somebody_new_needs_a_name_and_a_type(site):
    assert faults(apply(site, "external_id,organisation\n7,acme\n")) == [(2, "name"), (2, "type")]


def test_an_end_before_the_beginning_is_a_fault(site):
    assert faults(apply(site, "external_id,valid_from,valid_until\n1,2026-09-02,2026-09-01T00:00:00Z\n")) == [
        (2, "valid_until")
    ]


def test_every_change_is_in_the_audit_and_goes_to_the_doors(site):
    told: list[object] = []
    site.rights.listen(told.append)
    apply(site, HEAD + "1,Ada,student,acme,,\n3,Eve,student,acme,,\n", end=1)
    with site.database.reading() as session:
        noted = [(entry.action, entry.subject) for entry in audit.page(session, 0, 100)][-4:]
    assert [action for action, _ in noted] == [
        "import-applied",
        "person-added",
        "person-changed",
        "person-ended",
    ]
    assert len(told) == 1
    assert TierId("staff") not in site.publisher.roster().people[PersonId("p-1")].tiers


def test_a_file_for_one_organisation_speaks_of_nobody_else(site):
    own = site.imports.within(Reach(ACME))

    def refused(text):
        return own.propose(*csv(text), NOON).faults

    assert refused("external_id,name,type\n5,Eve,student\n") == ()
    assert refused("external_id,name,type\n9,Zoe Z.,student\n")[0] == Fault(
        2, "external_id", "in use elsewhere"
    )
    assert refused("external_id,name,type,organisation\n5,Eve,student,zeta\n")
    assert refused("external_id,name,type\n5,Eve,security\n")
    assert own.propose(*csv("external_id,name\n1,Ada\n"), NOON).difference.ended[0].id == "p-2"
