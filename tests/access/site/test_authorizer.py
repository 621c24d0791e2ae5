"""An authorizer in a process of its own: it hears the doors and the changes of rights, and reports what it decided."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager

import pytest
from sqlalchemy import text

from access.authorize.authorizer import AUTHORIZER
from access.bus.memory import MemoryBus
from access.services import open_services
from access.services.badges import BadgeVerb
from access.services.doors import Act
from access.services.events import Filter
from access.services.examination import files_of
from access.services.intake import Intake
from access.site.authorizer import AuthorizerProcess
from access.site.pace import inline
from access.store.models import EventRow
from emulators.clock import LoopClock, run_virtually
from policies.decision import Reason
from policies.ids import BadgeId, SpaceId
from policies.loader import load
from readers.journal import Durability, FileJournal
from readers.wire.bus import Message
from readers.wire.events import GENESIS, Draft, EventType, seal
from readers.wire.topics import Topics
from tests import mill
from tests.access.authorize.two_doors import BY_ROOM, BY_SIDE, ROOM, TWO_DOORS, site, tap
from tests.small_site import EDGE, NOON, SCOPES


class Apart:
    """The server's intake and an authorizer, each with services of its own over one database and one bus."""

    def __init__(self, folder, clock):
        self.clock, self.bus = clock, MemoryBus()
        self.server, own = (site(folder, sources=SCOPES | {AUTHORIZER: ()}) for _ in range(2))
        self.intake = Intake(self.bus, self.server, clock, inline)
        self.journal = FileJournal(folder / "journal", AUTHORIZER, clock.now, Durability.BUFFERED)
        self.process = AuthorizerProcess(own, self.journal, self.bus, clock, inline)
        self._own = own

    async def ask(self, who, reader):
        answer = await self.process.authorizer.decide(tap(who, reader), self.clock.now())
        return answer.reason

    async def report(self, kind, who, door):
        draft = Draft(self.clock.now(), kind, door, None, ROOM.id, SpaceId("hall"), person=who)
        line = seal(draft, EDGE, 1, 1, GENESIS, "salt").line
        async with self.bus.connect("edge") as edge:
            await edge.publish(Message(Topics(TWO_DOORS.site).events(EDGE), line))
        await self.clock.sleep(0.01)

    def cut_off(self):
        """Let the authorizer's line to the bus break; it comes back in a second."""
        self.bus.sever(Topics(TWO_DOORS.site).client(f"{AUTHORIZER}-hearing"))

    @contextmanager
    def without_events(self):
        """Have nobody read an event meanwhile: the database answers no question about them."""
        name = EventRow.__tablename__
        self._say(f"ALTER TABLE {name} RENAME TO hidden")
        yield
        self._say(f"ALTER TABLE hidden RENAME TO {name}")

    def _say(self, statement):
        with self.server.database.writing() as session:
            session.execute(text(statement))

    def close(self):
        self.process.close()
        self.journal.close()
        self.server.close()
        self._own.close()


@asynccontextmanager
async def apart(folder):
    clock = LoopClock(asyncio.get_running_loop(), NOON)
    with closing(Apart(folder, clock)) as site_apart:
        running = (site_apart.intake.run(), *site_apart.process.tasks())
        tasks = [asyncio.create_task(each) for each in running]
        await clock.sleep(1)
        try:
            yield site_apart
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def test_its_decisions_reach_the_store_by_the_bus_once_and_are_forgotten_when_acknowledged(tmp_path):
    async def scene():
        async with apart(tmp_path) as there:
            await there.ask("ada", BY_ROOM)
            await there.clock.sleep(1)
            return there.server.events.newest(Filter()), there.journal.pending(10)

    stored, pending = run_virtually(scene())
    assert [(event.source, event.reason) for event in stored] == [(AUTHORIZER, Reason.GRANTED)]
    assert pending == []


def test_what_a_door_reports_counts_before_anybody_asks_the_store(tmp_path):
    async def scene():
        async with apart(tmp_path) as there:
            await there.report(EventType.PASSAGE, "ada", "room")
            return await there.ask("bob", BY_SIDE)

    assert run_virtually(scene()) is Reason.UPPER_OCCUPANCY_LIMIT


@pytest.mark.parametrize("is_cut_off_again", [False, True])
def test_what_a_door_reported_while_the_line_was_down_is_read_as_soon_as_the_store_answers(
    tmp_path, is_cut_off_again
):
    async def scene():
        async with apart(tmp_path) as there:
            there.cut_off()
            await there.report(EventType.PASSAGE, "ada", "room")
            with there.without_events():
                await there.clock.sleep(10)
                if is_cut_off_again:
                    await there.clock.sleep(700)
                    there.cut_off()
            await there.clock.sleep(5)
            return await there.ask("bob", BY_SIDE)

    assert run_virtually(scene()) is Reason.UPPER_OCCUPANCY_LIMIT


def test_a_revocation_at_the_server_is_known_here_within_a_moment(tmp_path):
    async def scene():
        async with apart(tmp_path) as there:
            before = await there.ask("ada", BY_ROOM)
            there.server.badges.say(BadgeId("chip-ada"), BadgeVerb.REVOKE, "test", NOON)
            await there.clock.sleep(0.1)
            return before, await there.ask("ada", BY_ROOM)

    assert run_virtually(scene()) == (Reason.GRANTED, Reason.CREDENTIAL_DISABLED)


def test_a_policy_that_is_begun_by_two_programs_at_once_is_begun_once(tmp_path, database_url):
    directory = mill.write(tmp_path / "mill")
    building, rules = load(directory)

    def begin(number):
        files = files_of(directory)
        opened = open_services(database_url, building, rules, {}, tmp_path / "key", files=files)
        opened.close()
        return number

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(begin, range(4))) == [0, 1, 2, 3]


def test_garbage_on_the_bus_changes_nothing(tmp_path):
    async def scene():
        async with apart(tmp_path) as there:
            async with there.bus.connect("edge") as edge:
                await edge.publish(Message(Topics(TWO_DOORS.site).events(EDGE), b"{}\nnonsense"))
            await there.clock.sleep(0.1)
            return await there.ask("ada", BY_ROOM)

    assert run_virtually(scene()) is Reason.GRANTED


def test_a_lockdown_holds_for_controllers_too(tmp_path):
    async def scene():
        async with apart(tmp_path) as there:
            at = there.clock.now()
            there.server.doors.lock_down(None, None, Act("l1", "test", "drill", at))
            await there.clock.sleep(0.1)
            during = await there.ask("ada", BY_ROOM)
            there.server.doors.end_lockdown(None, Act("l2", "test", "over", there.clock.now()))
            await there.clock.sleep(0.1)
            return during, await there.ask("ada", BY_ROOM)

    assert run_virtually(scene()) == (Reason.THREAT_LEVEL, Reason.GRANTED)
