"""TOML files to a building and its policy: every error of every file at once, each with its file, line and key.

`load` is the one part of this package that reads files. The form of the tables is in toml/; what they come to
mean is in building.py and rules.py.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from policies.building import Building
from policies.errors import Finding, LoadError
from policies.policy import Policy
from policies.schedule import Calendar, Schedule
from policies.toml.building import read_building
from policies.toml.calendar import read_calendar
from policies.toml.policy import Rules, read_policy
from policies.toml.tables import Document

BUILDING, POLICY, CALENDAR = "building.toml", "policy.toml", "calendar.toml"

_VERSION_DIGITS = 12


class Site(NamedTuple):
    """What a directory says: who is where, and who may pass."""

    building: Building
    policy: Policy


def load(directory: Path) -> Site:
    """Read the three files of `directory`; raise `LoadError` with every finding if there is any."""
    findings: list[Finding] = []
    calendar, schedules, schedule_ids = read_calendar(Document(directory / CALENDAR, findings))
    building_file = Document(directory / BUILDING, findings)
    building = read_building(building_file, schedule_ids)
    known = {"spaces": "space", "doors": "door", "uses": "use"}
    rules = read_policy(
        Document(directory / POLICY, findings),
        {"schedule": schedule_ids} | {key: _ids(building_file, name) for key, name in known.items()},
    )
    if findings or building is None or calendar is None:
        raise LoadError(directory, tuple(sorted(findings)))
    return Site(building, _policy(rules, schedules, calendar, building))


def _ids(document: Document, name: str) -> set[str] | None:
    return {table.id for table in document.tables(name)} if document.is_read else None


def _policy(rules: Rules, schedules: tuple[Schedule, ...], calendar: Calendar, building: Building) -> Policy:
    policy = Policy(
        version="",
        tiers={tier.id: tier for tier in rules.tiers},
        schedules={schedule.id: schedule for schedule in schedules},
        calendar=calendar,
        rules=rules.rules,
        organisations=rules.organisations,
        certifications=rules.certifications,
    )
    return msgspec.structs.replace(policy, version=_version(policy, building))


def _version(policy: Policy, building: Building) -> str:
    """Name the content: the same rules and building have the same version, whatever their comments and layout."""
    content = msgspec.json.encode((building, policy), order="deterministic")
    return hashlib.sha256(content).hexdigest()[:_VERSION_DIGITS]
