"""What errors say, in French: each message of the server is a pattern of `french.toml`, its values the holes in it.

Errors are raised, logged and told on the command line in English; only an answer to somebody who reads French is worded
anew, so that one place knows of languages and every error keeps its message beside its raise. A message that no pattern
knows stays as it is; a test finds every raise whose message has none. Values are what somebody sent: they are never
worded, and however long they are, finding them is one walk over the message for each pattern. Those of a finite set (a
badge's status, a verb) have their words in `french_words.toml`; where one is none of them it stays as it is.
"""

import tomllib
from functools import cache
from importlib import resources

import msgspec

from access.languages.language import Language

_HOLE = "{}"
_AROUND_A_MESSAGE = frozenset({"Value error, {}", "body: {}"})
"""Whose hole is a message itself, by whoever read what was sent; every other hole is a value."""


class _Pattern(msgspec.Struct, frozen=True):
    """A message: the text around its holes, what it is in French, and whether its hole is a message."""

    parts: tuple[str, ...]
    french: str
    is_around_a_message: bool


class _Value(str):
    """What stands in a hole; `{1:badge}` tells it by its word among those of badges."""

    __slots__ = ()

    def __format__(self, among: str) -> str:
        return _words()[among].get(self, str(self)) if among else str(self)


def worded(message: str, language: Language) -> str:
    """Return what an error says in a language."""
    return message if language is Language.EN else _in_french(message)


def _in_french(message: str, *, is_inside: bool = False) -> str:
    for pattern in _patterns():
        values = _values(message, pattern.parts)
        if values is not None:
            if pattern.is_around_a_message and not is_inside:
                values = [_in_french(value, is_inside=True) for value in values]
            return pattern.french.format(*map(_Value, values))
    return message


def _values(message: str, parts: tuple[str, ...]) -> list[str] | None:
    """Return what stands between the parts, each part taken where it comes first; None for another message.

    No value is empty. Nothing is tried twice: if a part taken first leaves no room for the others, none does.
    """
    first, *between = parts
    if not between:
        return [] if message == first else None
    last = between.pop()
    if not (message.startswith(first) and message.endswith(last)):
        return None
    at, end, values = len(first), len(message) - len(last), []
    for part in between:
        found = message.find(part, at + 1, end)
        if found < 0:
            return None
        values.append(message[at:found])
        at = found + len(part)
    return [*values, message[at:end]] if at < end else None


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(resources.files(__package__).joinpath("french_words.toml").read_text("utf-8"))


@cache
def _patterns() -> tuple[_Pattern, ...]:
    """Return the patterns, those that begin with text first, then those that say most: a hole takes anything."""
    told = tomllib.loads(resources.files(__package__).joinpath("french.toml").read_text("utf-8"))
    in_turn = sorted(told, key=lambda english: (english.startswith(_HOLE), -len(english.replace(_HOLE, ""))))
    return tuple(
        _Pattern(tuple(english.split(_HOLE)), told[english], english in _AROUND_A_MESSAGE)
        for english in in_turn
    )
