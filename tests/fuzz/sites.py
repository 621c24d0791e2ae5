"""The loader fuzzed: whatever the files say, it gives a whole site, or findings that each point to a place."""

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from policies.engine import Engine
from policies.errors import LoadError
from policies.loader import BUILDING, CALENDAR, POLICY, Site, load
from policies.roster import Roster
from tests.fuzz.spoilt import spoil, write
from tests.policies import house

_FILES = (BUILDING, CALENDAR, POLICY)
HOUSE = {
    BUILDING: house.BUILDING.encode(),
    CALENDAR: house.CALENDAR.encode(),
    POLICY: house.POLICY.encode(),
}


def site(data: bytes) -> None:
    """Spoil the files of a small house, and load them: a whole site or findings, and no other end."""
    with TemporaryDirectory() as directory:
        write(Path(directory), spoil(HOUSE, data))
        judge(Path(directory))


def judge(directory: Path) -> Site | None:
    """Load the files of `directory` and assert what must hold; return the site if there is one."""
    try:
        site = load(directory)
    except LoadError as error:
        judge_findings(directory, error)
        return None
    judge_whole(directory, site)
    return site


def judge_findings(directory: Path, error: LoadError) -> None:
    assert error.findings
    for finding in error.findings:
        path = Path(finding.file)
        assert path.parent == directory
        assert path.name in _FILES
        count = path.read_bytes().count(b"\n") + 1 if path.exists() else 1
        assert 1 <= finding.line <= count, (str(finding), count)
        assert finding.message
        assert len(str(finding).splitlines()) == 1, str(finding)


def judge_whole(directory: Path, site: Site) -> None:
    """Assert that every table of the files is in the site, and that the site decides."""
    read = {name: tomllib.loads((directory / name).read_bytes().decode()) for name in _FILES}
    building, policy = site
    for file, table, found in (
        (BUILDING, "space", building.spaces),
        (BUILDING, "door", building.doors),
        (CALENDAR, "schedule", policy.schedules),
        (CALENDAR, "days", policy.calendar.days),
        (CALENDAR, "closure", policy.calendar.closures),
        (POLICY, "tier", policy.tiers),
        (POLICY, "organisation", policy.organisations),
        (POLICY, "certification", policy.certifications),
    ):
        assert len(found) == len(read[file].get(table, [])), table
    written = [read[POLICY].get(table, []) for table in ("permit", "forbid")]
    assert len(policy.rules) == sum(map(len, written))
    Engine(policy, building, Roster({}, {}))
