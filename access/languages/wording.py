"""What errors say, in French: each message of the server is a pattern of `french.toml`, its values the holes in it.

Errors are raised, logged and told on the command line in English; only an answer to somebody who reads French is worded
anew, so that one place knows of languages and every error keeps its message beside its raise. A message that no pattern
knows stays as it is; a test finds every raise whose message has none.
"""

import re
import tomllib
from functools import cache
from importlib import resources

from access.languages.language import Language

_HOLE = re.compile(r"\{\}")


def worded(message: str, language: Language) -> str:
    """Return what an error says in a language."""
    if language is Language.EN:
        return message
    for pattern, french in _patterns():
        if found := pattern.fullmatch(message):
            return french.format(*(worded(value, language) for value in found.groups()))
    return message


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the patterns, those that say most first: a hole takes anything."""
    told = tomllib.loads(resources.files(__package__).joinpath("french.toml").read_text("utf-8"))
    most_said = sorted(told.items(), key=lambda pair: len(_HOLE.sub("", pair[0])), reverse=True)
    return tuple((_pattern(english), french) for english, french in most_said)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.+?)".join(map(re.escape, _HOLE.split(english))), re.DOTALL)
