"""Doors let go by one supply line: an input at one of them tells for all, and none of them was broken into."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from emulators.clock import LoopClock, run_virtually
from emulators.strike import EmulatedDoor
from policies.building import Building, Door, Space, SpaceKind
from policies.ids import DoorId, ReleaseId, SiteId, SpaceId
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.wire.commands import Command, Verb, sign
from readers.wire.events import EventType, parse
from readers.wire.signals import Shown, read_door
from tests.readers.daemon.desk import SCOPE, SITE_KEY, START, QuietUplink, label, signed, snapshot

NORTH, SOUTH, SIDE = map(DoorId, ("north", "south", "side"))
LINE = ReleaseId("hall-line")


class Hall:
    """One computer with three doors: two inputs on one line of three doors."""

    def __init__(self, directory: Path) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), START)
        outside, hall = SpaceId("outside"), SpaceId("hall")
        doors = [
            Door(name, label(name), outside, hall, release=LINE, release_input=name != SIDE)
            for name in (SIDE, NORTH, SOUTH)
        ]
        spaces = [Space(outside, label("Outside"), SpaceKind.OUTSIDE), Space(hall, label("Hall"))]
        self.building = Building.of(SiteId("desk"), spaces, doors, [])
        self.doors = {door.id: EmulatedDoor(door, self.clock) for door in doors}
        self.journal = FileJournal(directory / "journal", SCOPE, self.clock.now, Durability.BUFFERED)
        self.uplink = QuietUplink()
        rights = Rights(SCOPE, SITE_KEY.public_key(), directory / "snapshot")
        self.daemon = Daemon(rights, {}, self.doors, self.journal, self.uplink, self.clock)

    def shown(self) -> dict[str, Shown]:
        return {
            str(door): read_door(payload).state for door, payload in sorted(self.uplink.door_states.items())
        }

    def rearm(self, door: DoorId, name: str) -> bool:
        now = self.clock.now()
        command = Command(name, door, Verb.REARM, "wally", "over", now, now + timedelta(seconds=5))
        return self.daemon.take_command(sign(command, SITE_KEY)) is None

    def told(self, kind: EventType) -> list[str]:
        events = map(parse, self.journal.pending(1000))
        return sorted(str(event.door) for event in events if event.type is kind)


def live(directory: Path, act: Callable[[Hall], Awaitable[None]]) -> None:
    async def scene() -> None:
        hall = Hall(directory)
        task = asyncio.create_task(hall.daemon.run())
        await asyncio.sleep(0)
        hall.daemon.take_snapshot(signed(snapshot(built=hall.building)))
        await hall.clock.sleep(1)
        await act(hall)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        hall.journal.close()

    run_virtually(scene())


def test_one_input_releases_every_door_of_its_line_and_nobody_forced_any(tmp_path: Path) -> None:
    async def act(hall: Hall) -> None:
        for door in hall.doors.values():
            door.is_unwired = True  # the line is broken: every strike is without supply
        hall.doors[NORTH].release()
        await hall.clock.sleep(1)
        assert set(hall.shown().values()) == {Shown.RELEASED}
        assert hall.doors[SIDE].push()
        await hall.clock.sleep(120)
        assert hall.told(EventType.DOOR_RELEASED) == ["north", "side", "south"]
        assert hall.told(EventType.DOOR_FORCED) == hall.told(EventType.DOOR_HELD) == []

    live(tmp_path, act)


def test_a_line_is_released_until_its_last_input_says_otherwise_and_each_door_until_it_is_re_armed(
    tmp_path: Path,
) -> None:
    async def act(hall: Hall) -> None:
        hall.doors[NORTH].release()
        hall.doors[SOUTH].release()
        hall.doors[NORTH].rearm()
        await hall.clock.sleep(1)
        assert not hall.rearm(SIDE, "c1"), "the other input still says that the line is broken"
        assert not hall.rearm(NORTH, "c2")
        hall.doors[SOUTH].rearm()
        await hall.clock.sleep(1)
        assert set(hall.shown().values()) == {Shown.RELEASED}
        assert hall.rearm(SIDE, "c3")
        assert hall.rearm(NORTH, "c4")
        await hall.clock.sleep(20)
        assert hall.shown() == {"north": Shown.LOCKED, "side": Shown.LOCKED, "south": Shown.RELEASED}

    live(tmp_path, act)


def test_a_computer_that_starts_on_a_broken_line_releases_all_its_doors_whatever_their_order(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        hall = Hall(tmp_path)
        hall.doors[SOUTH].release()
        task = asyncio.create_task(hall.daemon.run())
        await asyncio.sleep(0)
        hall.daemon.take_snapshot(signed(snapshot(built=hall.building)))
        await hall.clock.sleep(1)
        assert set(hall.shown().values()) == {Shown.RELEASED}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        hall.journal.close()

    run_virtually(scene())


def test_a_door_of_no_line_is_released_alone(tmp_path: Path) -> None:
    async def act(hall: Hall) -> None:
        door = hall.building.doors[NORTH]
        lone = Door(NORTH, door.name, door.outer, door.inner, release_input=True)
        others = [each for each in hall.building.doors.values() if each.id != NORTH]
        made = Building.of(SiteId("desk"), hall.building.spaces.values(), [*others, lone], [])
        assert hall.daemon.take_snapshot(signed(snapshot(2, built=made)))
        hall.doors[NORTH].release()
        await hall.clock.sleep(1)
        assert hall.shown() == {"north": Shown.RELEASED, "side": Shown.LOCKED, "south": Shown.LOCKED}

    live(tmp_path, act)
