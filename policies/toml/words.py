"""The words that a value could have been: msgspec says that one is wrong, people need to know which are right."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from enum import Enum
from typing import Literal, get_args, get_origin

import msgspec

_WRITTEN = re.compile(r"Invalid enum value '(.*?)'")
_NAME = re.compile(r"\.([^.\[`]+)(?:\[[^\]]*\])*`")


_NONE_AT_ALL = "Expected `array` of length >= 1"

_ALIKE = 0.7
"""How much of two names must be the same, from 0 to 1, for one to be a slip of the other."""


def expected_words(message: str, type_: object) -> str:
    """Return `; expected one of …`, and the likely one, for msgspec's message about a value of `type_` that is none."""
    if message.startswith(_NONE_AT_ALL):
        return "; an empty list would be no condition: leave the key out for everybody, or name who or what"
    if not message.startswith("Invalid enum value"):
        return ""
    name = _NAME.search(message)
    types = list(_fields(type_, name[1])) if name else [type_]
    words = [word for part in types for word in _words(part)]
    written = _WRITTEN.match(message)
    return f"; expected one of {', '.join(words)}{meant(written[1], words) if written else ''}"


def meant(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` with the one of `known` that looks like `name`; nothing if none does."""
    near = get_close_matches(name, sorted(known), 1, _ALIKE)
    return f"; did you mean {near[0]}?" if near else ""


def unknown_names(value: object, type_: object) -> list[str]:
    """Return the names in the table `value` that the struct in `type_`, if there is one, does not have."""
    structs = list(_structs(type_))
    if not isinstance(value, dict) or not structs:
        return []
    known = {name for part in structs for name in part.__struct_encode_fields__}
    return sorted(value.keys() - known)


def _words(type_: object) -> Iterator[str]:
    if get_origin(type_) is Literal:
        yield from map(str, get_args(type_))
    elif isinstance(type_, type) and issubclass(type_, Enum):
        yield from (str(member.value) for member in type_)
    else:
        for part in get_args(type_):
            yield from _words(part)


def _fields(type_: object, name: str) -> Iterator[object]:
    """Yield the types of the fields called `name` in the structs inside `type_`, however deep."""
    for struct in _structs(type_):
        for field in msgspec.structs.fields(struct):
            if field.encode_name == name:
                yield field.type
            yield from _fields(field.type, name)


def _structs(type_: object) -> Iterator[type[msgspec.Struct]]:
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        yield type_
    for part in get_args(type_):
        yield from _structs(part)
