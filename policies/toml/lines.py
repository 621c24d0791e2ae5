"""Where the keys of a TOML text stand: tomllib gives values without lines, and an error needs its line.

`Lines.of` reads a text that tomllib has accepted, so it checks nothing. It knows tables, arrays of tables, keys
and the elements of an array, at the depth that building and policy files use.
"""

import re

Place = tuple[str, int, str, int]
"""Table, its number among those of that name, key, number of the element in the key's array (-1 for the key)."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|\n|[\[\]{},]|[^\s\[\]{},#\"']+",
    re.DOTALL,
)
_HEADER = re.compile(r"[ \t]*(\[\[?)([^\]\n]+)\]\]?[^\n]*")
_KEY = re.compile(r"[ \t]*([^\s=#][^=\n]*?)[ \t]*=")


class Lines:
    """The line, counted from 1, of each table, key and array element of one text."""

    def __init__(self, places: dict[Place, int]) -> None:
        self._places = places

    @classmethod
    def of(cls, text: str) -> "Lines":
        """Read `text`, which is valid TOML."""
        scan = _Scan(text.replace("\r\n", "\n"))
        while scan.position < len(scan.text):
            scan.statement()
        return cls(scan.places)

    def line(self, table: str, number: int = 0, key: str = "", element: int = -1) -> int:
        """Return the line of the place, or of the nearest thing around it that is written down."""
        for place in ((table, number, key, element), (table, number, key, -1), (table, number, "", -1)):
            if place in self._places:
                return self._places[place]
        return 1


class _Scan:
    def __init__(self, text: str) -> None:
        self.text, self.position, self.line = text, 0, 1
        self.places: dict[Place, int] = {}
        self._table, self._number = "", 0
        self._counts: dict[str, int] = {}

    def statement(self) -> None:
        if header := _HEADER.match(self.text, self.position):
            self._open_table(header[2].strip().strip("[]"), is_array=header[1] == "[[")
            self.position = header.end()
        elif key := _KEY.match(self.text, self.position):
            name = key[1].split(".")[0].strip("\"' ")
            self.places.setdefault((self._table, self._number, name, -1), self.line)
            self.position = key.end()
            self._value(name)
        else:
            self._skip_line()

    def _open_table(self, name: str, *, is_array: bool) -> None:
        parent, _, child = name.partition(".")
        if child and parent in self._counts:
            self.places.setdefault((parent, self._counts[parent] - 1, child, -1), self.line)
            self._table, self._number = name, self._counts[parent] - 1
            return
        self._table, self._number = name, self._counts.get(name, 0) if is_array else 0
        self._counts[name] = self._number + 1
        self.places.setdefault((name, self._number, "", -1), self.line)

    def _value(self, key: str) -> None:
        """Pass over the value of `key`, noting where the elements of an array begin."""
        depth, element, expects = 0, -1, False
        for token in _TOKEN.finditer(self.text, self.position):
            word = token[0]
            if word == "\n" and depth == 0:
                return
            self.position = token.end()
            if depth == 1 and expects and word not in {"\n", ",", "]"} and not word.startswith("#"):
                element += 1
                self.places[self._table, self._number, key, element] = self.line
                expects = False
            self.line += word.count("\n")
            depth += (word in "[{") - (word in "]}")
            expects = expects or (word == "[" and depth == 1) or (word == "," and depth == 1)

    def _skip_line(self) -> None:
        end = self.text.find("\n", self.position)
        self.position = len(self.text) if end < 0 else end + 1
        self.line += 1
