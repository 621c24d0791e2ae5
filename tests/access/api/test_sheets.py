"""Tables as CSV, in each form: nothing that somebody wrote runs in a spreadsheet, and an import reads what is told."""

import csv
import io
import re
from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest

from access.api import create_app
from access.api.sheets import Form, sheet
from access.services.imports.cells import as_it_was, harmless
from access.services.people import PersonRecord
from policies.ids import PersonId, TierId
from policies.roster import ResidentType
from tests.asgi_client import Client
from tests.small_site import NOON


@pytest.mark.parametrize(
    "cell", ["=1+1", "+33", "-cmd|'/C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1"]
)
def test_a_cell_that_would_run_is_made_text(cell):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "told"),
    [("x;=1", "x;'=1"), ("=x;-1;y", "'=x;'-1;y"), ('x;"=1"', 'x;\'"=1"'), ("x;'@1", "x;''@1")],
)
def test_a_cell_in_which_a_spreadsheet_that_parts_by_semicolons_would_see_a_formula_is_made_text(cell, told):
    assert harmless(cell) == told


def test_of_cells_parted_by_semicolons_a_formula_after_a_comma_is_made_text():
    assert harmless("x,=1;-1", ";") == "x,'=1;-1"


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize(
    "cell", ["=1", "'=1", "x;=1", "x,=1", "x;'=1", "x,''-1", ";;=1", "'", "a;'b", "=;=,=", "x"]
)
def test_a_cell_that_was_made_text_is_read_back_as_it_was(cell, delimiter):
    assert as_it_was(str(harmless(cell, delimiter)), delimiter) == cell


@pytest.mark.parametrize("cell", ["Ada", "", "a=b", "a; b", "a;b", None, -3, 1.5])
def test_any_other_cell_stays_as_it_is(cell):
    assert harmless(cell) == cell


async def test_a_long_table_comes_in_pieces_and_reads_back_whole():
    rows = [[number, 'a, "b"\nc', "=x"] for number in range(1201)]
    answer = sheet("people", ("n", "text", "formula"), iter(rows))
    pieces = [str(piece) async for piece in answer.body_iterator]
    assert len(pieces) == 3
    read = list(csv.reader(io.StringIO("".join(pieces), newline="")))
    assert read[0] == ["n", "text", "formula"]
    assert read[1:] == [[str(number), text, f"'{formula}"] for number, text, formula in rows]
    assert answer.headers["content-disposition"] == 'attachment; filename="people.csv"'


def test_every_table_that_a_page_links_opens_in_a_spreadsheet_of_the_page_s_language():
    pages = files("access.dashboard") / "templates"
    links = [
        link for page in pages.iterdir() for link in re.findall(r'"(/v1/[^"]*)"', page.read_text("utf-8"))
    ]
    tables = [link for link in links if ".csv" in link]
    assert len(tables) == 3
    assert all(".csv?spreadsheet={{ t.language.value }}" in link for link in tables)


FORMS = {"": (",", ""), "?spreadsheet=fr": (";", "\ufeff"), "?spreadsheet=en": (",", "\ufeff")}


async def test_whoever_opens_a_spreadsheet_reads_times_by_the_wall_with_their_offset():
    rows = [[datetime(2026, 10, 25, 0, 30, tzinfo=UTC)], [datetime(2026, 10, 25, 1, 30, 0, 5, tzinfo=UTC)]]
    told = []
    for form in (Form(), Form(zone=ZoneInfo("Europe/Paris"))):
        answer = sheet("visits", ("at",), rows, form)
        told.append("".join([str(piece) async for piece in answer.body_iterator]).split())
    assert told == [
        ["at", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00.000005Z"],
        ["at", "2026-10-25", "02:30:00+02:00", "2026-10-25", "02:30:00.000005+01:00"],
    ]


async def test_a_spreadsheet_finds_the_decimals_of_its_language():
    answer = sheet("history", ("mean",), [[2.5], [-0.5], ["2.5"]], Form(";", ",", has_mark=True))
    assert "".join([str(piece) async for piece in answer.body_iterator]) == (
        "\ufeffmean\r\n2,5\r\n-0,5\r\n2.5\r\n"
    )


@pytest.mark.parametrize(
    ("asked", "told"),
    [("", "true false"), ("?spreadsheet=fr", "VRAI FAUX"), ("?spreadsheet=en", "TRUE FALSE")],
)
def test_what_is_true_is_so_in_the_words_of_whoever_opens_the_table(services, asked, told):
    people = [
        PersonRecord(PersonId(f"p-{word}"), ResidentType.STAFF, name="Zoé", suspended=word == "a")
        for word in ("a", "b")
    ]
    services.people.add(people, "test", NOON)
    key = services.keys.create("desk", ("people:read",), "test", NOON)
    client = Client(create_app(services, lambda: NOON), {"Authorization": f"Bearer {key}"})
    text = client.get(f"/v1/people.csv{asked}").content.decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=FORMS[asked][0])
    assert [row["suspended"] for row in rows] == told.split()


@pytest.mark.parametrize("asked", FORMS)
def test_a_table_is_written_as_it_is_asked_for_and_an_import_finds_nothing_changed(services, asked):
    names = ["Élodie; Martin", "=1+1", 'Zo "é", x', "a;=b", "a,-b", "'@x"]
    people = [
        PersonRecord(
            PersonId(f"p-{number}"),
            ResidentType.STUDENT if number else ResidentType.STAFF,
            tiers=(TierId("staff"),) if number == 1 else (),
            valid_until=NOON if number == 2 else None,
            suspended=number == 3,
            host=PersonId("p-0") if number else None,
            name=name,
            external_id=f"+{number}" if number else None,
        )
        for number, name in enumerate(names)
    ]
    services.people.add(people, "test", NOON)
    scopes = ("people:read", "people:write", "people:import")
    key = services.keys.create("desk", scopes, "test", NOON)
    client = Client(create_app(services, lambda: NOON), {"Authorization": f"Bearer {key}"})
    told = client.get(f"/v1/people.csv{asked}").content
    delimiter, mark = FORMS[asked]
    assert told.decode().startswith(f"{mark}id{delimiter}external_id{delimiter}name")
    answer = client.post("/v1/imports", content=told, headers={"Content-Type": "text/csv"})
    found = answer.json()
    assert (found["unchanged"], found["added"], found["faults"]) == (len(names), [], []), answer.text
