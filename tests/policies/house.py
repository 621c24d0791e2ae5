"""A small house in TOML that loads, for tests to make mistakes in."""

from pathlib import Path

import pytest

from policies.errors import LoadError
from policies.loader import load

BUILDING = """\
# a small house
[site]
id = "house"

[[space]]
id = "outside"
name = { fr = "Dehors", en = "Outside" }
kind = "outside"

[[space]]
id = "ground"
name = { fr = "Rez", en = "Ground" }
kind = "level"
plan = { x = 0, y = 0, width = 10, depth = 5.5 }

[[space]]
id = "hall"
name = { fr = "Hall", en = "Hall" }
parent = "ground"
capacity = 30

[[door]]
id = "front"
name = { fr = "Entrée", en = "Front door" }
outer = "outside"
inner = "hall"
entry_reader = "front-in"
exit_reader = "front-out"
exit_button = false
release_input = true
passback = "hard"
"""
POLICY = """\
[[tier]]
id = "member"

[[certification]]
id = "laser"

[[permit]]
id = "members"
types = ["maker"]
tiers = ["member"]
spaces = [
    "hall",
]
schedule = "days"
assurance = "sun"

[[forbid]]
id = "nobody"
tiers = ["member"]
doors = ["front"]
"""
CALENDAR = """\
[calendar]
timezone = "Europe/Paris"
country = "FR"
subdivision = "6AE"
first_year = 2026
last_year = 2027

[[days]]
id = "breaks"
on = [2026-10-26]
spans = [{ from = 2026-12-21, until = 2027-01-04 }]

[[closure]]
id = "works"
from = 2026-08-10
until = 2026-08-14T06:00:00

[[schedule]]
id = "days"
windows = [
    { days = ["mon", "tue"], from = 08:00:00, until = "24:00" },
    { days = ["sat"], from = "22:00", until = "02:15" },  # over midnight
]
closed_on = ["breaks"]
exceptions = [{ on = 2026-12-24, windows = [{ from = 08:00:00, until = 12:00:00 }] }]
"""


def write(directory: Path, building: str = BUILDING, policy: str = POLICY, calendar: str = CALENDAR) -> Path:
    for name, text in (("building", building), ("policy", policy), ("calendar", calendar)):
        (directory / f"{name}.toml").write_text(text)
    return directory


def findings(directory: Path) -> list[str]:
    """Return what the loader finds, as it prints it, without the directory."""
    with pytest.raises(LoadError) as caught:
        load(directory)
    return [str(finding).removeprefix(f"{directory}/") for finding in caught.value.findings]
