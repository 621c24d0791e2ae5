"""Intake over the bus: events are stored and acknowledged, rights go out as they change, nothing bad ends it."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from access.bus.memory import MemoryBus
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.dispatch import REFRESH_EVERY_S
from access.services.events import Filter
from access.services.intake import Intake
from access.services.offload import WorkThread
from access.services.people import PersonRecord
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, PersonId, SpaceId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire import delta as change
from readers.wire import snapshot as wire
from readers.wire.bus import Message
from readers.wire.signals import read_ack
from readers.wire.topics import Topics
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES, sealed_events

TOPICS = Topics(BUILDING.site)
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, PersonId("ada"))


async def inline(work):
    return work()


@pytest.fixture
def peopled(services):
    services.people.add([PersonRecord(PersonId("ada"), ResidentType.STAFF, name="Ada")], "test", NOON)
    services.badges.add([BADGE], "test", NOON)
    return services


@asynccontextmanager
async def running(services, bus, offload=inline):
    clock = LoopClock(asyncio.get_running_loop(), NOON)
    intake = asyncio.create_task(Intake(bus, services, clock, offload).run())
    try:
        async with bus.connect("door", (TOPICS.ack(EDGE), TOPICS.snapshot(EDGE), TOPICS.changes())) as door:
            yield door
    finally:
        intake.cancel()
        await asyncio.gather(intake, return_exceptions=True)


def batch(sealed):
    return Message(TOPICS.events(EDGE), b"\n".join(each.line for each in sealed))


async def next_on(door, topic):
    while (message := await door.receive()).topic != topic:
        pass
    return message


async def next_ack(door):
    return read_ack((await next_on(door, TOPICS.ack(EDGE))).payload)


async def next_snapshot(door, services):
    message = await next_on(door, TOPICS.snapshot(EDGE))
    return wire.read(message.payload, services.publisher.public_key)


async def next_delta(door, services):
    message = await next_on(door, TOPICS.changes())
    return change.read(message.payload, services.publisher.public_key)


def test_events_are_acknowledged_after_they_are_stored(peopled):
    async def live():
        async with running(peopled, MemoryBus()) as door:
            await next_snapshot(door, peopled)
            await door.publish(batch(sealed_events(4)))
            ack = await next_ack(door)
            assert (ack.epoch, ack.seq) == (1, 4)
            assert len(peopled.events.newest(Filter())) == 4

    run_virtually(live())


def test_listeners_hear_of_each_event_once(peopled):
    heard: list[str] = []
    peopled.news.listen(lambda events: heard.extend(event.id for event in events))

    async def live():
        chain = sealed_events(5)
        async with running(peopled, MemoryBus()) as door:
            await next_snapshot(door, peopled)
            for part in (chain[:3], chain[1:4], chain):
                await door.publish(batch(part))
                await next_ack(door)
        assert heard == [each.id for each in chain]

    run_virtually(live())
    assert peopled.live.counts()[SpaceId("hall")].count == 1


def test_a_listener_that_fails_does_not_stop_the_intake(peopled, caplog):
    peopled.news.listen(lambda _events: 1 / 0)

    async def live():
        async with running(peopled, MemoryBus()) as door:
            await next_snapshot(door, peopled)
            await door.publish(batch(sealed_events(1)))
            assert (await next_ack(door)).seq == 1

    run_virtually(live())
    assert "listener-failed" in caplog.text


@pytest.mark.parametrize(
    "message",
    [
        Message(TOPICS.events(EDGE), b"\xff\x00 garbage"),
        Message(TOPICS.events("nobody"), b"{}"),
        Message(TOPICS.events(EDGE), b""),
        Message(TOPICS.status(EDGE), b"not json"),
        Message(TOPICS.door_state("front"), b"[1, 2"),
        Message(TOPICS.door_state("no-such-door"), b"{}"),
    ],
)
def test_a_bad_message_does_not_stop_the_intake(peopled, message):
    async def live():
        async with running(peopled, MemoryBus()) as door:
            await next_snapshot(door, peopled)
            await door.publish(message)
            await door.publish(batch(sealed_events(2)))
            assert (await next_ack(door)).seq == 2

    run_virtually(live())


def test_a_revoked_badge_reaches_the_doors_at_once_in_a_delta(peopled):
    async def live():
        loop = asyncio.get_running_loop()
        async with running(peopled, MemoryBus()) as door:
            first = await next_snapshot(door, peopled)
            revoked_at = loop.time()
            peopled.badges.say(BADGE.id, BadgeVerb.REVOKE, "test", NOON)
            delta = await next_delta(door, peopled)
            assert loop.time() - revoked_at < 0.1
            assert first.version == delta.after < delta.version
            assert [(badge.id, badge.status) for badge in delta.badges] == [(BADGE.id, BadgeStatus.REVOKED)]
            assert delta.people == ()

    run_virtually(live())


def test_rights_go_out_again_before_they_grow_too_old(peopled):
    async def live():
        loop = asyncio.get_running_loop()
        async with running(peopled, MemoryBus()) as door:
            first = await next_snapshot(door, peopled)
            second = await next_snapshot(door, peopled)
            assert loop.time() == pytest.approx(REFRESH_EVERY_S)
            assert second.issued_at > first.issued_at

    run_virtually(live())


def test_after_the_broker_was_gone_rights_and_events_pass_again(peopled):
    async def live():
        bus = MemoryBus()
        async with running(peopled, bus) as door:
            first = await next_snapshot(door, peopled)
        async with running(peopled, bus):
            bus.down()
            peopled.badges.say(BADGE.id, BadgeVerb.SUSPEND, "test", NOON)
            await asyncio.sleep(3600)
            bus.up()
            async with bus.connect("later", (TOPICS.ack(EDGE), TOPICS.snapshot(EDGE))) as door:
                seen = first
                while seen.version == first.version:
                    seen = await next_snapshot(door, peopled)
                assert seen.roster.badges[BADGE.id].status is BadgeStatus.SUSPENDED
                await door.publish(batch(sealed_events(1)))
                assert (await next_ack(door)).seq == 1

    run_virtually(live())


def test_a_live_server_writes_in_its_own_thread_and_hears_changes_from_others(peopled):
    async def live():
        writer = WorkThread("writes")
        async with running(peopled, MemoryBus(), writer) as door:
            await next_snapshot(door, peopled)
            await asyncio.to_thread(peopled.badges.say, BADGE.id, BadgeVerb.REVOKE, "test", NOON)
            delta = await next_delta(door, peopled)
            assert delta.badges[0].status is BadgeStatus.REVOKED
        writer.close()

    asyncio.run(live())


def test_the_live_view_is_rebuilt_from_what_is_stored(peopled, tmp_path):
    from access.services import open_services
    from access.services.ingest import Batch

    peopled.ingest.take([Batch(EDGE, batch(sealed_events(3)).payload)], NOON)
    again = open_services(peopled.database, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    assert again.live.counts()[SpaceId("hall")].count == 1
    assert again.live.counts()[SpaceId("site")].count == 1


def test_a_source_that_goes_on_where_nothing_is_stored_is_told_so(peopled):
    async def live():
        async with running(peopled, MemoryBus()) as door:
            await next_snapshot(door, peopled)
            await door.publish(batch(sealed_events(6)[3:]))
            ack = await next_ack(door)
            assert (ack.epoch, ack.seq) == (1, 0)

    run_virtually(live())
