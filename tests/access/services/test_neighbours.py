"""Programs on one database hear of each other: rights, rules and whoever lost theirs, in a quarter of a second."""

import asyncio
from contextlib import ExitStack, asynccontextmanager, closing
from datetime import timedelta

import pytest
from starlette.types import Message

from access.authorize.authorizer import AUTHORIZER
from access.bus.memory import MemoryBus
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.decisions import Question
from access.services.doors import Act
from access.services.events import Filter
from access.services.examination import files_of
from access.services.imports import from_csv
from access.services.intake import Intake
from access.services.neighbours import LOOK_EVERY_S, Neighbours
from access.services.outbox import RightsChanged
from access.services.rights import Role, Scope
from access.site.authorizer import AuthorizerProcess
from access.site.pace import inline
from access.site.web import Web
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, DoorId, ReaderId
from policies.loader import load
from policies.request import Assurance
from policies.roster import BadgeKind
from readers.clock import SystemClock
from readers.journal import Durability, FileJournal
from readers.wire import delta as deltas
from readers.wire import snapshot
from readers.wire.topics import Topics
from tests.asgi_client import scope_of
from tests.disk import full_disk
from tests.policies import house
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES

AT_MOST_S = LOOK_EVERY_S + 0.01
PEOPLE = b"external_id,name,type\nHR-1,Ada Lovelace,staff\n"


@pytest.fixture
def program(sqlite_url, tmp_path):
    """Return a function that opens the site as one more program on the same database."""
    with ExitStack() as opened:

        def start():
            services = open_services(sqlite_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
            return opened.enter_context(closing(services))

        yield start


@asynccontextmanager
async def serving(services):
    """Run what hears of other programs beside the line to a bus, as `totem serve` does."""
    clock, bus = LoopClock(asyncio.get_running_loop(), NOON), MemoryBus()
    parts = (Intake(bus, services, clock, inline), Neighbours(services, clock, inline))
    tasks = [asyncio.create_task(part.run()) for part in parts]
    await clock.sleep(1)
    try:
        yield clock, bus
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def test_what_an_import_on_the_command_line_changes_is_on_its_way_to_doors_within_a_second(program):
    server, command_line = program(), program()

    async def scene():
        async with (
            serving(server) as (clock, bus),
            bus.connect("door", (Topics(BUILDING.site).changes(),)) as door,
        ):
            wanted, faults = from_csv(PEOPLE, "Europe/Paris")
            began = clock.now()
            command_line.imports.apply(wanted, faults, PEOPLE, "command line", NOON)
            message = await door.receive()
            return deltas.read(message.payload, server.publisher.public_key), clock.now() - began

    delta, took = run_virtually(scene())
    assert [person.type.value for person in delta.people] == ["staff"]
    assert delta.version == command_line.publisher.version()
    assert took.total_seconds() <= AT_MOST_S


def test_a_lockdown_that_another_program_begins_or_ends_stands_on_the_pages_here_within_a_second(program):
    server, other = program(), program()

    async def scene():
        async with serving(server) as (clock, _):
            other.doors.lock_down(None, None, Act("c-1", "guard", "intruder", NOON))
            await clock.sleep(AT_MOST_S)
            begun = server.doors.standing.at(clock.now())
            other.doors.end_lockdown(None, Act("c-2", "guard", "all clear", NOON))
            await clock.sleep(AT_MOST_S)
            return begun, server.doors.standing.at(clock.now())

    begun, after = run_virtually(scene())
    assert [(one.space, one.actor) for one in begun] == [(None, "guard")]
    assert after == ()


def test_a_lockdown_that_began_while_this_program_started_stands_on_its_pages(program):
    server, other = program(), program()
    other.doors.lock_down(None, None, Act("c-1", "guard", "intruder", NOON))
    Neighbours(server, SystemClock(), inline)
    assert [one.actor for one in server.doors.standing.at(NOON)] == ["guard"]


def test_a_lockdown_stands_until_its_end_time_and_through_a_restart(program):
    server = program()
    server.doors.lock_down(None, NOON + timedelta(hours=1), Act("c-1", "guard", "intruder", NOON))
    for one in (server, program()):
        assert len(one.doors.standing.at(NOON + timedelta(minutes=59))) == 1
        assert one.doors.standing.at(NOON + timedelta(hours=1)) == ()


def test_one_change_of_its_own_goes_out_once(program):
    server = program()

    async def scene():
        async with (
            serving(server) as (clock, bus),
            bus.connect("door", (Topics(BUILDING.site).changes(),)) as door,
        ):
            server.badges.add([BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, None)], "test", NOON)
            await door.receive()
            again = asyncio.create_task(door.receive())
            await clock.sleep(3)
            return again.cancel()

    told: list[RightsChanged] = []
    server.rights.listen(told.append)
    assert run_virtually(scene())
    assert [news.version for news in told].count(server.publisher.version()) == 1


def test_two_servers_do_not_make_each_other_s_snapshots_anew(program):
    here, there = program(), program()

    async def scene():
        async with serving(here) as (clock, _), serving(there):
            here.rights.listen(told.append)
            await clock.sleep(5)
            first = here.publisher.publish(NOON).version  # and it takes long to send
            await clock.sleep(5)
            return first

    told: list[RightsChanged] = []
    first = run_virtually(scene())
    assert here.publisher.version() == there.publisher.version() == first
    assert all(not news.goes_out for news in told if news.version == first)


def test_an_operator_whom_another_server_removed_sees_no_more_of_an_open_stream(program):
    here, there = program(), program()

    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        neighbours = Neighbours(here, clock, inline)
        web = Web(here, clock.now, None, lambda: True)
        here.operators.create("grace", Role.VIEWER, "test", NOON)
        once = here.sessions.admit("grace", NOON)
        token = here.sessions.set_password(once.token, "several plain words", NOON).token
        looking = asyncio.create_task(neighbours.run())
        opened = asyncio.Event()
        stream = asyncio.create_task(follow(web.app, f"totem_session={token}", opened))
        await opened.wait()
        there.operators.remove("grace", "boss", NOON)
        done, _ = await asyncio.wait({stream}, timeout=AT_MOST_S)
        looking.cancel()
        stream.cancel()
        return done

    assert run_virtually(scene())


def test_a_key_that_another_program_revoked_ends_its_streams_and_opens_nothing(program):
    here, there = program(), program()
    here.keys.create("wall", (Scope.OCCUPANCY_READ.value,), "test", NOON)
    (key,) = here.keys.page()
    gone: list[str] = []
    here.departures.listen(gone.append)
    neighbours = Neighbours(here, SystemClock(), inline)
    there.keys.revoke(key.id, "boss", NOON)
    neighbours.look()
    assert gone == [f"key:{key.id}"]
    neighbours.look()
    assert gone == [f"key:{key.id}"]


async def follow(app, cookie, opened):
    """Follow the event stream of counts until the server ends it."""
    never = asyncio.Event()
    sent: list[Message] = []

    async def receive():
        if sent:
            await never.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)
        opened.set()

    headers = [(b"cookie", cookie.encode()), (b"host", b"totem.test")]
    scope = scope_of("GET", "/v1/stream/occupancy", headers)
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return sent


# ------------------------------------------------------------------------------------------------ rules


@pytest.fixture
def ruled(sqlite_url, tmp_path):
    """Return a function that opens a house from its files as one more program on the same database."""
    house.write(tmp_path)
    building, policy = load(tmp_path)
    with ExitStack() as opened:

        def start():
            url, sources = sqlite_url, {EDGE: (DoorId("front"),), AUTHORIZER: ()}
            site = open_services(
                url, building, policy, sources, tmp_path / "site.key", files=files_of(tmp_path)
            )
            return opened.enter_context(closing(site))

        yield start


def activate(site):
    changed = house.POLICY.replace('assurance = "sun"', 'assurance = "uid"')
    assert changed != house.POLICY
    proposed = site.policies.propose({"policy.toml": changed}, "less proof", "boss", NOON)
    return site.policies.activate(proposed.seq, "boss", NOON).version


def test_rules_that_another_server_activated_are_in_what_this_one_publishes(ruled):
    here, there = ruled(), ruled()
    neighbours = Neighbours(here, SystemClock(), inline)
    old = here.policy.version
    new = activate(there)
    assert here.policy.version == old
    neighbours.look()
    assert here.policy.version == new != old
    (message,) = (one for one in here.publisher.publish(NOON).messages if f"/{EDGE}" in one.topic)
    assert snapshot.read(message.payload, here.publisher.public_key).policy.version == new


def test_rules_that_another_server_activated_while_the_disk_was_full_are_taken_up_later(ruled):
    here, there = ruled(), ruled()
    old = here.policy.version

    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        looking = asyncio.create_task(Neighbours(here, clock, inline).run())
        await clock.sleep(0)
        new = activate(there)
        with full_disk():
            await clock.sleep(AT_MOST_S)
        assert (looking.done(), here.policy.version) == (False, old)
        await clock.sleep(AT_MOST_S)
        looking.cancel()
        return new

    new = run_virtually(scene())
    assert here.policy.version == new != old


def test_an_authorizer_in_a_process_of_its_own_decides_by_rules_that_the_server_activated(ruled, tmp_path):
    server, own = ruled(), ruled()

    async def scene():
        clock, bus = LoopClock(asyncio.get_running_loop(), NOON), MemoryBus()
        with closing(
            FileJournal(tmp_path / "journal", AUTHORIZER, clock.now, Durability.BUFFERED)
        ) as journal:
            process = AuthorizerProcess(own, journal, bus, clock, inline)
            intake = Intake(bus, server, clock, inline)
            tasks = [asyncio.create_task(each) for each in (intake.run(), *process.tasks())]
            await clock.sleep(1)
            new = activate(server)
            await clock.sleep(AT_MOST_S)
            tap = Question(ReaderId("front-in"), BadgeKind.UID, BadgeId("04aabbcc"), Assurance.UID)
            await process.authorizer.decide(tap, clock.now())
            await clock.sleep(1)
            (decided,) = server.events.newest(Filter())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            process.close()
            return new, decided.policy_version

    new, deciding = run_virtually(scene())
    assert deciding == new


def test_a_database_that_is_away_for_a_while_is_looked_at_again(program):
    server, command_line = program(), program()
    told: list[RightsChanged] = []
    server.rights.listen(told.append)

    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        looking = asyncio.create_task(Neighbours(server, clock, inline).run())
        command_line.badges.add([BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, None)], "test", NOON)
        with server.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE site RENAME TO away")
        await clock.sleep(1)
        assert told == []
        with server.database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO site")
        await clock.sleep(AT_MOST_S)
        looking.cancel()

    run_virtually(scene())
    assert [news.version for news in told] == [server.publisher.version()]
