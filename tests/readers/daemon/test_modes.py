"""Modes at a door computer: by schedule, with a first person, in a release, and through a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import msgspec

from emulators.clock import run_virtually
from policies.building import ScheduledMode
from policies.ids import ScheduleId
from policies.request import DoorMode
from policies.schedule import Schedule, Weekday, Window
from readers.wire.signals import Alarm, Shown, read_door
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import (
    ADA_CARD,
    LAB,
    LAB_IN,
    LAB_OUT,
    START,
    STRANGER_CARD,
    Desk,
    building,
    desk,
    signed,
    snapshot,
)

MORNING = ScheduleId("morning")  # the desk's clock starts at 10:00 of the wall


def scheduled(mode: DoorMode, *, first_person_in: bool = False, version: int = 1, **door: object) -> Snapshot:
    """Return rights in which the lab is in `mode` from 10:15 to 12:00."""
    built = building(modes=(ScheduledMode(mode, MORNING, first_person_in),), **door)
    made = snapshot(version, built=built)
    window = Window(tuple(Weekday), 10 * 60 + 15, 12 * 60)
    policy = msgspec.structs.replace(made.policy, schedules={MORNING: Schedule(MORNING, (window,))})
    return msgspec.structs.replace(made, policy=policy)


def live(directory: Path, act: Callable[[Desk], Awaitable[None]], *made: Snapshot, **door: object) -> None:
    async def scene() -> None:
        async with desk(directory, map(signed, made or (snapshot(),)), building(**door)) as running:
            await act(running)

    run_virtually(scene())


def minutes(number: float) -> float:
    return timedelta(minutes=number).total_seconds()


def test_a_free_period_opens_the_door_on_time_and_ends_on_time(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert not at.door.push()
        await at.clock.sleep(minutes(15))
        assert at.door.push()
        assert read_door(at.uplink.door_states[LAB]).mode is DoorMode.FREE
        await at.clock.sleep(minutes(104.9))
        assert at.door.push()
        await at.clock.sleep(minutes(0.2))
        assert not at.door.push()
        assert [event.mode for event in at.events() if event.mode] == [DoorMode.FREE, DoorMode.NORMAL]

    live(tmp_path, act, scheduled(DoorMode.FREE))


def test_a_free_period_waits_for_the_first_person_who_may_enter(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(minutes(20))
        assert not at.door.push()
        assert read_door(at.uplink.door_states[LAB]).waits
        assert not await at.tap(STRANGER_CARD)
        at.door.leave()
        await at.clock.sleep(10)
        assert not at.door.push(), "neither a refusal nor somebody leaving begins it"
        assert await at.tap()
        assert at.door.push()
        assert read_door(at.uplink.door_states[LAB]).mode is DoorMode.FREE

    live(tmp_path, act, scheduled(DoorMode.FREE, first_person_in=True))


def test_a_first_person_who_does_not_go_in_begins_nothing(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(minutes(20))
        await at.tap(push=False)
        assert not at.door.push()

    live(tmp_path, act, scheduled(DoorMode.FREE, first_person_in=True))


def test_a_free_period_that_has_begun_goes_on_after_a_restart_and_not_the_day_after(tmp_path: Path) -> None:
    rights = scheduled(DoorMode.FREE, first_person_in=True)

    async def first(at: Desk) -> None:
        await at.clock.sleep(minutes(20))
        assert await at.tap()

    async def second(at: Desk) -> None:
        await at.clock.sleep(minutes(30))
        assert at.door.push()
        await at.clock.sleep(minutes(24 * 60))
        assert not at.door.push()

    live(tmp_path, first, rights)
    live(tmp_path, second, rights)


def test_a_door_that_is_locked_by_schedule_lets_nobody_in_and_everybody_out(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(minutes(20))
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-deny-all")
        inputs = at.events()[-1].inputs
        assert inputs is not None
        assert inputs.mode == "locked"
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act, scheduled(DoorMode.LOCKED))


def test_rights_past_their_age_set_no_door_free(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(minutes(72 * 60 + 30))
        assert not at.door.push()

    live(tmp_path, act, scheduled(DoorMode.FREE))


def test_new_hours_take_effect_as_soon_as_they_arrive(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(minutes(20))
        assert at.door.push()
        await at.clock.sleep(10)
        at.daemon.take_snapshot(signed(scheduled(DoorMode.LOCKED, version=2)))
        assert not at.door.push()

    live(tmp_path, act, scheduled(DoorMode.FREE))


def test_a_release_opens_the_door_until_somebody_re_arms_it_also_over_a_restart(tmp_path: Path) -> None:
    rights = snapshot(built=building(release_input=True))

    async def first(at: Desk) -> None:
        at.door.release()
        assert at.door.push()
        await at.clock.sleep(10)
        at.door.rearm()
        await at.clock.sleep(minutes(10))
        status = read_door(at.uplink.door_states[LAB])
        assert (status.state, status.alarms) == (Shown.RELEASED, (Alarm.RELEASED,))
        assert at.door.push()
        await at.clock.sleep(10)

    async def second(at: Desk) -> None:
        assert read_door(at.uplink.door_states[LAB]).state is Shown.RELEASED
        assert at.door.push()

    live(tmp_path, first, rights, release_input=True)
    live(tmp_path, second, rights, release_input=True)


def test_a_door_that_is_found_open_at_the_start_is_held_in_time_and_not_forced(tmp_path: Path) -> None:
    async def scene() -> None:
        at = Desk(tmp_path, building())
        at.door.force()
        at.door.hold(60)
        task = asyncio.create_task(at.daemon.run())
        await asyncio.sleep(0)
        at.daemon.take_snapshot(signed(snapshot()))
        await at.clock.sleep(31)
        assert at.said() == [("door-opened", None), ("door-held", None)]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        at.journal.close()

    run_virtually(scene())


def test_what_happens_to_the_wires_and_the_case_is_told_once_and_once_more_when_it_is_over(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        at.door.open_case()
        at.door.open_case()
        at.door.shut_case()
        at.door.break_relay()
        assert not await at.tap(ADA_CARD, LAB_IN)
        at.door.mend_relay()
        said = [(event.type.value, event.cause) for event in at.events() if event.cause]
        assert said == [
            ("door-tampered", "tampered"),
            ("alarm-cleared", "tampered"),
            ("door-fault", "strike"),
            ("alarm-cleared", "strike"),
        ]
        assert at.clock.now() > START

    live(tmp_path, act)
