"""Tables as CSV: RFC 4180 in UTF-8, or as a spreadsheet of a language opens them by a double click.

A spreadsheet takes UTF-8 for it only behind a byte-order mark, and parts cells by what stands in lists of its language:
a French one by semicolons, since its decimals have commas; it has its own words for true and false too. Whoever opens
one reads times by the building's wall; their offset stands with them, so that an import reads each form. No cell is
taken for a formula (`access/services/imports/cells.py`).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from access.api.desk import AtDesk
from access.languages import Language
from access.services.imports.cells import COMMA, SEMICOLON, harmless

_ROWS_A_PIECE = 500
_MARK = "\ufeff"


class Form(msgspec.Struct, frozen=True):
    """How a table is written."""

    delimiter: str = COMMA
    decimal: str = "."
    has_mark: bool = False
    yes: str = "true"
    no: str = "false"
    zone: ZoneInfo | None = None


_BARE = Form()
_FORMS = {
    Language.FR: Form(SEMICOLON, ",", has_mark=True, yes="VRAI", no="FAUX"),
    Language.EN: Form(has_mark=True, yes="TRUE", no="FALSE"),
}


def _form(
    desk: AtDesk,
    spreadsheet: Annotated[
        Language | None,
        Query(description="as a spreadsheet of this language opens it, instead of as RFC 4180 has it"),
    ] = None,
) -> Form:
    if spreadsheet is None:
        return _BARE
    zone = ZoneInfo(desk.services.policy.calendar.timezone)
    return msgspec.structs.replace(_FORMS[spreadsheet], zone=zone)


AsForm = Annotated[Form, Depends(_form)]


def described(what: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route that answers with a table tells of itself."""
    return {200: {"description": what, "content": {"text/csv": {}}}}


def sheet(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[object]], form: Form = _BARE
) -> StreamingResponse:
    """Return a table to download, row by row as it is read."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(_pieces(heads, rows, form), media_type="text/csv", headers=headers)


def table(name: str, body: type[BaseModel], rows: Iterable[BaseModel], form: Form) -> StreamingResponse:
    """Return bodies as a table to download, each of their fields a column."""
    heads = tuple(body.model_fields)
    return sheet(name, heads, (cells(row, heads) for row in rows), form)


def cells(row: BaseModel, heads: Sequence[str]) -> list[object]:
    """Return a row's cells: moments as they are, lists with spaces between."""
    told = row.model_dump(mode="json", include=set(heads))
    moments = {head: each for head in heads if isinstance(each := getattr(row, head), datetime)}
    return [
        " ".join(map(str, cell)) if isinstance(cell := told[head], list) else moments.get(head, cell)
        for head in heads
    ]


def _pieces(heads: Sequence[str], rows: Iterable[Sequence[object]], form: Form) -> Iterator[str]:
    text = io.StringIO(_MARK if form.has_mark else "")
    text.seek(0, io.SEEK_END)
    writer = csv.writer(text, delimiter=form.delimiter)
    writer.writerow(heads)
    for number, row in enumerate(rows, start=1):
        writer.writerow(_written(cell, form) for cell in row)
        if number % _ROWS_A_PIECE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _rfc3339(moment: datetime) -> str:
    """Return a moment in the words of JSON."""
    return moment.isoformat().replace("+00:00", "Z")


def _written(cell: object, form: Form) -> object:
    if isinstance(cell, datetime):
        return _rfc3339(cell) if form.zone is None else cell.astimezone(form.zone).isoformat(" ")
    if isinstance(cell, bool):
        return form.yes if cell else form.no
    if isinstance(cell, float):
        return str(cell).replace(".", form.decimal)
    return harmless(cell, form.delimiter)
