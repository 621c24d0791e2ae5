"""The conformance of door hardware, on the emulated other side of each driver's wires."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ports import doors, gpio_doors, osdp_doors, relay_doors, uhppote_doors
from tests.ports.door_hardware import *  # noqa: F403 (the suite itself)
from tests.ports.doors import Rig

RIGS = [
    doors.emulated,
    doors.emulated_supervised,
    gpio_doors.gpio_plain,
    gpio_doors.gpio_changeover,
    gpio_doors.gpio_loop,
    osdp_doors.osdp,
    relay_doors.shelly,
    relay_doors.zigbee,
    relay_doors.home_assistant,
    uhppote_doors.uhppote,
]


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with request.param(tmp_path) as made:
        yield made
