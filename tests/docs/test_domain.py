"""The page that the code cites: what is cited is there, and its table of reasons is the code's."""

import re
from pathlib import Path

from policies.decision import Reason

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "domain.md").read_text("utf-8")
PACKAGES = ("access", "emulators", "policies", "readers", "tests")
CITED = re.compile(r"docs/domain\.md, (\d)(?:\.(\d+))?")


def cited():
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*")):
            if file.suffix in {".py", ".json"}:
                yield from ((file, *found) for found in CITED.findall(file.read_text("utf-8")))


def test_every_place_that_the_code_cites_is_there():
    sections = dict(re.findall(r"^## (\d)\. .*\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))
    found = list(cited())
    assert len(found) > 20
    for file, section, point in found:
        assert section in sections, file
        assert not point or re.search(rf"^{point}\. ", sections[section], re.MULTILINE), (
            file,
            section,
            point,
        )


def test_its_table_has_every_reason_once():
    told = re.findall(
        r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE.split("## Reasons")[1], re.MULTILINE))
    )
    assert sorted(told) == sorted(reason.value for reason in Reason)
