"""`/v1/imports`: a file in the body, a difference in the answer; larger than other bodies, for those who may only."""

import sys

import pytest

from access.services.imports import from_csv
from access.services.organisations import OrganisationRecord
from access.services.rights import Reach, Role
from policies.ids import OrganisationId
from tests.access.api.test_problems import is_problem
from tests.small_site import NOON

ACME = OrganisationId("acme")
FILE = "external_id,name,type,organisation\n1,=cmd(),student,acme\n2,Bob,student,acme\n"
AS_CSV = {"Content-Type": "text/csv; charset=utf-8"}


@pytest.fixture(autouse=True)
def acme(services):
    services.organisations.add(
        [OrganisationRecord(ACME, "Acme"), OrganisationRecord(OrganisationId("zeta"), "Z")], "test", NOON
    )


def test_a_file_is_compared_and_then_applied(manager):
    seen = manager.post("/v1/imports", content=FILE, headers=AS_CSV)
    assert (seen.status_code, seen.json()["applied"], len(seen.json()["added"])) == (200, False, 2)
    assert manager.get("/v1/people").json()["items"] == []
    applied = manager.post("/v1/imports?apply=true", content=FILE, headers=AS_CSV).json()
    assert applied["applied"]
    assert {one["external_id"] for one in manager.get("/v1/people").json()["items"]} == {"1", "2"}
    listed = manager.get("/v1/imports").json()["items"]
    assert [(one["id"], one["added"]) for one in listed] == [(applied["id"], 2)]


def test_json_is_taken_too_and_missing_people_end_by_their_number(manager):
    manager.post("/v1/imports?apply=true", content=FILE, headers=AS_CSV)
    rows = [{"external_id": "1", "name": "Ada"}]
    ended = manager.post("/v1/imports", json=rows).json()["ended"]
    assert [one["external_id"] for one in ended] == ["2"]
    is_problem(manager.post("/v1/imports?apply=true&end=7", json=rows), 409, "conflict")
    assert manager.post("/v1/imports?apply=true&end=1", json=rows).status_code == 200
    bob = manager.get(f"/v1/people/{ended[0]['person']}").json()
    assert bob["valid_until"]


def test_a_file_with_faults_tells_each_and_changes_nothing(manager):
    bad = FILE + "3,Cy,wizard,nowhere\n"
    assert len(manager.post("/v1/imports", content=bad, headers=AS_CSV).json()["faults"]) == 2
    problem = is_problem(manager.post("/v1/imports?apply=true", content=bad, headers=AS_CSV), 422, "invalid")
    assert {(fault["line"], fault["column"]) for fault in problem["faults"]} == {
        (4, "type"),
        (4, "organisation"),
    }
    assert manager.get("/v1/people").json()["items"] == []
    is_problem(
        manager.post("/v1/imports", content=FILE, headers={"Content-Type": "text/plain"}), 422, "invalid"
    )


def test_a_large_file_is_taken_and_a_larger_one_is_not(manager, keyed):
    rows = "".join(f"x{number},{'n' * 180},student\n" for number in range(10_000))
    large = manager.post("/v1/imports", content=f"external_id,name,type\n{rows}", headers=AS_CSV)
    assert len(large.json()["added"]) == 10_000
    huge = b"a" * (17 * 1024 * 1024)
    is_problem(manager.post("/v1/imports", content=huge, headers=AS_CSV), 413, "content-too-large")
    is_problem(keyed("people:write").post("/v1/imports", content=FILE, headers=AS_CSV), 403, "not-allowed")


TEN_MEGABYTES = 10 * 1024 * 1024


def test_a_field_of_ten_megabytes_is_told_by_its_line_and_nothing_is_half_written(manager):
    cell = "n" * TEN_MEGABYTES
    french = {"Accept-Language": "fr"}
    rows = [{"external_id": "1", "name": cell, "type": "student"}]
    (fault,) = manager.post("/v1/imports?apply=true", json=rows, headers=french).json()["faults"]
    assert fault == {"line": 1, "column": "name", "message": "au plus 10000 caractères sont attendus"}
    file = f"external_id,name,type\n1,{cell},student\n"
    problem = is_problem(manager.post("/v1/imports?apply=true", content=file, headers=AS_CSV), 422, "invalid")
    assert [(one["line"], "field larger" in one["message"]) for one in problem["faults"]] == [(2, True)]
    large = manager.post("/v1/people", json={"id": "ada", "type": "staff", "name": cell})
    is_problem(large, 413, "content-too-large")
    assert len(large.text) < 1_000
    assert manager.get("/v1/people").json()["items"] == []


def test_how_far_an_import_has_come_is_told_while_it_is_written(manager, services, signed_in):
    content = (
        "external_id,name,type,organisation\n" + "".join(f"{n},N,student,acme\n" for n in range(600))
    ).encode()
    wanted, faults = from_csv(content, "UTC")
    seen = []

    def look(_more):
        seen.append(manager.get("/v1/imports/under-way").json())

    services.imports.within(Reach(ACME)).apply(wanted, faults, content, "grace", NOON, progress=look)
    assert [[(one["actor"], one["written"], one["rows"]) for one in each] for each in seen] == [
        [("grace", 500, 600)],
        [("grace", 600, 600)],
    ]
    assert manager.get("/v1/imports/under-way").json() == []
    assert (
        signed_in("zoe", Role.MANAGER, Reach(OrganisationId("zeta"))).get("/v1/imports/under-way").json()
        == []
    )


def test_a_manager_of_a_company_imports_its_own_people_only(signed_in, manager):
    own = signed_in("grace", Role.MANAGER, Reach(ACME))
    applied = own.post("/v1/imports?apply=true", json=[{"external_id": "1", "name": "A", "type": "student"}])
    person = applied.json()["added"][0]["person"]
    assert manager.get(f"/v1/people/{person}").json()["organisation"] == "acme"
    elsewhere = [{"external_id": "2", "name": "B", "type": "student", "organisation": "zeta"}]
    is_problem(own.post("/v1/imports?apply=true", json=elsewhere), 422, "invalid")
    manager.post("/v1/imports?apply=true", json=elsewhere)
    assert len(own.get("/v1/imports").json()["items"]) == 1


def test_no_message_is_worded_on_the_event_loop(manager):
    """A hundred thousand faults take seconds to tell in French: nobody's tap waits for that."""
    french = {"Accept-Language": "fr"}
    rows = [{"external_id": str(number), "tiers": f"t{number}"} for number in range(20)]
    here = []

    def note(frame, event, _argument):
        if event == "call" and frame.f_code.co_name == "worded":
            here.append(frame)

    sys.setprofile(note)  # of this thread, which is the loop's
    try:
        told = [
            manager.post(f"/v1/imports{asked}", json=rows, headers=french) for asked in ("", "?apply=true")
        ]
    finally:
        sys.setprofile(None)
    assert [answer.json()["faults"][0]["message"] for answer in told] == ["la formule t0 n’existe pas"] * 2
    assert here == []
