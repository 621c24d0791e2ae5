"""Tables as CSV: nothing that somebody wrote runs in a spreadsheet."""

import csv
import io

import pytest

from access.api.sheets import harmless, sheet


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
