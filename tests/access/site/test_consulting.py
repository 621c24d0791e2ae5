"""A door computer asks the site's authorizer about what only the site knows, and has a fallback when none answers."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn
from msgspec.structs import replace

from access.api import create_app
from access.api.taps import Taps
from access.authorize.authorizer import AUTHORIZER, Authorizer
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.keyring import KeyRing
from access.services.people import PersonRecord
from access.site.beside import Beside
from access.site.http import listen
from emulators.clock import LoopClock, run_virtually
from policies.decision import Effect, Flag, Reason
from policies.ids import BadgeId, PersonId, SourceId, SpaceId
from policies.request import Assurance
from policies.roster import BadgeKind, ResidentType
from readers.authority import HttpAuthority
from readers.journal import Durability, FileJournal
from readers.wire.events import GENESIS, Draft, EventType, parse, seal
from readers.wire.reservations import AuthorizerAddress, Reserve
from tests.readers.daemon.desk import LAB, LAB_IN, SCOPE, START, building, desk, signed, snapshot

LAB_SPACE = SpaceId("lab")
FOR_ONE = replace(building().spaces[LAB_SPACE], capacity=1, enforced=True)
BUILT = replace(building(), spaces=building().spaces | {LAB_SPACE: FOR_ONE})
ASKED = Reserve(LAB_IN, BadgeId("04a1b2c3d4e5f6"), Assurance.UID)


@pytest.fixture
def services(tmp_path):
    scopes = {SCOPE: (LAB,), AUTHORIZER: ()}
    made = snapshot(built=BUILT)
    opened = open_services(f"sqlite:///{tmp_path}/totem.db", BUILT, made.policy, scopes, tmp_path / "key")
    people = [PersonRecord(PersonId(name), ResidentType.MAKER, name=name) for name in ("ada", "bob")]
    opened.people.add(people, "test", START)
    opened.badges.add([BadgeRecord(ASKED.badge, BadgeKind.UID, PersonId("ada"))], "test", START)
    yield opened
    opened.close()


@pytest.fixture
def journal(tmp_path):
    opened = FileJournal(tmp_path / "site-journal", AUTHORIZER, lambda: START, Durability.BUFFERED)
    yield opened
    opened.close()


@pytest.fixture
def authorizer(services, journal, monkeypatch):
    monkeypatch.setattr("access.authorize.attendant.DEADLINE_S", 10.0)  # a busy machine keeps it
    return Authorizer(services, journal)


class Silent(Beside):
    """An authorizer that does not answer."""

    async def reserve(self, asked):
        del asked
        await asyncio.sleep(0.05)


def beside(authorizer, kind=Beside):
    return kind(authorizer, lambda: START)


def tapped(folder, authority):
    """Tap Ada's badge at the lab; return whether the leaf gave way, and the decision as it is journaled."""

    async def scene():
        async with desk(folder, [signed(snapshot(built=BUILT))], BUILT) as at:
            at.daemon.consult(authority)
            opened = await at.tap()
            (decision,) = [event for event in at.events() if event.type is EventType.DECISION]
            return opened, decision

    return run_virtually(scene())


def come_in(authorizer, who):
    draft = Draft(START, EventType.PASSAGE, LAB, None, LAB_SPACE, SpaceId("street"), person=PersonId(who))
    authorizer.hear([parse(seal(draft, SourceId("edge-9"), 1, 1, GENESIS, "salt").line)])


def test_a_grant_of_both_is_whole_and_names_the_reservation(tmp_path, authorizer, journal):
    opened, decision = tapped(tmp_path, beside(authorizer))
    (reserved,) = [parse(line) for line in journal.pending(10)]
    assert opened
    assert (decision.reason, decision.flags) == (Reason.GRANTED, ())
    assert decision.inputs.reservation == reserved.id
    assert (reserved.type, reserved.person, reserved.reason) == (EventType.RESERVED, "ada", Reason.GRANTED)


def test_a_room_that_is_full_by_what_other_doors_report_stays_shut(tmp_path, authorizer):
    come_in(authorizer, "bob")
    opened, decision = tapped(tmp_path, beside(authorizer))
    assert not opened
    assert (decision.effect, decision.reason) == (Effect.DENY, Reason.UPPER_OCCUPANCY_LIMIT)
    assert decision.flags == ()


def test_without_an_answer_the_declared_fallback_holds_and_is_told(tmp_path, authorizer):
    come_in(authorizer, "bob")
    opened, decision = tapped(tmp_path, beside(authorizer, Silent))
    assert opened
    assert (decision.reason, decision.flags) == (Reason.GRANTED, (Flag.DEGRADED,))
    assert decision.inputs.reservation is None


# ---- the line itself, over real HTTP


@asynccontextmanager
async def served(app):
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def line_to(port, folder, secret, deadline_s=10.0, standby=(), kept=None):
    (folder / "reader.key").write_text(secret + "\n")
    address = AuthorizerAddress("127.0.0.1", port, str(folder / "reader.key"), standby=standby)
    clock = LoopClock(asyncio.get_running_loop(), START)
    authority = HttpAuthority(address, clock, deadline_s, kept)
    task = asyncio.create_task(authority.run())
    await authority.up.wait()
    try:
        yield authority
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_verdicts_come_over_one_kept_connection(tmp_path, services, authorizer):
    secret = services.keys.create("edge", ("reader:lab",), "test", START)
    app = create_app(services, lambda: START, authorizer)
    front = Taps(app, BUILT, authorizer, KeyRing(services.database), lambda: START)

    async def scene():
        async with served(front) as port, line_to(port, tmp_path, secret) as line:
            return [await line.reserve(ASKED) for _ in range(3)], line.unanswered

    verdicts, unanswered = asyncio.run(scene())
    assert [verdict.effect for verdict in verdicts] == [Effect.GRANT] * 3
    assert len({verdict.reservation for verdict in verdicts}) == 3
    assert unanswered == 0


ANSWERS = {
    "late": None,
    "refusing": b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}",
    "endless": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    "all head": b"HTTP/1.1 200 OK\r\nVia: " + 200_000 * b"x" + b"\r\n\r\n{}",
    "without a length": b"HTTP/1.1 200 OK\r\n\r\n",
    "nonsense": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{]}",
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_that_is_none_counts_as_none_and_ends_the_line(tmp_path, kind):
    async def scene():
        async def answer(reader, writer):
            await reader.read(100)
            if ANSWERS[kind] is not None:
                writer.write(ANSWERS[kind])
            await reader.read()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with line_to(port, tmp_path, "key", deadline_s=0.05 if kind == "late" else 10) as line:
                verdict = await line.reserve(ASKED)
                return verdict, line.unanswered, line.up.is_set()

    assert asyncio.run(scene()) == (None, 1, False)


@asynccontextmanager
async def authorizers(folder, *answers, deadline_s=10.0, kept=None):
    """Yield a line to so many authorizers, each of which gives its answers in turn and counts who connected."""
    connected, met = [0] * len(answers), [asyncio.Event() for _ in answers]

    def one(number):
        async def answer(reader, writer):
            connected[number] += 1
            met[number].set()
            while await reader.read(1000):
                said = answers[number].pop(0)
                if said is not None:
                    writer.write(said)
            writer.close()

        return answer

    async with AsyncExitStack() as stack:
        servers = [await asyncio.start_server(one(number), "127.0.0.1", 0) for number in range(len(answers))]
        first, *others = [
            (await stack.enter_async_context(server)).sockets[0].getsockname()[1] for server in servers
        ]
        standby = tuple(f"127.0.0.1:{port}" for port in others)
        authority = await stack.enter_async_context(
            line_to(first, folder, "key", deadline_s, standby=standby, kept=kept)
        )
        for each in met:
            await each.wait()
        yield authority, connected


def granted(epoch):
    body = b'{"effect":"grant","reason":"granted","epoch":%d}' % epoch
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


STANDING_BY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"


def test_an_authorizer_that_another_has_followed_is_not_believed(tmp_path):
    async def scene():
        async with authorizers(tmp_path, [granted(7), granted(6), granted(7)]) as (line, _):
            first, older = await line.reserve(ASKED), await line.reserve(ASKED)
            await line.up.wait()
            return first, older, await line.reserve(ASKED)

    first, older, again = asyncio.run(scene())
    assert first is not None
    assert older is None
    assert again is not None


def test_where_one_stands_by_the_other_is_asked_and_asked_first_from_then_on(tmp_path):
    async def scene():
        answers = [STANDING_BY], [granted(8), granted(8)]
        async with authorizers(tmp_path, *answers) as (line, connected):
            return [await line.reserve(ASKED) for _ in range(2)], connected, line.unanswered

    verdicts, connected, unanswered = asyncio.run(scene())
    assert [verdict.epoch for verdict in verdicts] == [8, 8]
    assert (connected, unanswered) == ([1, 1], 0)


def test_one_that_does_not_answer_costs_one_tap_and_is_asked_last_from_then_on(tmp_path):
    async def scene():
        async with authorizers(tmp_path, [None], [granted(8)], deadline_s=0.05) as (line, _):
            return await line.reserve(ASKED), await line.reserve(ASKED)

    silent, verdict = asyncio.run(scene())
    assert silent is None
    assert verdict.epoch == 8


def test_one_that_was_followed_is_not_believed_though_it_answers_first(tmp_path):
    async def scene():
        async with authorizers(tmp_path, [granted(7)], [granted(8)]) as (line, _):
            line.expect(8)
            return await line.reserve(ASKED)

    assert asyncio.run(scene()).epoch == 8


def test_the_newest_epoch_comes_through_a_restart(tmp_path):
    async def one_life(epoch):
        async with authorizers(tmp_path, [granted(epoch)], kept=tmp_path / "epoch") as (line, _):
            verdict = await line.reserve(ASKED)
            await asyncio.get_running_loop().shutdown_default_executor()
            return verdict

    assert asyncio.run(one_life(7)) is not None
    assert asyncio.run(one_life(6)) is None


def test_a_spoilt_epoch_file_keeps_no_door_shut(tmp_path):
    (tmp_path / "epoch").write_text("many")

    async def scene():
        async with authorizers(tmp_path, [granted(7)], kept=tmp_path / "epoch") as (line, _):
            return await line.reserve(ASKED)

    assert asyncio.run(scene()).epoch == 7


def test_rights_bring_the_epoch_below_which_nobody_is_believed(tmp_path, authorizer):
    epochs = []

    class Told(Silent):
        def expect(self, epoch):
            epochs.append(epoch)

    told = beside(authorizer, Told)

    async def scene():
        async with desk(tmp_path, [signed(replace(snapshot(built=BUILT), authorizer_epoch=9))], BUILT) as at:
            at.daemon.consult(told)

    run_virtually(scene())
    assert epochs == [9]


def test_a_line_that_the_other_side_closes_is_made_again_before_a_tap_finds_out(tmp_path):
    async def scene():
        again = asyncio.Event()
        lines = []

        async def answer(reader, writer):
            lines.append(writer)
            if len(lines) == 1:
                writer.close()
                return
            again.set()
            if await reader.read(1000):
                writer.write(granted(7))
            await reader.read()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with line_to(port, tmp_path, "key") as line:
                await again.wait()
                await line.up.wait()
                return await line.reserve(ASKED), line.unanswered

    verdict, unanswered = asyncio.run(scene())
    assert verdict is not None
    assert unanswered == 0


def test_no_tap_waits_for_a_connection(tmp_path):
    (tmp_path / "reader.key").write_text("key")
    address = AuthorizerAddress("127.0.0.1", 9, str(tmp_path / "reader.key"))

    async def scene():
        clock = LoopClock(asyncio.get_running_loop(), START)
        return await HttpAuthority(address, clock).reserve(ASKED)

    assert run_virtually(scene()) is None
