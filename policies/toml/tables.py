"""One TOML file as tables that know their lines, each converted on its own, so that every error is found at once.

Nothing is raised for what a file says: a `Finding` goes to the list that all files share, and what could not be
read is None. What the tables mean is in building.py, policy.py and calendar.py beside this.
"""

import codecs
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

import msgspec

from policies.errors import Finding
from policies.ids import ID_PATTERN
from policies.toml.lines import Lines
from policies.toml.words import expected_words, meant, unknown_names

FormT = TypeVar("FormT", bound=msgspec.Struct)

_ELEMENT = re.compile(r" - at `\$\[(\d+)\]")
_DIGITS = re.compile(r"[\d_]+")
_SYNTAX_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


class Table:
    """One table of a file: `[[space]]` number 3, say, with what is written in it."""

    def __init__(self, document: "Document", name: str, number: int, values: dict[str, object]) -> None:
        self.name, self.values = name, values
        self._document, self._number = document, number

    @property
    def id(self) -> str:
        """Return the id as written, to name the table by; empty if there is none."""
        written = self.values.get("id", "")
        return written if isinstance(written, str) else ""

    def line(self, key: str = "", element: int = -1) -> int:
        return self._document.lines.line(self.name, self._number, key, element)

    def fault(self, key: str, message: str, element: int = -1) -> None:
        """Report what is wrong with `key`, or with one element of its array."""
        subject = f"{self.name} {self.id}: " if self.id else ""
        self._document.fault(self.line(key, element), key, subject + message)

    def faults(self, key: str, element: int = -1) -> Callable[[str], None]:
        """Return what reports faults of `key`, or of one element of its array."""
        place = f"{key.removesuffix('s')} {element + 1}: " if element >= 0 else ""
        return lambda message: self.fault(key, place + message, element)

    def convert(self, form: type[FormT]) -> FormT | None:
        """Read the table as `form`, key by key; report every key that is wrong, missing or unknown."""
        fields = {field.encode_name: field for field in msgspec.structs.fields(form)}
        for key in self.values.keys() - fields.keys():
            self.fault(key, f"unknown key; expected one of {', '.join(fields)}{meant(key, fields)}")
        read: dict[str, object] = {}
        complete = True
        for key, field in fields.items():
            if key in self.values:
                complete &= self._convert_key(key, field, read)
            elif field.required:
                self.fault(key, "missing; it is required")
                complete = False
        return form(**read) if complete else None

    def _convert_key(self, key: str, field: msgspec.structs.FieldInfo, read: dict[str, object]) -> bool:
        value, type_ = self.values[key], field.type
        try:
            read[field.name] = msgspec.convert(value, type_)
        except msgspec.ValidationError as error:
            message = str(error)
            element = _ELEMENT.search(message)
            self.fault(key, message + expected_words(message, type_), int(element[1]) if element else -1)
            return False
        unknown = unknown_names(value, type_)
        for part in unknown:
            self.fault(key, f"unknown key {part}")
        return not unknown


class Document:
    """One file: its tables, and where findings about it go. `is_read` is false if it is missing or no TOML."""

    def __init__(self, path: Path, findings: list[Finding]) -> None:
        self.file, self._findings = str(path), findings
        self._seen: set[str] = set()
        self.lines = Lines({})
        self.is_read = False
        self._values: dict[str, object] = {}
        text = self._text(path)
        if text is not None:
            self._parse(text)

    def fault(self, line: int, key: str, message: str) -> None:
        self._findings.append(Finding(self.file, line, _on_one_line(key), _on_one_line(message)))

    def tables(self, name: str) -> list[Table]:
        """Return the `[[name]]` tables in the order of the file."""
        self._seen.add(name)
        written = self._values.get(name, [])
        if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
            self.fault(self.lines.line("", 0, name), name, f"expected [[{name}]] tables")
            return []
        return [Table(self, name, number, values) for number, values in enumerate(written)]

    def table(self, name: str) -> Table | None:
        """Return the one `[name]` table, which the file must have."""
        self._seen.add(name)
        written = self._values.get(name)
        if isinstance(written, dict):
            return Table(self, name, 0, written)
        if self.is_read:
            self.fault(self.lines.line(name), name, f"expected one [{name}] table")
        return None

    def refuse_the_rest(self) -> None:
        """Report every top-level name that was not asked for."""
        for name in self._values.keys() - self._seen:
            line = max(self.lines.line(name), self.lines.line("", 0, name))
            self.fault(line, name, f"unknown table; expected one of {', '.join(sorted(self._seen))}")

    def _text(self, path: Path) -> str | None:
        try:
            if not S_ISREG(path.stat().st_mode):  # such as a pipe, which would be waited for
                self.fault(1, "file", "cannot be read; expected a regular file")
                return None
            content = path.read_bytes()
        except OSError as error:
            self.fault(1, "file", f"cannot be read: {error.strerror}")
            return None
        if content.startswith(codecs.BOM_UTF8):
            self.fault(1, "encoding", "it begins with a byte order mark; expected UTF-8 without one")
            return None
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.fault(line, "encoding", f"byte {error.start} is not UTF-8; expected a UTF-8 text")
            return None

    def _parse(self, text: str) -> None:
        try:
            self._values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = _SYNTAX_LINE.search(str(error))
            line = int(place[1]) if place else text.rstrip("\n").count("\n") + 1
            self.fault(line, "syntax", _SYNTAX_LINE.sub("", str(error)))
            return
        except ValueError:  # an integer with more digits than Python converts
            line, digits = _longest_number(text)
            self.fault(line, "syntax", f"a number of {digits} digits; expected one that fits into 64 bits")
            return
        except RecursionError:
            line, depth = _deepest(text)
            self.fault(
                line, "syntax", f"{depth} brackets open here; expected a table or an array, a few deep"
            )
            return
        self.lines = Lines.of(text)
        self.is_read = True


def _on_one_line(words: str) -> str:
    """Return the words with what would break the line, as a file can have it in any name, spelt out."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in words)


def _longest_number(text: str) -> tuple[int, int]:
    """Return the line with the longest number, and how many digits that has."""
    lengths = [max(map(len, _DIGITS.findall(line)), default=0) for line in text.split("\n")]
    return lengths.index(max(lengths)) + 1, max(lengths)


def _deepest(text: str) -> tuple[int, int]:
    """Return the line with the most opening brackets, and how many."""
    depths = [line.count("[") + line.count("{") for line in text.split("\n")]
    return depths.index(max(depths)) + 1, max(depths)


def refuse_bad_ids(tables: Sequence[Table]) -> None:
    """Report ids of the wrong form, and ids used twice among `tables`."""
    first: dict[str, Table] = {}
    for table in tables:
        check_id(table, "id")
        if table.id and table.id in first:
            table.fault("id", f"the id is used twice, first in line {first[table.id].line('id')}")
        first.setdefault(table.id, table)


def check_id(table: Table, key: str) -> None:
    """Report the text or texts under `key` that do not have the form of an id."""
    written = table.values.get(key)
    for element, name in enumerate(written if isinstance(written, list) else [written]):
        if isinstance(name, str) and not re.fullmatch(ID_PATTERN, name):
            form = "expected lower-case letters and digits in words joined by '-'"
            table.fault(key, f"{name!r} is no id; {form}", element if isinstance(written, list) else -1)


def refuse_unknown(table: Table, key: str, known: set[str] | None, noun: str) -> None:
    """Report every name under `key` that is not among `known`; None means that those could not be read."""
    written = table.values.get(key, [])
    for element, name in enumerate(written if isinstance(written, list) else [written]):
        if isinstance(name, str) and known is not None and name not in known:
            at = element if isinstance(written, list) else -1
            one = f"an {noun}" if noun[0] in "aeio" else f"a {noun}"
            expected = f"expected the id of {one}{meant(name, known)}"
            table.fault(key, f"the {noun} {name} does not exist; {expected}", at)


def refuse_doubles(table: Table, keys: Iterable[str]) -> None:
    """Report what is written twice in the arrays under `keys`: one of the two was meant to be something else."""
    for key in keys:
        written = table.values.get(key)
        names = written if isinstance(written, list) else []
        for element, name in enumerate(names):
            if isinstance(name, str) and name in names[:element]:
                table.fault(key, f"{name} is there twice; expected once", element)
