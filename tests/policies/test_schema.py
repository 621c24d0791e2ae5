"""The JSON Schemas: published as the forms are now, right for the shipped files, and closed to what is wrong."""

import json
import tomllib
from datetime import date, time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import policies
from policies.toml.schema import FILES, schema_of

PACKAGE = Path(policies.__file__).parent
PUBLISHED = PACKAGE / "schema"


def as_an_editor_sees(value: object) -> object:
    """Return TOML's dates and times as the texts that schemas speak of."""
    if isinstance(value, dict):
        return {key: as_an_editor_sees(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_an_editor_sees(each) for each in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def errors(file: str, text: str) -> list[str]:
    validator = Draft202012Validator(schema_of(file))
    return [error.message for error in validator.iter_errors(as_an_editor_sees(tomllib.loads(text)))]


def shipped(file: str) -> str:
    return (PACKAGE / "km0" / f"{file}.toml").read_text()


@pytest.mark.parametrize("file", FILES)
def test_what_is_published_is_what_the_loader_reads_now(file):
    assert json.loads((PUBLISHED / f"{file}.schema.json").read_text()) == json.loads(
        json.dumps(schema_of(file))
    )


@pytest.mark.parametrize("file", FILES)
def test_a_schema_is_one_and_the_shipped_file_fits_it_and_names_it(file):
    Draft202012Validator.check_schema(schema_of(file))
    assert errors(file, shipped(file)) == []
    assert shipped(file).startswith(f"#:schema ../schema/{file}.schema.json\n")


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("building", 'passback = "off"', 'passback = "of"'),
        ("building", 'kind = "level"', 'kind = "floor"'),
        ("building", "capacity = 950", "capasity = 950"),
        ("policy", 'types = ["visitor"]', 'types = ["visiteur"]'),
        ("policy", 'types = ["visitor"]', "types = []"),
        ("policy", 'assurance = "sun"', 'assurance = "moon"'),
        ("policy", "[[forbid]]", "[[forbids]]"),
        ("calendar", "from = 07:30:00", "from = 07:31:00"),
        ("calendar", 'until = "24:00"', 'until = "24h"'),
        ("calendar", "on_holidays = true", "on_holiday = true"),
        ("calendar", 'timezone = "Europe/Paris"', ""),
    ],
)
def test_an_editor_shows_what_is_wrong(file, right, wrong):
    assert right in shipped(file)
    assert errors(file, shipped(file).replace(right, wrong, 1))
