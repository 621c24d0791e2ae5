"""A file of people as rows: CSV as spreadsheets write it (comma or semicolon, with or without a mark), or JSON.

Every fault names its line and column, and all of them are told at once. A column that the file does not have changes
nothing; an empty cell empties. A plain date in `valid_until` is the last day, whole. Our own table of people is read
back too: its `id` says whom a row is about, and what else it has is no file's to change.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from access.services.imports.cells import COMMA, SEMICOLON, as_it_was
from policies.ids import OrganisationId, PersonId, TierId
from policies.roster import ResidentType

if TYPE_CHECKING:
    import _csv

COLUMNS = ("external_id", "name", "type", "organisation", "tiers", "valid_from", "valid_until")
KEPT = ("suspended", "host")
"""Columns of our own table that a file does not change."""

_OF_OURS = ("id", *KEPT)
_NEEDED = ("external_id",)
_TYPES = {kind.value: kind for kind in ResidentType}
_YES_OR_NO = {"true": True, "false": False, "vrai": True, "faux": False, "": None}
"""As tables of ours have it, and spreadsheets in two languages."""

_LONGEST = {"external_id": 64, "name": 200, "organisation": 64, "id": 64, "host": 64}
_MOST_OF_A_CELL = 10_000
"""Anything longer is no name, and is not looked at letter by letter."""

_UNCLOSED = "unexpected end of data"
"""What the parser says where a text in quotation marks goes to the end of the file."""

_SEPARATORS = re.compile(r"[;,|\s]+")
_DAYS = ("valid_from", "valid_until")
_DAY_FIRST = re.compile(r"\s*(\d{1,2})[./](\d{1,2})[./](\d{4})\s*", re.ASCII)
"""What spreadsheets that part by semicolons make of a day; those that part by commas may begin with the month."""

_EXPECTED_MOMENT = (
    "expected a day as 2026-09-01 (between semicolons also 01/09/2026), "
    "or a time with its offset as 2026-09-01T08:00:00+02:00"
)
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
MOST_ROWS = 100_000
_MOST_COLUMNS = 100
"""A table has a few columns that nobody knows; one that has more is another file, and no row of it is looked at."""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a file at one place. Line 1 is the heading; of a JSON array, the first element is 1."""

    line: int
    column: str | None
    message: str


class Wanted(msgspec.Struct, frozen=True):
    """One person as the file wants them; `given` names the columns that it has.

    One with an `id` is about that person. `suspended` and `host` are as the file has them, which changes nothing.
    """

    line: int
    external_id: str
    given: frozenset[str]
    id: PersonId | None = None
    suspended: bool | None = None
    host: PersonId | None = None
    name: str = ""
    type: ResidentType = ResidentType.VISITOR
    organisation: OrganisationId | None = None
    tiers: tuple[TierId, ...] = ()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def from_csv(content: bytes, timezone: str) -> tuple[list[Wanted], list[Fault]]:
    """Read a CSV file; return its people, and everything that is wrong with it."""
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return [], [Fault(line, None, "not UTF-8: save the table as CSV in UTF-8")]
    if "\0" in text:
        return [], [Fault(text.count("\n", 0, text.index("\0")) + 1, None, "a zero byte: not a text file")]
    heading = text.partition("\n")[0]
    delimiter = SEMICOLON if heading.count(SEMICOLON) > heading.count(COMMA) else COMMA
    return _read(
        _lines(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), delimiter),
        timezone,
    )


def from_json(content: bytes, timezone: str) -> tuple[list[Wanted], list[Fault]]:
    """Read a JSON array of objects; return its people, and everything that is wrong with it."""
    try:
        elements = msgspec.json.decode(content, type=list[dict[str, str | list[str] | None]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [], [Fault(1, None, f"expected a JSON array of objects with texts: {error}")]
    return _read(enumerate(elements, 1), timezone)


_Row = dict[str, str | list[str] | None] | Fault


def _lines(reader: "_csv.Reader", delimiter: str) -> Iterator[tuple[int, _Row]]:
    begun = 1  # where the row began: a cell may go over lines
    try:
        heads = [head.strip().lower() for head in next(reader, [])]
        if len(heads) > _MOST_COLUMNS:
            yield 1, Fault(1, None, f"{len(heads)} columns, expected at most {_MOST_COLUMNS}")
            return
        yield from (
            (1, Fault(1, head, "a column twice")) for head, number in Counter(heads).items() if number > 1
        )
        begun = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _row(reader.line_num, heads, cells, delimiter)
            begun = reader.line_num + 1
    except csv.Error as error:  # a cell of more than 131,072 characters too
        if str(error) == _UNCLOSED:
            yield begun, Fault(begun, None, "a quotation mark that is not closed")
        else:
            yield reader.line_num, Fault(reader.line_num, None, f"not CSV: {error}")


def _row(line: int, heads: list[str], cells: list[str], delimiter: str) -> _Row:
    if len(cells) != len(heads):
        return Fault(line, None, f"{len(cells)} cells, expected {len(heads)}")
    row = dict(zip(heads, (as_it_was(cell, delimiter) for cell in cells), strict=True))
    if delimiter == SEMICOLON:
        row |= {name: _DAY_FIRST.sub(_year_first, row[name]) for name in _DAYS if name in row}
    return dict(row)


def _year_first(day: re.Match[str]) -> str:
    return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}"


def _read(rows: Iterable[tuple[int, _Row]], timezone: str) -> tuple[list[Wanted], list[Fault]]:
    wanted, faults, zone = list[Wanted](), list[Fault](), ZoneInfo(timezone)
    lines: dict[str, int] = {}
    for number, (line, row) in enumerate(rows):
        if number >= MOST_ROWS:  # those with a fault count: telling of millions would fill the memory
            faults.append(Fault(line, None, f"more than {MOST_ROWS} people in one file"))
            break
        if isinstance(row, Fault):
            faults.append(row)
            continue
        found, wrong = _person(line, row, zone)
        if found.external_id in lines:
            wrong = [*wrong, Fault(line, "external_id", f"the same as in line {lines[found.external_id]}")]
        elif found.external_id:
            lines[found.external_id] = line
        faults += wrong
        wanted.append(found)
        if any(fault.column not in (*COLUMNS, *_OF_OURS) for fault in wrong):
            break  # a heading is wrong: every line would say so again
    if not wanted and not faults:
        faults.append(Fault(1, None, "nobody in the file"))
    return wanted, faults


def _person(line: int, row: dict[str, str | list[str] | None], zone: ZoneInfo) -> tuple[Wanted, list[Fault]]:
    values: dict[str, object] = {}
    unknown = (name for name in row if name not in COLUMNS and name not in _OF_OURS)
    faults = [
        Fault(line, name, f"expected a column {', '.join(COLUMNS)}")
        for name in islice(unknown, _MOST_COLUMNS)
    ]
    faults += [Fault(line, name, "expected this column") for name in _NEEDED if name not in row]
    given = [name for name in (*COLUMNS, *_OF_OURS) if name in row]
    if row.get("id") and not row.get("external_id") and "external_id" in given:
        given.remove("external_id")  # whose it is, is said already
    for name in given:
        try:
            values[name] = _value(name, row[name], zone)
        except ValueError as error:
            faults.append(Fault(line, name, str(error)))
    values.setdefault("external_id", "")
    return msgspec.convert({"line": line, "given": frozenset(given), **values}, Wanted, strict=False), faults


def _value(name: str, cell: str | list[str] | None, zone: ZoneInfo) -> object:
    """Return what a cell says; raise ValueError with what was expected."""
    if name == "tiers" and len(cell or "") <= _MOST_OF_A_CELL:
        words = cell if isinstance(cell, list) else _SEPARATORS.split(cell or "")
        return tuple(dict.fromkeys(word for word in words if word))
    if isinstance(cell, list):
        raise ValueError("expected one text")  # noqa: TRY004  (a fault of the file, told with its line)
    if len(cell or "") > _MOST_OF_A_CELL:
        raise ValueError(f"expected at most {_MOST_OF_A_CELL} characters")
    text = " ".join((cell or "").split())
    if name == "type":
        return _among(text, _TYPES, f"expected one of {', '.join(_TYPES)}")
    if name in _DAYS:
        return _moment(text, zone, is_end=name == "valid_until") if text else None
    if name == "suspended":
        return _among(text.lower(), _YES_OR_NO, "expected true or false")
    if name in {"organisation", "id", "host"} and not text:
        return None
    if not text or len(text) > _LONGEST[name] or not text.isprintable():
        raise ValueError(f"expected 1 to {_LONGEST[name]} printable characters")
    return text


def _among(text: str, values: Mapping[str, object], expected: str) -> object:
    if text not in values:
        raise ValueError(expected)
    return values[text]


def _moment(text: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    expected = _EXPECTED_MOMENT
    try:
        if "T" in text or " " in text:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError(expected)
        else:
            day = date.fromisoformat(text)
            if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
                raise ValueError(expected)
            moment = datetime.combine(day + timedelta(days=1 if is_end else 0), time(), zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(expected) from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR + 1:
        raise ValueError(expected)
    return moment
