"""Operators' word from the API's services to real door computers over the bus, and through partitions of it."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from access.services.answers import Answer
from access.services.badges import BadgeRecord
from access.services.doors import Act, Slot
from access.services.events import Filter
from access.services.people import PersonRecord
from access.site.emulated import EmulatedSite
from emulators.building import hosts
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SpaceId, TierId
from policies.request import DoorMode
from policies.roster import BadgeKind, ResidentType
from readers.wire.events import EventType
from readers.wire.topics import Topics
from tests.journeys.test_in_memory import (
    AGORA,
    AGORA_IN,
    AGORA_OUT,
    decisions,
    enrol,
    live,
)
from tests.journeys.test_in_memory import tap as tap_badge

BEAS_BADGE = BadgeId("04000000000b0b")


def enrol_bea(site: EmulatedSite) -> None:
    """Add Bea, who works here and is exempt from nothing."""
    at = site.clock.now()
    bea = PersonRecord(PersonId("bea"), ResidentType.COWORKER, tiers=(TierId("coworking-fixed"),), name="Bea")
    site.services.people.add([bea], "test", at)
    site.services.badges.add([BadgeRecord(BEAS_BADGE, BadgeKind.UID, bea.id)], "test", at)


async def tap(site: EmulatedSite, reader: ReaderId) -> bool:
    return await tap_badge(site, reader, BEAS_BADGE)


def act(site: EmulatedSite, name: str) -> Act:
    return Act(name, "anna", "exercise", site.clock.now())


async def unlock(site: EmulatedSite, name: str = "c-1") -> Mapping[DoorId, Answer]:
    with site.services.answers.to(name) as waiting:
        doors = site.services.doors.unlock(AGORA, act(site, name))
        return dict(await waiting.of(doors, 5.0))


def last_reason(site: EmulatedSite) -> str | None:
    reason = decisions(site)[-1].reason
    return reason.value if reason else None


def test_an_unlocking_opens_the_door_for_one_and_its_answer_comes_back(tmp_path: Path) -> None:
    async def story(site: EmulatedSite) -> None:
        answers = await unlock(site)
        assert answers[AGORA] == Answer(AGORA, obeyed=True, cause="unlock")
        assert site.devices.doors[AGORA].push()
        await site.clock.sleep(10)
        assert not site.devices.doors[AGORA].push()

    live(tmp_path, story)


def test_a_lockdown_during_lunch_shuts_everybody_out_and_nobody_in_until_it_is_lifted(tmp_path: Path) -> None:
    """The restaurant is full and stands free; the lockdown ends that at once, and lets all of them out."""

    async def story(site: EmulatedSite) -> None:
        services, restaurant = site.services, site.devices.doors[DoorId("restaurant")]
        enrol_bea(site)
        noon, two = site.clock.now(), site.clock.now() + timedelta(hours=2)
        services.doors.set_mode(DoorId("restaurant"), DoorMode.FREE, two, Slot.OPERATOR, act(site, "lunch"))
        await site.clock.sleep(1)
        assert restaurant.push()
        await site.clock.sleep(10)
        shut = services.doors.lock_down(None, None, act(site, "alarm"))
        await site.clock.sleep(1)
        assert len(shut) == len(services.building.doors)
        assert not restaurant.push()
        assert await tap(site, AGORA_OUT), "whoever is inside leaves"
        restaurant.leave()
        assert restaurant.is_open
        await site.clock.sleep(10)
        assert all(
            view.told and view.told.mode is DoorMode.LOCKDOWN for view in services.live.doors().values()
        )
        services.doors.end_lockdown(None, act(site, "over"))
        await site.clock.sleep(1)
        assert restaurant.push(), "lunch goes on where it was"
        assert site.clock.now() < noon + timedelta(hours=1)

    live(tmp_path, story)


def test_a_lockdown_of_one_space_leaves_the_rest_of_the_house_as_it_is(tmp_path: Path) -> None:
    async def story(site: EmulatedSite) -> None:
        enrol_bea(site)
        enrol(site)
        site.services.doors.lock_down(SpaceId("agora"), None, act(site, "room"))
        await site.clock.sleep(1)
        assert not await tap(site, AGORA_IN)
        assert last_reason(site) == "denied-threat-level"
        assert await tap_badge(site, AGORA_IN), "security is exempt"
        view = site.services.live.doors()[DoorId("restaurant")].told
        assert view is not None
        assert view.mode is DoorMode.NORMAL

    live(tmp_path, story)


def test_a_lockdown_holds_through_a_partition_and_its_end_is_taken_up_afterwards_in_order(
    tmp_path: Path,
) -> None:
    async def story(site: EmulatedSite) -> None:
        enrol_bea(site)
        doors = site.services.doors
        doors.lock_down(None, None, act(site, "begins"))
        await site.clock.sleep(1)
        site.bus.down()
        doors.end_lockdown(None, act(site, "ends"))
        doors.lock_down(None, None, act(site, "begins-again"))
        doors.end_lockdown(None, act(site, "ends-again"))
        late = await asyncio.wait_for(unlock(site, "late"), 60)
        assert late == {}
        for _ in range(3):
            assert not await tap(site, AGORA_IN), "what was known holds"
            assert await tap(site, AGORA_OUT)
            await site.clock.sleep(3600)
        site.bus.up()
        await site.clock.sleep(60)
        assert not site.devices.doors[AGORA].is_released, "what was to open it hours ago does not open it now"
        assert await tap(site, AGORA_IN)
        told = site.services.events.newest(Filter(types=(EventType.MODE_CHANGED,)), limit=1000)
        assert [event.mode for event in reversed(told) if event.door == AGORA] == [
            DoorMode.LOCKDOWN,
            DoorMode.NORMAL,
        ]

    live(tmp_path, story)


def test_a_lockdown_told_while_a_door_computer_was_cut_off_reaches_it_when_it_is_back(tmp_path: Path) -> None:
    async def story(site: EmulatedSite) -> None:
        enrol_bea(site)
        edge = next(each for each in site.edges if AGORA in hosts(site.services.building)[each.source])
        client = Topics(site.services.building.site).client(edge.source)
        site.bus.sever(client)
        site.services.doors.lock_down(None, None, act(site, "begins"))
        await site.clock.sleep(120)
        assert not await tap(site, AGORA_IN)
        assert last_reason(site) == "denied-threat-level"

    live(tmp_path, story)
