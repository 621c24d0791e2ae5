"""A real door, opted in: `TOTEM_DOOR=/etc/totem/edge-2.toml:agora` names a settings file and a door in it.

Nobody need be there: the door stands shut, and hears its strike twice. What people and wires do is for `totem walk`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from access.site.door_wiring import DoorWiring
from access.site.wiring import Wiring
from policies.ids import DoorId
from readers.clock import SystemClock
from readers.ports import DoorHardware, Feedback, Input
from readers.settings import load

ANSWERS_WITHIN_S = 5.0


@pytest.fixture
async def door() -> AsyncIterator[DoorHardware]:
    file, _, name = os.environ["TOTEM_DOOR"].rpartition(":")
    chosen, loop = load(Path(file)), asyncio.get_running_loop()
    wiring = Wiring(chosen, loop)
    doors = DoorWiring(chosen, wiring.peripherals, loop, SystemClock())
    yield doors.hardware[DoorId(name)]
    await doors.close()
    await wiring.close()


async def test_a_real_door_that_stands_shut_answers_and_says_so(door):
    door.lock()
    await asyncio.sleep(ANSWERS_WITHIN_S)
    assert Input.OUTPUT_RESTORED in door.senses()
    assert not {Input.CONTACT_OPEN, Input.CONTACT_FAULT, Input.TAMPERED, Input.RELEASED} & door.senses()


async def test_a_real_strike_answers_both_orders_and_moves_no_contact(door):
    told: list[Input] = []
    door.lock()
    await asyncio.sleep(ANSWERS_WITHIN_S)
    door.listen(told.append)
    for order in (door.unlock, door.lock) * 2:
        order()
        await asyncio.sleep(ANSWERS_WITHIN_S)
    assert told == []


async def test_a_real_reader_shows_every_outcome(door):
    door.lock()
    await asyncio.sleep(ANSWERS_WITHIN_S)
    for feedback in Feedback:
        door.show(feedback)
        await asyncio.sleep(0.5)
    assert Input.OUTPUT_FAILED not in door.senses()
