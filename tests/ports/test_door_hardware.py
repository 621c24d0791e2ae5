"""The conformance of door hardware, on the emulated other side of each driver's wires."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ports import doors
from tests.ports.door_hardware import *  # noqa: F403 (the suite itself)
from tests.ports.doors import Rig

RIGS = [
    doors.emulated,
    doors.emulated_supervised,
    doors.gpio_plain,
    doors.gpio_changeover,
    doors.gpio_loop,
    doors.osdp,
    doors.shelly,
    doors.zigbee,
    doors.home_assistant,
    doors.uhppote,
]


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with request.param(tmp_path) as made:
        yield made
