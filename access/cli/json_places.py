"""Where a value stands in a JSON text: msgspec names a path, people need the line."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from policies.toml.words import expected_words

_SPACE = re.compile(r"[ \t\r\n]*")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_PATH = re.compile(r" - at `(?:key in )?\$([^`]*)`")
_FIELD = re.compile(r"field `([^`]+)`")
_DECODER = json.JSONDecoder(strict=False)


class _Object(list[tuple[str, object]]):
    """A JSON object with every key as it is written, so that one that is there twice shows."""


_WRITTEN = json.JSONDecoder(object_pairs_hook=_Object, strict=False)


class Fault(NamedTuple):
    """What msgspec found wrong, with the place: `path` as in `[3].badges[0].kind`, `key` its last name."""

    path: str
    key: str
    message: str


def fault(error: msgspec.ValidationError, form: object) -> Fault:
    """Take msgspec's error about a value of the type `form` apart."""
    text = str(error)
    place, field = _PATH.search(text), _FIELD.search(text)
    path = place[1].replace("[...]", "") if place else ""
    if field:
        path += f".{field[1]}"
    names = [step[1] for step in _STEP.finditer(path) if step[1]]
    return Fault(path, names[-1] if names else "json", _PATH.sub("", text) + expected_words(text, form))


def doubled(text: str) -> Fault | None:
    """Return the first key that an object of the valid JSON `text` has twice: of its two values one would be lost."""
    path = _doubled(_WRITTEN.decode(text.strip()), "")
    if path is None:
        return None
    key = path.rpartition(".")[2]
    return Fault(path, key, "the key is there twice; expected once")


def _doubled(value: object, path: str) -> str | None:
    seen: set[str] = set()
    parts: Iterator[tuple[str, object]] = iter(())
    if isinstance(value, _Object):
        for name, _ in value:
            if name in seen:
                return f"{path}.{name}"
            seen.add(name)
        parts = ((f"{path}.{name}", part) for name, part in value)
    elif isinstance(value, list):
        parts = ((f"{path}[{number}]", part) for number, part in enumerate(value))
    return next(filter(None, (_doubled(part, place) for place, part in parts)), None)


def line_of(text: str, path: str) -> int:
    """Return the line, from 1, of the value at `path` of the valid JSON `text`, or of the last step that exists."""
    position = _skip(text, 0)
    line = _line(text, position)
    for step in _STEP.finditer(path):
        found = _member(text, position, step[1]) if step[1] else _element(text, position, int(step[2]))
        if found is None:
            break
        position = found
        line = _line(text, position)
    return line


def syntax_line(text: str) -> int:
    """Return the line at which `text` stops being JSON; its last if it does not."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno
    return _line(text, len(text))


def _member(text: str, position: int, name: str) -> int | None:
    if text[position] != "{":
        return None
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, position = _DECODER.raw_decode(text, position)
        position = _skip(text, _skip(text, position) + 1)
        if key == name:
            return position
        position = _next(text, position)
    return None


def _element(text: str, position: int, number: int) -> int | None:
    if text[position] != "[":
        return None
    position = _skip(text, position + 1)
    for _ in range(number):
        position = _next(text, position)
    return position


def _next(text: str, position: int) -> int:
    """Return where the item after the one at `position` begins, or where the closing bracket stands."""
    end = _skip(text, _DECODER.raw_decode(text, position)[1])
    return _skip(text, end + 1) if text[end] == "," else end


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
