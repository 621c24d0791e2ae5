"""The whole line in one process and in virtual time: from a tap to the count, and from the API's word to the door."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from access.services.badges import BadgeRecord, BadgeVerb
from access.services.events import Filter
from access.services.people import PersonRecord
from access.site.emulated import EmulatedSettings, EmulatedSite
from access.site.pace import Pace, inline
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SpaceId, TierId
from policies.roster import BadgeKind, ResidentType
from readers.ports import Feedback
from readers.wire.bus import Connection, Message
from readers.wire.events import Event, EventType
from readers.wire.topics import Topics

KM0 = Path(__file__).parents[2] / "policies" / "km0"
TUESDAY_MORNING = datetime(2026, 9, 15, 8, tzinfo=UTC)
ADA, HER_BADGE = PersonId("ada"), BadgeId("04a1b2c3d4e5f6")
AGORA, AGORA_IN, AGORA_OUT = DoorId("agora"), ReaderId("agora-in"), ReaderId("agora-out")
DAY_S = 86_400.0

Act = Callable[[EmulatedSite], Awaitable[None]]


def live(
    directory: Path, act: Act, start: datetime = TUESDAY_MORNING, *, keeps_history: bool = False
) -> None:
    """Run the empty emulated building from `start` on and do `act` in it."""

    async def scene() -> None:
        clock = LoopClock(asyncio.get_running_loop(), start)
        settings = EmulatedSettings(KM0, directory, people=0)
        site = EmulatedSite(settings, clock, live_pace(clock), keeps_history=keeps_history)
        async with site.running():
            await clock.sleep(1)
            await act(site)

    run_virtually(scene())


def live_pace(clock: LoopClock) -> Pace:
    """Return the pace of a site that tells everything at once, in one thread."""
    pace = Pace(clock)
    pace.go_live(inline)
    return pace


def enrol(site: EmulatedSite) -> None:
    """Add Ada, who guards the house around the clock, with a badge."""
    at = site.clock.now()
    ada = PersonRecord(ADA, ResidentType.SECURITY, tiers=(TierId("security"),), name="Ada")
    site.services.people.add([ada], "test", at)
    site.services.badges.add([BadgeRecord(HER_BADGE, BadgeKind.UID, ADA)], "test", at)


async def tap(site: EmulatedSite, reader: ReaderId, badge: BadgeId = HER_BADGE) -> bool:
    """Tap, push, and wait until the leaf has fallen shut; return whether it gave way."""
    door = site.devices.doors[site.services.building.readers[reader].door]
    site.devices.antennas[reader].present(UidCard(bytes.fromhex(badge)))
    await site.clock.sleep(0.3)
    site.devices.antennas[reader].remove()
    opened = door.push()
    await site.clock.sleep(6)
    return opened


def count(site: EmulatedSite, space: str) -> int:
    return site.services.live.counts()[SpaceId(space)].count


def decisions(site: EmulatedSite) -> list[Event]:
    """Return the stored decisions, the oldest first."""
    found = site.services.events.newest(Filter(types=(EventType.DECISION,)), limit=1000)
    return list(reversed(found))


def test_a_person_enrolled_a_moment_ago_opens_the_door_and_is_counted_until_she_leaves(
    tmp_path: Path,
) -> None:
    async def act(site: EmulatedSite) -> None:
        assert not await tap(site, AGORA_IN)
        enrol(site)
        await site.clock.sleep(0.9)
        assert await tap(site, AGORA_IN)
        assert (count(site, "agora"), count(site, "fonderie")) == (1, 1)
        assert await tap(site, AGORA_OUT)
        assert (count(site, "agora"), count(site, "fonderie")) == (0, 0)
        reasons = [event.reason.value for event in decisions(site) if event.reason]
        assert reasons == ["denied-unknown-credential", "granted", "granted"]

    live(tmp_path, act)


def test_a_badge_reported_stolen_is_refused_within_a_second_at_every_perimeter_door(tmp_path: Path) -> None:
    async def act(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        site.services.badges.say(HER_BADGE, BadgeVerb.REPORT_STOLEN, "test", site.clock.now())
        await site.clock.sleep(0.9)
        for reader in (AGORA_IN, ReaderId("main-b23-in"), ReaderId("courtyard-in"), ReaderId("loading-in")):
            assert not await tap(site, reader)
        assert {event.reason.value for event in decisions(site) if event.reason} == {
            "denied-authentication-factor-stolen"
        }

    live(tmp_path, act)


def test_a_permit_that_nobody_uses_counts_nobody(tmp_path: Path) -> None:
    async def act(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        site.devices.antennas[AGORA_IN].present(UidCard(bytes.fromhex(HER_BADGE)))
        await site.clock.sleep(20)
        assert site.devices.doors[AGORA].lamp is Feedback.GRANTED
        assert count(site, "fonderie") == 0

    live(tmp_path, act)


def test_through_a_day_without_the_bus_doors_decide_and_then_everything_arrives_in_order(
    tmp_path: Path,
) -> None:
    async def act(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        site.bus.down()
        for _ in range(24):
            assert await tap(site, AGORA_IN)
            assert await tap(site, AGORA_OUT)
            await site.clock.sleep(DAY_S / 24)
        assert decisions(site) == []
        site.bus.up()
        await site.drained()
        arrived = decisions(site)
        assert len(arrived) == 48
        assert [event.at for event in arrived] == sorted(event.at for event in arrived)
        assert len({event.id for event in arrived}) == 48
        assert arrived[-1].at - arrived[0].at >= timedelta(hours=23)

    live(tmp_path, act)


def test_a_revocation_made_while_the_bus_was_away_holds_once_it_is_back(tmp_path: Path) -> None:
    async def act(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        site.bus.down()
        site.services.badges.say(HER_BADGE, BadgeVerb.REVOKE, "test", site.clock.now())
        assert await tap(site, AGORA_IN)
        site.bus.up()
        await site.clock.sleep(60)
        assert not await tap(site, AGORA_IN)

    live(tmp_path, act)


def test_garbage_on_every_topic_changes_nothing_and_opens_nothing(tmp_path: Path) -> None:
    seed = 11
    print(f"seed {seed}")
    draw = random.Random(seed)

    async def act(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        before, topics = site.edges[0].rights.snapshot, Topics(site.services.building.site)
        async with site.bus.connect("stranger") as line:
            for edge in site.edges:
                for topic in (topics.events, topics.ack, topics.status, topics.snapshot):
                    await send_garbage(line, topic(edge.source), draw)
            await send_garbage(line, topics.door_state(AGORA), draw)
        await site.clock.sleep(5)
        assert site.edges[0].rights.snapshot is before
        assert not any(door.is_released for door in site.devices.doors.values())
        assert await tap(site, AGORA_IN)
        assert count(site, "agora") == 1
        assert site.services.events.findings() != []

    live(tmp_path, act)


async def send_garbage(line: Connection, topic: str, draw: random.Random) -> None:
    for payload in (b"", b"{}", b"null", b'{"v":1}', b"\xff\xfe", b"[" * 5000, draw.randbytes(200)):
        await line.publish(Message(topic, payload))


def test_a_site_that_restarts_shows_the_same_counts_and_goes_on(tmp_path: Path) -> None:
    async def first(site: EmulatedSite) -> None:
        enrol(site)
        await site.clock.sleep(1)
        assert await tap(site, AGORA_IN)

    async def second(site: EmulatedSite) -> None:
        assert count(site, "agora") == 1
        assert await tap(site, AGORA_OUT)
        assert count(site, "agora") == 0

    live(tmp_path, first, keeps_history=True)
    live(tmp_path, second, TUESDAY_MORNING + timedelta(hours=1), keeps_history=True)
