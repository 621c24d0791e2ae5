"""The shipped building's own modes: the lesson in the FabLab, and the airlock of the loading bay."""

from datetime import datetime
from pathlib import Path

import pytest

import policies
from policies.ids import DoorId
from policies.loader import load
from policies.request import DoorMode
from readers.door.modes import Standing, in_force

BUILDING, POLICY = load(Path(policies.__file__).parent / "km0")
FABLAB = BUILDING.doors[DoorId("fablab")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+02:00")


@pytest.mark.parametrize(
    ("now", "arrived", "mode", "waits"),
    [
        ("2026-09-16T13:59", None, DoorMode.NORMAL, False),
        ("2026-09-16T14:00", None, DoorMode.NORMAL, True),
        ("2026-09-16T14:10", "2026-09-16T13:50", DoorMode.NORMAL, True),
        ("2026-09-16T14:10", "2026-09-16T14:05", DoorMode.FREE, False),
        ("2026-09-16T16:29", "2026-09-16T14:05", DoorMode.FREE, False),
        ("2026-09-16T16:30", "2026-09-16T14:05", DoorMode.NORMAL, False),
        ("2026-09-23T14:10", "2026-09-16T14:05", DoorMode.NORMAL, True),
        ("2026-10-21T14:10", "2026-10-21T14:05", DoorMode.NORMAL, False),
    ],
    ids=["before", "waits", "came too early", "begun", "goes on", "over", "a week later", "school holidays"],
)
def test_the_lesson_begins_with_the_first_person_and_ends_by_the_clock(
    now: str, arrived: str | None, mode: DoorMode, waits: bool
) -> None:
    found = in_force(FABLAB, Standing(arrived=at(arrived) if arrived else None), POLICY, at(now))
    assert (found.mode, found.waits) == (mode, waits)


def test_the_loading_bay_is_an_airlock_on_one_computer() -> None:
    groups = {door.id for door in BUILDING.doors.values() if door.interlock == "loading-bay"}
    assert groups == {"loading", "loading-bay"}
