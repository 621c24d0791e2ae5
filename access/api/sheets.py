"""Tables as CSV (RFC 4180, UTF-8), written so that a spreadsheet takes no cell for a formula.

A cell that begins with `=`, `+`, `-`, `@`, also of full width, a tab or an end of line is given an apostrophe (OWASP,
"CSV Injection"): a name that somebody chose must not run on the computer of whoever opens the table. So is what follows
a semicolon within a cell, where French spreadsheets begin another. An import takes it off.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from access.services.imports.rows import BEGINS_A_FORMULA, SEPARATES_A_FORMULA

_ROWS_A_PIECE = 500


def described(what: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route that answers with a table tells of itself."""
    return {200: {"description": what, "content": {"text/csv": {}}}}


def sheet(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """Return a table to download, row by row as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_pieces(heads, rows), media_type="text/csv", headers=headers)


def table(name: str, body: type[BaseModel], rows: Iterable[BaseModel]) -> StreamingResponse:
    """Return bodies as a table to download, each of their fields a column."""
    heads = tuple(body.model_fields)
    return sheet(name, heads, (cells(row, heads) for row in rows))


def cells(row: BaseModel, heads: Sequence[str]) -> list[object]:
    """Return a row's cells: times as RFC 3339, lists with spaces between."""
    told = row.model_dump(mode="json", include=set(heads))
    return [" ".join(map(str, cell)) if isinstance(cell := told[head], list) else cell for head in heads]


def _pieces(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(heads)
    for number, row in enumerate(rows, start=1):
        writer.writerow(map(harmless, row))
        if number % _ROWS_A_PIECE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def harmless(cell: object) -> object:
    """Return a cell that no spreadsheet runs."""
    if not isinstance(cell, str):
        return cell
    told = SEPARATES_A_FORMULA.sub(";'", cell)
    return f"'{told}" if told.startswith(BEGINS_A_FORMULA) else told
