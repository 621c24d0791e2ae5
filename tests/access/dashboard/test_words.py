"""The catalogue: complete in both languages, and picked as the visitor asks."""

import re
import string
from datetime import date
from importlib.resources import files

import pytest

from access.dashboard.counted_texts import COUNTED_TEXTS
from access.dashboard.words import TEXTS, Language, Words, preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.FR),
        ("de", Language.FR),
        ("en", Language.EN),
        ("en-GB,en;q=0.9", Language.EN),
        ("fr-CH, fr;q=0.9, en;q=0.8", Language.FR),
        ("fr;q=0.3,en;q=0.7", Language.EN),
        ("de, en;q=0.5", Language.EN),
        ("en;q=0", Language.FR),
        ("en;q=x,fr;q=0.1", Language.FR),
        (";;;,,=", Language.FR),
    ],
)
def test_the_language_is_the_one_the_browser_likes_best(header: str, language: Language):
    assert preferred(header) is language


def test_both_languages_say_everything_with_the_same_fields():
    counted = [(key, label) for key, labels in COUNTED_TEXTS.items() for label in labels]
    for key, label in [*TEXTS.items(), *counted]:
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name}
            for text in (label.fr, label.en)
        ]
        assert label.fr, key
        assert label.en, key
        assert fields[0] == fields[1], key


def test_templates_use_no_word_that_does_not_exist_and_every_word_is_used():
    package = files("access.dashboard")
    sources = [path.read_text() for path in package.joinpath("templates").iterdir()]
    code = [
        path.read_text()
        for path in package.iterdir()
        if path.name.endswith(".py") and not path.name.endswith("texts.py")
    ]
    used = set(re.findall(r't\(["\']([a-z0-9-]+)["\'](?![^)]*~)', "".join(sources)))
    assert {word for word in used if not word.endswith("-")} <= set(TEXTS)
    built = (
        "state-",
        "fill-",
        "door-",
        "refused-",
        "why-",
        "limit-",
        "kind-",
        "nav-",
        "status-",
        "purpose-",
        "only-",
        "q-",
        "way-",
        "astray-",
        "said-",
        "visits-",
        "no-visit-",
        "muster-",
        "mode-",
        "by-",
        "grant",
        "deny",
        "pending",
        "alarm",
    )
    mentioned = "".join(sources + code)
    counted = set(re.findall(r't\.counted\("([a-z-]+)"', "".join(sources)))
    assert counted | {"limit-reached", "limit-cleared"} == set(COUNTED_TEXTS)
    for key in TEXTS:
        assert f'"{key}"' in mentioned or f"'{key}'" in mentioned or key.startswith(built), key


def test_numbers_and_days_are_written_as_each_language_does():
    french, english = Words(Language.FR), Words(Language.EN)
    assert (french.number(1234), english.number(1234)) == ("1\u202f234", "1,234")
    assert (french.percent(0.304), english.percent(0.304)) == ("30\u202f%", "30%")
    assert french.day(date(2026, 2, 1)) == "dimanche 1 février"
    assert english.day(date(2026, 12, 31)) == "Thursday 31 December"


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [
        (0, "0 porte se ferme à l’entrée.", "0 doors shut to whoever enters."),
        (1, "1 porte se ferme à l’entrée.", "1 door shuts to whoever enters."),
        (2, "2 portes se ferment à l’entrée.", "2 doors shut to whoever enters."),
        (1200, "1\u202f200 portes se ferment à l’entrée.", "1,200 doors shut to whoever enters."),
    ],
)
def test_one_thing_is_said_in_the_singular_and_nought_as_each_language_does(
    number: int, french: str, english: str
):
    assert Words(Language.FR).counted("lock-down-shuts", number) == french
    assert Words(Language.EN).counted("lock-down-shuts", number) == english


def test_no_text_leaves_the_reader_to_choose_between_one_and_several():
    texts = [*TEXTS.values(), *(label for labels in COUNTED_TEXTS.values() for label in labels)]
    assert not [
        text for label in texts for text in (label.fr, label.en) if re.search(r"\w\((s|e|es)\)", text)
    ]
