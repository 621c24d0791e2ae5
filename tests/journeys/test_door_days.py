"""Days at doors of the whole emulated site: a lesson that opens its room, a loading door that is held, a power cut."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from access.services.badges import BadgeRecord
from access.services.doors import Act
from access.services.events import Filter
from access.services.people import PersonRecord
from access.site.emulated import EmulatedSettings, EmulatedSite
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, TierId
from policies.request import DoorMode
from policies.roster import BadgeKind, ResidentType
from readers.wire.events import EventType
from readers.wire.signals import Alarm, DoorStatus
from tests.journeys.test_in_memory import KM0, TUESDAY_MORNING, enrol, live, live_pace, tap

CNAM, LOADING = DoorId("cnam-1"), DoorId("loading")
TEACHERS_BADGE = BadgeId("04000000007eac")


def status(site: EmulatedSite, door: DoorId) -> DoorStatus:
    told = site.services.live.doors()[door].told
    assert told is not None
    return told


def with_lessons(directory: Path) -> Path:
    """Return KM0's files with a classroom that its lessons set free once the first person is in."""
    policy = directory / "policy"
    shutil.copytree(KM0, policy, ignore=shutil.ignore_patterns("__pycache__"))
    file = policy / "building.toml"
    door = 'entry_reader = "cnam-1-in"\n'
    modes = 'modes = [{ mode = "free", schedule = "cnam-lessons", first_person_in = true }]\n'
    text = file.read_text("utf-8")
    assert text.count(door) == 1
    file.write_text(text.replace(door, door + modes), "utf-8")
    return policy


def live_with(policy: Path, directory: Path, act: Callable[[EmulatedSite], Awaitable[None]]) -> None:
    directory.mkdir()

    async def scene() -> None:
        clock = LoopClock(asyncio.get_running_loop(), TUESDAY_MORNING)
        settings = EmulatedSettings(policy, directory, people=0)
        site = EmulatedSite(settings, clock, live_pace(clock), keeps_history=False)
        async with site.running():
            await clock.sleep(1)
            await act(site)

    run_virtually(scene())


def test_on_a_lesson_morning_the_room_opens_when_the_teacher_is_in_and_shuts_in_the_evening(
    tmp_path: Path,
) -> None:
    async def story(site: EmulatedSite) -> None:
        at = site.clock.now()
        teacher = PersonRecord(PersonId("t"), ResidentType.STUDENT, tiers=(TierId("school-cnam"),), name="T")
        site.services.people.add([teacher], "test", at)
        site.services.badges.add([BadgeRecord(TEACHERS_BADGE, BadgeKind.UID, teacher.id)], "test", at)
        await site.clock.sleep(1)
        room, reader = site.devices.doors[CNAM], site.devices.antennas[ReaderId("cnam-1-in")]
        assert status(site, CNAM).waits
        assert not room.push(), "no student is in before the teacher"
        reader.present(UidCard(bytes.fromhex(TEACHERS_BADGE)))
        await site.clock.sleep(0.3)
        reader.remove()
        assert room.push()
        await site.clock.sleep(10)
        for _ in range(3):
            assert room.push(), "and then all of them, without a badge"
            await site.clock.sleep(10)
        assert status(site, CNAM).mode is DoorMode.FREE
        site.bus.down()
        await site.clock.sleep(timedelta(hours=9, minutes=31).total_seconds())
        assert not room.push(), "the lessons end at 19:30, with the bus away too"

    live_with(with_lessons(tmp_path), tmp_path / "data", story)


def test_a_loading_door_that_is_held_is_asked_to_be_shut_then_alarmed_and_then_quiet(tmp_path: Path) -> None:
    async def story(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        door = site.devices.doors[LOADING]
        lamps: list[str] = []
        door.watch(lambda lamp: lamps.append(lamp.value))
        site.devices.antennas[ReaderId("loading-in")].present(UidCard(bytes.fromhex("04a1b2c3d4e5f6")))
        await site.clock.sleep(0.3)
        assert door.push()
        door.hold(400)
        await site.clock.sleep(289)
        assert "close-door" not in lamps
        await site.clock.sleep(5)
        assert lamps[-1] == "close-door"
        assert status(site, LOADING).alarms == ()
        await site.clock.sleep(10)
        assert status(site, LOADING).alarms == (Alarm.HELD,)
        door.let_go()
        await site.clock.sleep(5)
        assert status(site, LOADING).alarms == ()
        held = site.services.events.newest(
            Filter(types=(EventType.DOOR_HELD, EventType.ALARM_CLEARED)), limit=10
        )
        assert [event.type for event in held] == [EventType.ALARM_CLEARED, EventType.DOOR_HELD]

    live(tmp_path, story)


def test_after_a_power_cut_in_a_lockdown_everything_is_as_it_was(tmp_path: Path) -> None:
    async def first(site: EmulatedSite) -> None:
        enrol(site)
        site.services.doors.lock_down(None, None, Act("c-1", "anna", "alarm", site.clock.now()))
        await site.clock.sleep(1)
        assert await tap(site, ReaderId("agora-in")), "security is exempt"

    async def second(site: EmulatedSite) -> None:
        site.bus.down()
        door = site.devices.doors[DoorId("restaurant")]
        assert not door.push()
        door.leave()
        assert door.is_open
        site.bus.up()
        await site.clock.sleep(40)
        assert status(site, DoorId("restaurant")).mode is DoorMode.LOCKDOWN
        assert await tap(site, ReaderId("agora-in"))
        site.services.doors.end_lockdown(None, Act("c-2", "anna", "over", site.clock.now()))
        await site.clock.sleep(1)
        assert status(site, DoorId("restaurant")).mode is DoorMode.NORMAL

    live(tmp_path, first)
    live(tmp_path, second)
