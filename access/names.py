"""Names as they are sought and sorted: bare words, without accents, capitals or signs. Pure.

The store keeps a name's words beside it: whoever changes what `bare` returns writes them anew, by a migration.
"""

import re
import unicodedata

_BETWEEN_WORDS = re.compile(r"[\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
"""Combining diacritical marks (Unicode): what NFKD parts from a letter of Latin, Greek or Cyrillic script."""

_LETTERS = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŧ": "t",
        "\u0131": "i",
    }
)
"""Letters that Unicode takes for whole ones, as who has no such key writes them; the last is an i without its dot."""

_LEAST_LETTERS = 2
_LONGEST = 200
"""As a name may be: some letters stand for words, and neither an index nor a cursor takes a text of any length."""


def words(text: str) -> list[str]:
    """Return the bare words of a text: "D’Œuf, Élodie" has "d", "oeuf" and "elodie"."""
    if text.isascii():
        bare = text.lower()
    else:
        plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold().translate(_LETTERS)
        bare = _MARKS.sub(
            "", unicodedata.normalize("NFKD", plain)
        )  # a small letter may have marks of its own
    return [word for word in _BETWEEN_WORDS.split(bare) if word]


def bare(name: str) -> str:
    """Return what a name is sought and sorted by: its bare words, a space between; the same of what it returned."""
    return " ".join(words(name))[:_LONGEST].rstrip()


class Typed:
    """What is typed of a name so far, words in any order; less than two letters name nobody."""

    def __init__(self, text: str) -> None:
        self._words = words(text)
        self._is_enough = sum(map(len, self._words)) >= _LEAST_LETTERS

    def names(self, sought: str) -> bool:
        """Return whether every word that is typed begins one of a name's, which is given by its bare words."""
        if not self._is_enough or not all(one in sought for one in self._words):
            return False  # told without taking the name apart: a desk seeks among thousands
        among = sought.split()
        return all(any(word.startswith(one) for word in among) for one in self._words)


def are_namesakes(one: str, other: str) -> bool:
    """Return whether two names are the same, however each is written."""
    these = sorted(words(one))
    return bool(these) and these == sorted(words(other))
