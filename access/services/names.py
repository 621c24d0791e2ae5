"""Names as somebody types them: words in any order, by their beginnings, without accents or capitals. Pure."""

import re
import unicodedata

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_LEAST_LETTERS = 2


def is_named(name: str, typed: str) -> bool:
    """Return whether every word that is typed begins one of the name's; nobody is named by less than two letters."""
    wanted, words = _words(typed), _words(name)
    if sum(map(len, wanted)) < _LEAST_LETTERS:
        return False
    return all(any(word.startswith(one) for word in words) for one in wanted)


def are_namesakes(one: str, other: str) -> bool:
    """Return whether two names are the same, however each is written."""
    return bool(_words(one)) and sorted(_words(one)) == sorted(_words(other))


def _words(name: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return [word for word in _BETWEEN_WORDS.split(bare) if word]
