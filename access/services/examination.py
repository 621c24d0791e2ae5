"""What a proposed policy is worth: does it load, do its scenarios and invariants hold, and whom it turns at which door.

Pure but for the temporary folder that the loader reads from: nothing here touches the store or the rules in force.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from access.errors import Invalid
from policies.analysis.changes.diff import diff, timetables
from policies.analysis.changes.diff_words import SAME, difference_told, timetable_told
from policies.analysis.scenarios import SCENARIOS, load_scenarios, run_tests
from policies.analysis.taps.space import Space
from policies.decision import Message
from policies.errors import LoadError
from policies.ids import TierId
from policies.loader import BUILDING, CALENDAR, POLICY, Site, load
from policies.scenarios import Scenarios

FILES = (BUILDING, POLICY, CALENDAR, SCENARIOS)


class Examination(msgspec.Struct, frozen=True):
    """What came of it. `failures` and `broken` are sentences; `missing` are tiers held by so many, unknown to it.

    `diff` says in words what it changes for whom, against the rules that were in force.
    """

    version: str
    trials: int
    invariants: int
    failures: tuple[str, ...]
    broken: tuple[str, ...]
    uncovered: tuple[str, ...]
    missing: Mapping[TierId, int]
    diff: tuple[Message, ...]

    @property
    def passes(self) -> bool:
        """Return whether it may be activated."""
        return not (self.failures or self.broken or self.missing)


class Read(msgspec.Struct, frozen=True):
    """Files that were read."""

    site: Site
    scenarios: Scenarios


def read(files: Mapping[str, str]) -> Read:
    """Read the files of a policy; raise `Invalid` with every finding, each with its file, line and key."""
    if unknown := sorted(set(files) - set(FILES)):
        raise Invalid(f"{unknown[0]}: expected {', '.join(FILES)}")
    with TemporaryDirectory(prefix="totem-policy-") as name:
        folder = Path(name)
        for file, text in ({SCENARIOS: ""} | dict(files)).items():
            (folder / file).write_text(text, "utf-8")
        try:
            site = load(folder)
            return Read(site, load_scenarios(folder, site))
        except LoadError as error:
            found = (msgspec.structs.replace(each, file=Path(each.file).name) for each in error.findings)
            raise Invalid("\n".join(map(str, found))) from error


def files_of(directory: Path) -> dict[str, str]:
    """Return the files of a policy as they are on the disk; scenarios may be missing."""
    return {name: (directory / name).read_text("utf-8") for name in FILES if (directory / name).exists()}


def examine(read: Read, in_force: Site, tiers: Mapping[TierId, int], at: datetime) -> Examination:
    """Put a policy to its own scenarios and invariants, and beside the one in force."""
    report = run_tests(read.site, read.scenarios)
    policy = read.site.policy
    return Examination(
        policy.version,
        report.trials,
        report.invariants,
        tuple(f"{SCENARIOS}:{each.line}: {each.name}: {_expected(each)}" for each in report.failures),
        tuple(f"{SCENARIOS}:{each.line}: {each.id}: {each.claim.value}" for each in report.broken),
        tuple(report.uncovered),
        {tier: count for tier, count in tiers.items() if tier not in policy.tiers},
        told(in_force, read.site, at),
    )


def told(old: Site, new: Site, at: datetime) -> tuple[Message, ...]:
    """Return in words, French and English, what changes for whom at which doors."""
    if old.policy.version == new.policy.version:
        return (SAME,)
    space = Space([old, new], at)
    sentences = [difference_told(each, space) for each in diff(space)]
    sentences += [timetable_told(each, space) for each in timetables(space)]
    return tuple(sentences) or (SAME,)


def _expected(failure: object) -> str:
    return str(failure).rpartition(": ")[2]
