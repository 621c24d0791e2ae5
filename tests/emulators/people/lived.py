"""Days of KM0 in virtual time, lived in front of a controller that has no rules, and everything that happened.

Run as a program it prints the hash of a morning: `python -m tests.emulators.people.lived SEED`.
"""

import asyncio
import hashlib
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import policies
from emulators.building import EmulatedBuilding
from emulators.clock import LoopClock, run_virtually
from emulators.people import EmulatedPeople, Resident, population
from policies.ids import DoorId, PersonId, ReaderId, SpaceId
from policies.loader import Site, load
from readers.ports import Feedback, Input
from tests.readers.credentials.driving import transmit

GET_UID = bytes.fromhex("ffca000000")
STRIKE_TIME_S = 5.0
FOUR_IN_THE_MORNING = datetime(2026, 9, 15, 2, tzinfo=UTC)
"""A Tuesday in term, when people's day turns; Mulhouse is two hours ahead of UTC."""


@cache
def km0() -> Site:
    return load(Path(policies.__file__).parent / "km0")


@dataclass
class Days:
    """What was seen: the wires' own record, and the truth by the minute."""

    residents: tuple[Resident, ...]
    taps: list[tuple[datetime, ReaderId, str]] = field(default_factory=list)
    inputs: list[tuple[datetime, DoorId, Input]] = field(default_factory=list)
    minutes: list[tuple[datetime, dict[SpaceId, int]]] = field(default_factory=list)
    inside: Mapping[PersonId, SpaceId] = field(default_factory=dict)
    lowest: int = 0
    passages: int = 0
    tried: int = 0
    """Cards held to a reader, answered or not."""
    tried_last_hour: int = 0
    cpu_s: float = 0.0

    def trace(self) -> str:
        told = [f"{at.isoformat()} {reader} {uid}" for at, reader, uid in self.taps]
        told += [f"{at.isoformat()} {door} {what.value}" for at, door, what in self.inputs]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()

    def counts(self, space: str) -> list[tuple[float, int]]:
        """Return (hours since the beginning, people in the space) by the minute."""
        began = self.minutes[0][0]
        return [((at - began).total_seconds() / 3600, seen[SpaceId(space)]) for at, seen in self.minutes]


def live(
    hours: float,
    start: datetime = FOUR_IN_THE_MORNING,
    *,
    seed: int = 7,
    count: int = 1072,
    controller_lives_h: float | None = None,
) -> Days:
    """Live from `start` on; the controller grants every tap, and dies after `controller_lives_h`."""
    return run_virtually(_live(hours, start, seed, count, controller_lives_h))


def morning(seed: int) -> Days:
    """Live a small morning, the one whose trace the program prints."""
    return live(5.5, seed=seed, count=300)


async def _live(
    hours: float, start: datetime, seed: int, count: int, controller_lives_h: float | None
) -> Days:
    site = km0()
    began = time.process_time()
    clock = LoopClock(asyncio.get_running_loop(), start)
    devices = EmulatedBuilding(site.building, clock)
    days = Days(population(site.building, site.policy, count, seed))
    people = EmulatedPeople(devices, days.residents, site.policy.calendar, clock, seed)
    for name, door in devices.doors.items():
        door.listen(lambda what, name=name: days.inputs.append((clock.now(), name, what)))  # type: ignore[misc]  # a default has no type
    readers = [
        asyncio.create_task(_grant_everything(devices, clock, reader, days)) for reader in devices.antennas
    ]
    if controller_lives_h is not None:
        clock.call_later(controller_lives_h * 3600, lambda: _stop(readers))
    crowd = asyncio.create_task(people.run())
    tried_by_minute = [0]
    for _ in range(round(hours * 60)):
        await clock.sleep(60)
        assert not crowd.done(), crowd.exception()
        days.minutes.append((clock.now(), dict(people.truth)))
        tried_by_minute.append(people.taps)
        days.lowest = min(days.lowest, *people.truth.values())
    days.inside, days.passages = dict(people.inside), people.passages
    days.cpu_s = time.process_time() - began
    days.tried, days.tried_last_hour = people.taps, people.taps - tried_by_minute[-60]
    for task in (crowd, *readers):
        task.cancel()
    await asyncio.gather(crowd, *readers, return_exceptions=True)
    return days


def _stop(readers: list[asyncio.Task[None]]) -> None:
    for reader in readers:
        reader.cancel()


async def _grant_everything(
    devices: EmulatedBuilding, clock: LoopClock, reader: ReaderId, days: Days
) -> None:
    door = devices.doors[devices.building.readers[reader].door]
    while True:
        card = await devices.antennas[reader].next_card()
        uid = (await transmit(card, GET_UID))[:-2].hex()
        days.taps.append((clock.now(), reader, uid))
        door.unlock()
        clock.call_later(STRIKE_TIME_S, door.lock)
        door.show(Feedback.GRANTED)


if __name__ == "__main__":
    print(morning(int(sys.argv[1])).trace())
