"""Names as somebody types them: words in any order, by their beginnings, without accents or capitals. Pure."""

import re
import unicodedata

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
"""Combining diacritical marks (Unicode): what NFKD parts from a letter of Latin, Greek or Cyrillic script."""
_LEAST_LETTERS = 2


class Typed:
    """What is typed of a name so far; less than two letters name nobody."""

    def __init__(self, text: str) -> None:
        self._words = _words(_bare(text))
        self._is_enough = sum(map(len, self._words)) >= _LEAST_LETTERS

    def names(self, name: str) -> bool:
        """Return whether every word that is typed begins one of the name's."""
        bare = _bare(name)
        if not self._is_enough or not all(one in bare for one in self._words):
            return False  # told without taking the name apart: a desk seeks among thousands
        words = _words(bare)
        return all(any(word.startswith(one) for word in words) for one in self._words)


def are_namesakes(one: str, other: str) -> bool:
    """Return whether two names are the same, however each is written."""
    words = sorted(_words(_bare(one)))
    return bool(words) and words == sorted(_words(_bare(other)))


def _bare(name: str) -> str:
    lower = name.casefold()
    return lower if lower.isascii() else _MARKS.sub("", unicodedata.normalize("NFKD", lower))


def _words(bare: str) -> list[str]:
    return [word for word in _BETWEEN_WORDS.split(bare) if word]
