"""Names as they are sought and sorted: no accent, capital or sign keeps anybody from being found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.names import Typed, are_namesakes, bare

KEPT = {
    "Élodie Martin": "elodie martin",
    "  ÉLODIE-martin ": "elodie martin",
    "D’Œuf, Jean": "d oeuf jean",
    "Łukasz Þórsson": "lukasz thorsson",
    "Søren Straße": "soren strasse",
    "İnan K\u0131l\u0131ç": "inan kilic",
    "Нина Ёлкина": "нина елкина",
    "under_score": "under score",
    "☕": "",
}
"""What stands in databases beside names: another result needs a migration that writes all of it anew."""


@pytest.mark.parametrize(("name", "kept"), KEPT.items())
def test_a_name_is_kept_as_its_bare_words(name, kept):
    assert bare(name) == kept


@given(st.text(max_size=200))
def test_bare_words_are_their_own_and_those_of_the_name_in_capitals(name):
    assert bare(bare(name)) == bare(name)
    assert bare(name.upper().lower()) == bare(name.upper())
    assert len(bare(name)) <= 200


@pytest.mark.parametrize(
    "typed", ["hélène weber", "HELENE", "web", "Weber  Hélène", "hel web", "He\u0301le\u0300ne", "weber-he"]
)
def test_a_name_is_found_by_the_beginnings_of_its_words_however_it_is_written(typed):
    assert Typed(typed).names(bare("Hélène Weber"))


@pytest.mark.parametrize("typed", ["", "h", " - ", "eber", "Hélène Webers", "hel web x"])
def test_less_than_two_letters_and_other_words_name_nobody(typed):
    assert not Typed(typed).names(bare("Hélène Weber"))


def test_two_names_are_the_same_only_with_all_their_words():
    assert are_namesakes("Jean-Paul D’Arc", "d'arc jean paul")
    assert not are_namesakes("Jean Weber", "Jean")
    assert not are_namesakes("", " ")
