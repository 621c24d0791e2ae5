"""Rights out over the bus: whatever is lost on the way, every door ends with what the database says, and no more."""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access.bus.memory import MemoryBus
from access.errors import Invalid, TotemError
from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.dispatch import GRACE_S, RETAIN_AFTER_S, Dispatch
from access.services.intake import Intake
from access.services.people import PersonRecord
from access.store import changes
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, GrantId, PersonId, SpaceId, TierId
from policies.roster import BadgeKind, BadgeStatus, Grant, ResidentType
from readers.wire import snapshot as wire
from readers.wire.signals import Line, Status
from readers.wire.topics import Topics
from tests.access.services.follower import Follower
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES

TOPICS = Topics(BUILDING.site)
ADA = PersonRecord(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),), name="Ada")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id)


async def inline(work):
    return work()


@asynccontextmanager
async def running(*runs):
    tasks = [asyncio.create_task(run) for run in runs]
    try:
        yield
        assert not [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def server(services, bus):
    return Intake(bus, services, LoopClock(asyncio.get_running_loop(), NOON), inline).run()


@pytest.fixture
def peopled(services):
    services.people.add([ADA], "test", NOON)
    services.badges.add([BADGE], "test", NOON)
    return services


@pytest.fixture
def scene(peopled, tmp_path):
    """Run `act(follower)` beside a server and a follower, in virtual time."""

    def play(act):
        async def live():
            bus = MemoryBus()
            follower = Follower(peopled, bus, tmp_path / "edge")
            async with running(server(peopled, bus), follower.run()):
                await asyncio.sleep(5)
                follower.heard.clear()
                await act(follower)

        run_virtually(live())

    return play


def suspend(services):
    services.badges.say(BADGE.id, BadgeVerb.SUSPEND, "test", NOON)


def test_a_change_goes_out_as_one_delta_and_nothing_else(peopled, scene):
    async def act(follower):
        suspend(peopled)
        await asyncio.sleep(0.05)
        assert follower.status_of(BADGE.id) is BadgeStatus.SUSPENDED
        await asyncio.sleep(60)
        assert follower.heard == [TOPICS.changes()]

    scene(act)


def test_whoever_missed_a_delta_is_sent_what_it_lacks_with_the_next(peopled, scene):
    async def act(follower):
        follower.deaf.add(TOPICS.changes())
        suspend(peopled)
        await asyncio.sleep(0.01)
        follower.deaf.clear()
        peopled.people.add([msgspec.structs.replace(ADA, id=PersonId("eve"))], "test", NOON)
        await asyncio.sleep(0.1)
        assert follower.heard == [TOPICS.changes(), TOPICS.missing(EDGE)]
        assert follower.status_of(BADGE.id) is BadgeStatus.SUSPENDED
        assert "eve" in follower.roster.people

    scene(act)


def test_whoever_missed_the_last_delta_is_sent_it_after_a_moment(peopled, scene):
    async def act(follower):
        follower.deaf.add(TOPICS.changes())
        suspend(peopled)
        await asyncio.sleep(2 * GRACE_S)
        assert follower.heard == [TOPICS.missing(EDGE)]
        assert follower.status_of(BADGE.id) is BadgeStatus.SUSPENDED

    scene(act)


def test_a_computer_that_comes_back_is_sent_what_happened_meanwhile(peopled, tmp_path):
    async def live():
        bus = MemoryBus()
        async with running(server(peopled, bus)):
            async with running(Follower(peopled, bus, tmp_path / "edge").run()):
                await asyncio.sleep(5)
            suspend(peopled)
            await asyncio.sleep(5)
            back = Follower(peopled, bus, tmp_path / "edge")
            async with running(back.run()):
                await asyncio.sleep(0.05)
                assert back.status_of(BADGE.id) is BadgeStatus.SUSPENDED
                assert back.heard == [TOPICS.snapshot(EDGE), TOPICS.missing(EDGE)]

    run_virtually(live())


def test_a_new_computer_begins_with_a_snapshot_that_is_minutes_old_at_most(peopled, scene):
    async def act(follower):
        suspend(peopled)
        await asyncio.sleep(RETAIN_AFTER_S + 5)
        assert follower.heard == [TOPICS.changes(), TOPICS.snapshot(EDGE)]
        assert follower.status_of(BADGE.id) is BadgeStatus.SUSPENDED

    scene(act)


def test_who_says_again_and_again_that_it_lacks_something_is_looked_after_once(peopled):
    async def live():
        clock, works = LoopClock(asyncio.get_running_loop(), NOON), []

        async def slow_database(work):
            works.append(work)
            await clock.sleep(2)
            return work()

        bus, dispatch = MemoryBus(), Dispatch(peopled.publisher, clock, slow_database)
        async with (
            bus.connect("edge", [TOPICS.snapshot(EDGE)]) as edge,
            bus.connect("server") as line,
            running(dispatch.run(line)),
        ):
            newest = wire.read((await edge.receive()).payload, peopled.publisher.public_key).version
            await clock.sleep(10)
            works.clear()
            for _ in range(20):
                dispatch.heard(EDGE, Status(Line.ONLINE, NOON, snapshot=newest, lacks=newest + 1))
            await clock.sleep(60)
            assert len(works) == 1

    run_virtually(live())


def test_deltas_do_not_reach_back_behind_the_newest_snapshots(peopled):
    """Over a restored copy of the database they would leave at a door what the copy does not hold."""
    old = peopled.publisher.publish(NOON).version
    newest = peopled.publisher.publish(NOON).version
    suspend(peopled)
    (rest,) = peopled.publisher.missing(EDGE, newest, NOON).messages
    (whole,) = peopled.publisher.missing(EDGE, old, NOON).messages
    assert (rest.topic, rest.retain) == (TOPICS.missing(EDGE), False)
    assert (whole.topic, whole.retain) == (TOPICS.snapshot(EDGE), True)
    assert len(rest.payload) < len(whole.payload)
    assert peopled.publisher.missing(EDGE, newest + 10**6, NOON) is None
    assert peopled.publisher.since(old, NOON) is None
    assert [badge.id for badge in peopled.publisher.since(newest, NOON).badges] == [BADGE.id]


def test_what_was_committed_before_the_server_died_goes_out_after(peopled):
    """Told to nobody: the process that committed it is gone."""
    peopled.publisher.has_gone_out(peopled.publisher.publish(NOON))
    with peopled.database.writing() as session:
        changes.record(session, NOON, badges=[BADGE.id])
    publication = peopled.publisher.changes(NOON)
    assert publication is not None
    again = peopled.publisher.changes(NOON)
    assert again == publication
    peopled.publisher.has_gone_out(publication)
    assert peopled.publisher.changes(NOON) is None


def test_a_change_that_was_rolled_back_is_not_in_the_outbox(peopled):
    peopled.publisher.has_gone_out(peopled.publisher.publish(NOON))
    with pytest.raises(Invalid, match="no tier"):
        peopled.people.add([msgspec.structs.replace(ADA, id=PersonId("bob"), tiers=("no",))], "test", NOON)
    with suppress(ZeroDivisionError), peopled.database.writing() as session:
        changes.record(session, NOON, badges=[BADGE.id])
        _ = 1 / 0
    assert peopled.publisher.changes(NOON) is None


def test_snapshots_that_a_dead_server_made_and_never_sent_are_made_anew(peopled):
    peopled.publisher.has_gone_out(peopled.publisher.publish(NOON))
    lost = peopled.publisher.publish(NOON)
    suspend(peopled)
    found = peopled.publisher.changes(NOON)
    assert found.version > lost.version
    assert {message.topic for message in found.messages} == {TOPICS.snapshot(source) for source in SCOPES}


def test_old_changes_are_forgotten_once_snapshots_have_them(peopled):
    peopled.publisher.publish(NOON)
    suspend(peopled)
    later = NOON + timedelta(days=1)
    with peopled.database.writing() as session:
        assert changes.forget(session, later) == 2
        assert changes.forget(session, later) == 0
    peopled.publisher.publish(NOON)
    with peopled.database.writing() as session:
        assert changes.forget(session, NOON) == 0
        assert changes.forget(session, later) == 1


def test_the_first_rights_that_somebody_lacks_have_a_time(peopled):
    version = peopled.publisher.publish(NOON).version
    assert peopled.publisher.first_after(version) is None
    for minutes in (3, 9):
        at = NOON + timedelta(minutes=minutes)
        verb = BadgeVerb.SUSPEND if minutes == 3 else BadgeVerb.ACTIVATE
        peopled.badges.say(BADGE.id, verb, "test", at)
    assert peopled.publisher.first_after(version) == NOON + timedelta(minutes=3)


_PEOPLE = st.sampled_from([PersonId(name) for name in ("ada", "bob", "eve")])
_STEP = st.one_of(
    st.tuples(st.just("enrol"), _PEOPLE),
    st.tuples(st.just("suspend"), _PEOPLE),
    st.tuples(st.just("grant"), _PEOPLE, st.sampled_from(["room", "hall"])),
    st.tuples(st.just("badge"), _PEOPLE),
    st.tuples(st.just("verb"), _PEOPLE, st.sampled_from(list(BadgeVerb))),
    st.tuples(st.just("lose"), st.booleans()),
    st.tuples(st.just("restart")),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_STEP, max_size=25))
def test_whatever_is_done_and_lost_a_door_ends_with_what_a_new_snapshot_says(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("rights")
    services = open_services("sqlite://", BUILDING, POLICY, SCOPES, folder / "site.key")

    async def live():
        bus = MemoryBus()
        follower = Follower(services, bus, folder / "edge")
        async with running(server(services, bus)):
            task = asyncio.create_task(follower.run())
            for step in steps:
                if step[0] == "restart":
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
                    follower = Follower(services, bus, folder / "edge")
                    task = asyncio.create_task(follower.run())
                else:
                    do(services, follower, *step)
                await asyncio.sleep(0.02)
            follower.deaf.clear()
            await asyncio.sleep(30)
            (whole, _) = services.publisher.refresh(NOON).messages
            expected = wire.read(whole.payload, services.publisher.public_key)
            assert follower.rights.lacks is None
            assert follower.version == expected.version
            assert follower.roster == expected.roster
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    run_virtually(live())
    services.close()


def do(services, follower, what, *about):
    """Do one thing, where it makes sense; where it does not the services refuse it."""
    with suppress(TotemError):
        if what == "enrol":
            services.people.add([msgspec.structs.replace(ADA, id=about[0])], "test", NOON)
        elif what == "suspend":
            services.people.change(
                about[0], lambda it: msgspec.structs.replace(it, suspended=True), "test", NOON
            )
        elif what == "grant":
            grant = Grant(
                GrantId(f"g-{about[0]}"), NOON, NOON + timedelta(days=1), spaces=(SpaceId(about[1]),)
            )
            services.people.change(
                about[0], lambda it: msgspec.structs.replace(it, grants=(grant,)), "test", NOON
            )
        elif what == "badge":
            badge = BadgeRecord(BadgeId(about[0].encode().hex() + "00"), BadgeKind.UID, about[0])
            services.badges.add([badge], "test", NOON)
        elif what == "verb":
            services.badges.say(BadgeId(about[0].encode().hex() + "00"), about[1], "test", NOON)
        elif what == "lose":
            follower.deaf = {TOPICS.changes(), TOPICS.missing(EDGE)} if about[0] else set()
