"""The files of a site, spoilt: lines, tables, keys, values and names are lost, doubled, swapped and exchanged.

Bytes say what is done, so that Hypothesis and atheris can both lead it. Most results are still TOML, and nearly right:
that is where a loader stumbles.
"""

import re
from collections.abc import Mapping
from pathlib import Path

Texts = dict[str, list[bytes]]
"""By file name, its lines."""

MOST_EDITS = 8

_VALUES = tuple(
    word.encode()
    for word in (
        *("0", "-1", "1", "0.5", "1e400", "nan", "-inf", "0x7f", "9223372036854775808", "1" + "0" * 40),
        *("true", "false", '""', '"x"', '"X y"', '"é"', '"outside"', '"\\u0000"', '"""', "'''a\n\nb'''"),
        *("[]", "[[]]", "{}", "{ x = { y = {} } }", "[1, 2]", '["mon-fri"]', '["fri-mon", "x"]', "[{}]"),
        *("2026-01-01", "2026-02-30", "0001-01-01", "9999-12-31", "[0001-01-01, 9999-12-31]"),
        *("08:00:00", "08:07:00", "23:45:00", '"24:00"', '"24:15"', "25:00:00", "00:00:00.5"),
        *("2026-01-01T00:00:00", "2026-01-01T00:07:00", "2026-01-01T00:00:00+01:00", "9999-12-31T23:45:00"),
        *("0001-01-01T00:00:00", '"America/Havana"', '"FR"', '"Zone B"', '"school"', "1970", "2100"),
        *("{ from = 0001-01-01, until = 9999-12-31 }", "[{ from = 0001-01-01, until = 9999-12-31 }]"),
        *("[{ on = 9999-12-31, windows = [] }]", "[{ from = 08:00:00, until = 12:00:00 }]", "", "# nothing"),
        *("[" * 9, "[" * 4000, "{ a = " * 4000),
    )
)
_PIECES = (
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b'"',
    b"'",
    b"[",
    b"]]",
    b"=",
    b".",
    b"#",
    b"\\",
    "é".encode(),
)
_KEY = re.compile(rb"[\w-]+(?=\s*=)")
_WORD = re.compile(rb'"[^"\n]*"')


def spoil(texts: Mapping[str, bytes], data: bytes) -> Texts:
    """Return the files as `data` has them spoilt."""
    spoiling = _Spoiling({name: text.splitlines(keepends=True) for name, text in texts.items()}, data)
    for _ in range(MOST_EDITS):
        spoiling.edit()
    return spoiling.texts


def write(directory: Path, spoilt: Texts) -> None:
    """Put the files into `directory`; one without a line is not there."""
    for name, lines in spoilt.items():
        if lines:
            (directory / name).write_bytes(b"".join(lines))
        else:
            (directory / name).unlink(missing_ok=True)


class _Spoiling:
    """The files while they are spoilt: what the bytes say is done at line `_at` of `_lines`, one file of them."""

    def __init__(self, texts: Texts, data: bytes) -> None:
        self.texts, self._rest = texts, data
        self._edits = (
            *(self._drop, self._repeat, self._swap, self._carry, self._drop_table, self._repeat_table),
            *(self._end_here, self._piece),
            *(self._other_value, self._other_key, self._other_word) * 4,
        )
        self._lines: list[bytes] = []
        self._at = 0

    def edit(self) -> None:
        """Do the next thing; nothing when there are no bytes left, or in a file without lines."""
        if not self._rest:
            return
        self._lines = self._file()
        edit = self._edits[self._below(len(self._edits))]
        if self._lines:
            self._at = self._below(len(self._lines))
            edit()

    def _below(self, count: int) -> int:
        """Return a number below `count`: of two bytes, so that every line of a file can be meant."""
        said, self._rest = self._rest[:2], self._rest[2:]
        return int.from_bytes(said, "little") % max(count, 1)

    def _file(self) -> list[bytes]:
        return self.texts[sorted(self.texts)[self._below(len(self.texts))]]

    def _drop(self) -> None:
        del self._lines[self._at]

    def _repeat(self) -> None:
        self._lines.insert(self._at, self._lines[self._at])

    def _swap(self) -> None:
        lines, other = self._lines, self._below(len(self._lines))
        lines[self._at], lines[other] = lines[other], lines[self._at]

    def _carry(self) -> None:
        """Put the line into a file as well."""
        other, line = self._file(), self._lines[self._at]
        other.insert(self._below(len(other)), line)

    def _drop_table(self) -> None:
        begin, end = self._table()
        del self._lines[begin:end]

    def _repeat_table(self) -> None:
        begin, end = self._table()
        self._lines[end:end] = self._lines[begin:end]

    def _end_here(self) -> None:
        del self._lines[self._at :]

    def _piece(self) -> None:
        piece, line = _PIECES[self._below(len(_PIECES))], self._lines[self._at]
        column = self._below(len(line) + 1)
        self._lines[self._at] = line[:column] + piece + line[column:]

    def _other_value(self) -> None:
        value, line = _VALUES[self._below(len(_VALUES))], self._lines[self._at]
        if b"=" in line:
            self._lines[self._at] = line.split(b"=", 1)[0] + b"= " + value + b"\n"

    def _other_key(self) -> None:
        self._exchange(_KEY)

    def _other_word(self) -> None:
        self._exchange(_WORD)

    def _exchange(self, what: re.Pattern[bytes]) -> None:
        """Put one of all such words of the files in the place of one in the line."""
        line, file = self._lines[self._at], self._file()
        here = list(what.finditer(line))
        there = what.findall(file[self._below(len(file))]) if file else []
        if here and there:
            found, new = here[self._below(len(here))], there[self._below(len(there))]
            self._lines[self._at] = line[: found.start()] + new + line[found.end() :]

    def _table(self) -> tuple[int, int]:
        """Return where the table around the line begins and ends."""
        heads = [number for number, line in enumerate(self._lines) if line.lstrip().startswith(b"[")]
        begin = max((number for number in heads if number <= self._at), default=0)
        return begin, min((number for number in heads if number > self._at), default=len(self._lines))
