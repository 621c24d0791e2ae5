"""Whatever an error says to somebody over HTTP, it says in French too: every raise is found in the source and tried."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import access
from access.languages import Language, worded
from access.services.badges import BadgeVerb
from access.services.visits import VisitState, VisitVerb
from policies.roster import BadgeStatus

ERRORS = {
    "NotFound", "Conflict", "Refused", "DoorSilent", "StandingBy", "Outdated", "Over", "Invalid", "NotSignedIn",
    "NotAllowed", "PreconditionMissing", "ValueError", "WaitedTooLong",
}  # fmt: skip  # a table
TOLD_BY = {"Fault": 2, "problem": 2, "_problem": 2, "HTTPException": 1}
"""Which argument of these is a message."""

ROOT = Path(access.__file__).parent
FILES = [
    *ROOT.glob("api/*.py"),
    *ROOT.glob("services/**/*.py"),
    *ROOT.glob("store/*.py"),
    *ROOT.glob("authorize/*.py"),
]
ELSEWHERE = {
    "backup.py",  # `totem db`
    "past_taps.py",  # `totem policy replay`
    "site.py",  # the start of a program
    "columns.py",  # the programmer's own mistakes
    "description.py",  # of the interface, in English
}
VALUE = "a-1"
WITHOUT_THEIR_VALUE = ("after: expected the cursor of a page of ",)


def said(node):
    """Return a message with `VALUE` in its holes; None for one that is made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else VALUE for part in node.values)
    return None


def messages():
    for file in [file for file in FILES if file.name not in ELSEWHERE]:
        tree = ast.parse(file.read_text())
        called: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                called.setdefault(node.targets[0].id, []).append(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = 0 if node.func.id in ERRORS else TOLD_BY.get(node.func.id, 99)
                for told in node.args[place : place + 1]:
                    for each in called.get(told.id, []) if isinstance(told, ast.Name) else [told]:
                        message = said(each)
                        if message is not None and message.replace(VALUE, "").strip():
                            yield f"{file.name}:{node.lineno}", message


def test_every_message_of_an_error_is_told_in_french_with_its_values():
    found = list(messages())
    assert len(found) > 200
    for place, message in found:
        french = worded(message, Language.FR)
        assert french != message, f"{place}: say it in access/languages/french.toml too: {message}"
        assert VALUE in french or VALUE not in message or message.startswith(WITHOUT_THEIR_VALUE), place
        assert worded(message, Language.EN) == message


def test_values_stand_where_french_wants_them_and_are_not_worded_themselves():
    told = worded("person not-found: grant g {0}: there is no door x: y", Language.FR)
    assert told == "personne not-found : droit g {0} : la porte x: y n’existe pas"
    told = worded("organisation the key is not valid: there is none with this id", Language.FR)
    assert told == "organisation the key is not valid : elle n’existe pas"
    assert worded("of a kind that nobody raises", Language.FR) == "of a kind that nobody raises"


@pytest.mark.parametrize(
    ("english", "values"),
    [
        ("badge x: it is {}, so it cannot be replaced", BadgeStatus),
        ("badge x: it is lost, so it cannot {}", BadgeVerb),
        ("visit x: it is {}, so the visitor cannot arrive", VisitState),
        ("visit x: it is left, so the visitor cannot {}", VisitVerb),
    ],
)
def test_a_value_of_a_finite_set_has_its_french_word(english, values):
    for value in values:
        assert value.value not in worded(english.format(value.value), Language.FR).split()


def test_what_only_the_building_does_is_told_in_french():
    told = re.findall(r'expect_the_building\(\s*"(.+?)"', "".join(file.read_text() for file in FILES))
    assert len(told) == 5
    for act in told:
        french = worded(f"only the building {act}", Language.FR)
        assert french.startswith("seul le bâtiment ")
        assert act not in french


def test_only_what_is_a_message_itself_is_worded_within_another():
    assert (
        worded("Value error, a: expected text without U+0000", Language.FR)
        == "a : un texte sans U+0000 est attendu"
    )
    assert worded("body: Field required", Language.FR) == "contenu : champ requis"
    assert worded("Input should be Field required", Language.FR) == "valeurs admises : Field required"
    assert worded("Value error, body: body: Field required", Language.FR) == "contenu : body: Field required"


LONG = 100_000


@pytest.mark.parametrize(
    ("repeated", "end"),
    [
        ("Value error, ", "Field required"),
        ("body: ", "x"),
        (": expected  to ", ""),
        (": expected  to ", " hours"),
        (" has it: a key for ", ""),
        ("from a to : ", ": expected at most  days"),
    ],
)
def test_a_message_that_somebody_made_long_is_worded_without_trying_again_and_again(repeated, end):
    """Where each part could stand in thousands of places, trying all of them would never end."""
    message = repeated * (LONG // len(repeated)) + end
    assert len(worded(message, Language.FR)) > LONG // 2


def test_a_part_that_could_stand_in_many_places_is_taken_where_it_comes_first():
    told = worded("spring: expected 1 to 2 to 3 hours", Language.FR)
    assert told == "spring : 1 à 2 to 3 heures sont attendues"
    assert worded("spring: expected 1 to  hours", Language.FR) == "spring : 1 to  hours attendu"


def test_french_is_told_with_its_own_quotation_and_spacing():
    told = (ROOT / "languages" / "french.toml").read_text()
    for french in tomllib.loads(told).values():
        assert "'" not in french
        assert not re.search(
            r"\w[:;!?](?!\S*:\d|PORTE)(\s|$)", french.replace("Authorization: Bearer", "")
        ), french
