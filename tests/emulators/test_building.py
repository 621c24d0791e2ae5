"""The emulated building: a device for every reader and door, and a computer for every level."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

import policies
from emulators.building import EmulatedBuilding, hosts
from emulators.clock import BuildingLoop, LoopClock
from policies.ids import SourceId
from policies.loader import load


@pytest.fixture(scope="module")
def km0():
    return load(Path(policies.__file__).parent / "km0")


def test_every_reader_has_a_field_and_every_door_its_physics(km0):
    loop = BuildingLoop()
    devices = EmulatedBuilding(km0.building, LoopClock(loop, datetime(2026, 9, 15, tzinfo=UTC)))
    loop.close()
    assert set(devices.antennas) == set(km0.building.readers)
    assert {door: emulated.door for door, emulated in devices.doors.items()} == km0.building.doors


def test_every_door_is_served_by_the_computer_of_the_level_it_leads_into(km0):
    served = hosts(km0.building)
    assert list(served) == ["edge-b23-0", "edge-b23-1", "edge-b23-2", "edge-b24-0"]
    assert sorted(door for doors in served.values() for door in doors) == sorted(km0.building.doors)
    assert "landing-2" in served[SourceId("edge-b23-2")]
    assert "agora" in served[SourceId("edge-b24-0")]
