"""Who may answer: one alone over SQLite, and over PostgreSQL whoever's turn it is, about what it can know."""

import asyncio
from contextlib import closing

import pytest
from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from access.authorize.tenure import unrivalled
from access.bus.memory import MemoryBus
from access.errors import SettingsError, StandingBy
from access.site.authorizer import AuthorizerProcess, Post
from access.site.pace import inline
from access.store.database import open_database
from emulators.clock import LoopClock, run_virtually
from policies.building import Reader
from policies.decision import Effect, Reason
from policies.ids import DoorId, ReaderId, SourceId, SpaceId
from policies.request import Assurance, Direction
from readers.journal import Durability, FileJournal
from readers.wire.bus import BusDown, Message
from readers.wire.events import GENESIS, Draft, EventType, parse, seal
from readers.wire.reservations import Reserve
from readers.wire.topics import Topics
from tests.access.authorize.two_doors import (
    BY_ROOM,
    BY_SIDE,
    LASTS,
    MOMENT,
    ROOM,
    SOURCE,
    TWO_DOORS,
    site,
    tap,
)
from tests.small_site import EDGE, NOON, SCOPES

BY_FRONT, OUT_OF_ROOM = ReaderId("front-in"), ReaderId("room-out")
WITH_EXIT = replace(
    TWO_DOORS,
    readers=TWO_DOORS.readers | {OUT_OF_ROOM: Reader(OUT_OF_ROOM, DoorId("room"), Direction.EXIT)},
)
PEER = SourceId("authorizer-2")


class Turn:
    """A tenure whose turns a test gives and takes; `lasts` answers are left of it."""

    def __init__(self, *, all_taps=True, plain=True, lasts=1_000):
        self.epoch, self.all_taps, self.plain, self.lasts = 7, all_taps, plain, lasts

    def may_answer(self):
        return self._take() and self.all_taps

    def may_answer_plain(self):
        return self._take() and self.plain

    def _take(self):
        self.lasts -= 1
        return self.lasts >= 0


@pytest.fixture
def services(tmp_path):
    opened = site(tmp_path, WITH_EXIT)
    yield opened
    opened.close()


def ask(authorizer, who, reader, at=NOON):
    return asyncio.run(authorizer.decide(tap(who, reader), at))


def kinds(journal):
    return [parse(line).type for line in journal.pending(100)]


# ---- alone over SQLite


def test_a_second_authorizer_over_one_sqlite_database_is_refused_by_name(sqlite_url):
    first, second = open_database(sqlite_url), open_database(sqlite_url)
    with (
        closing(first),
        closing(second),
        unrivalled(first, SOURCE, NOON),
        pytest.raises(SettingsError, match=r"totem\.db: process \d+ answers taps .*totem\.db\.authorizer"),
        unrivalled(second, PEER, NOON),
    ):
        pass


def test_whoever_comes_after_it_has_a_higher_epoch_whatever_its_clock_says(sqlite_url):
    epochs = []
    for at in (NOON, NOON, NOON - LASTS):
        with closing(open_database(sqlite_url)) as database, unrivalled(database, SOURCE, at) as tenure:
            epochs.append(tenure.epoch)
    assert epochs == sorted(set(epochs))


# ---- in turn


def test_out_of_turn_nothing_is_answered_and_nothing_kept(services, journal):
    authorizer = Authorizer(services, journal, Turn(all_taps=False, plain=False))
    for reader in (BY_FRONT, BY_ROOM, OUT_OF_ROOM):
        with pytest.raises(StandingBy):
            ask(authorizer, "ada", reader)
    assert kinds(journal) == []


def test_before_it_has_heard_who_is_where_only_those_are_answered_for_whom_it_does_not_matter(
    services, journal
):
    authorizer = Authorizer(services, journal, Turn(all_taps=False))
    assert ask(authorizer, "ada", BY_FRONT).effect is Effect.GRANT
    assert ask(authorizer, "ada", OUT_OF_ROOM).effect is Effect.GRANT
    with pytest.raises(StandingBy):
        ask(authorizer, "ada", BY_ROOM)
    asked = Reserve(BY_ROOM, tap("ada", BY_ROOM).badge, Assurance.AUTHENTICATED)
    with pytest.raises(StandingBy):
        asyncio.run(authorizer.reserve(asked, NOON, arrived=0.0))


def test_every_answer_names_the_epoch(services, journal):
    assert ask(Authorizer(services, journal, Turn()), "ada", BY_ROOM).epoch == 7


def test_one_whose_term_ends_while_it_keeps_a_grant_takes_it_back(services, journal):
    async def scene():
        authorizer = Authorizer(services, journal, Turn(lasts=1))
        answer = await authorizer.decide(tap("ada", BY_ROOM), NOON)
        await asyncio.sleep(0)  # what it notes is written with the next turn of the loop
        return answer

    answer = asyncio.run(scene())
    assert (answer.effect, answer.reason) == (Effect.DENY, Reason.VERIFICATION_TIMEOUT)
    assert kinds(journal) == [EventType.DECISION, EventType.NO_ENTRY]


def test_a_tap_that_is_taken_back_leaves_the_seat_that_an_earlier_one_took(services, tmp_path):
    turn, at = Turn(lasts=3), NOON + MOMENT
    with closing(FileJournal(tmp_path / "j", SOURCE, lambda: NOON, Durability.BUFFERED)) as journal:
        authorizer = Authorizer(services, journal, turn)

        async def scene():
            first = await authorizer.decide(tap("ada", BY_ROOM), NOON)
            again = await authorizer.decide(tap("ada", BY_ROOM), at)
            await asyncio.sleep(0)
            turn.lasts = 1_000
            return first.effect, again.effect, (await authorizer.decide(tap("bob", BY_SIDE), at)).reason

        full = Reason.UPPER_OCCUPANCY_LIMIT
        assert asyncio.run(scene()) == (Effect.GRANT, Effect.DENY, full)
        assert ask(Authorizer(services, journal), "bob", BY_SIDE, at).reason is full


# ---- what others give away


def peer_says(kind, who, at, seq, *, source=PEER, reader=BY_SIDE, effect=None, decision=None):
    door = TWO_DOORS.readers[reader].door
    draft = Draft(
        at, kind, door, reader, ROOM.id, SpaceId("hall"), effect=effect, decision=decision, person=who
    )
    return parse(seal(draft, source, 1, seq, GENESIS, "salt").line)


@pytest.fixture
def standby(services, journal):
    return Authorizer(services, journal, Turn(), frozenset({PEER}))


def test_a_seat_that_a_peer_gave_is_given_to_nobody_else_until_its_time_is_over(standby):
    standby.hear([peer_says(EventType.RESERVED, "ada", NOON, 1, effect=Effect.GRANT)])
    assert ask(standby, "bob", BY_ROOM, NOON + MOMENT).reason is Reason.UPPER_OCCUPANCY_LIMIT
    assert ask(standby, "bob", BY_ROOM, NOON + LASTS).reason is Reason.GRANTED


def test_a_seat_whose_holder_has_entered_is_not_held_again_by_a_word_that_comes_late(standby):
    at = NOON + MOMENT
    standby.hear([peer_says(EventType.PASSAGE, "ada", at, 1, source=EDGE)])
    standby.hear([peer_says(EventType.RESERVED, "ada", NOON, 1, effect=Effect.GRANT)])
    away = peer_says(EventType.PERSON_REMOVED, "ada", at + MOMENT, 2, source=EDGE)
    standby.hear([away])
    assert ask(standby, "bob", BY_ROOM, at + 2 * MOMENT).reason is Reason.GRANTED


def test_what_a_peer_refused_takes_no_seat(standby):
    standby.hear([peer_says(EventType.RESERVED, "ada", NOON, 1, effect=Effect.DENY)])
    assert ask(standby, "bob", BY_ROOM, NOON + MOMENT).reason is Reason.GRANTED


def test_a_seat_is_told_to_the_peers_before_its_taker_hears_of_it(standby):
    told = []

    async def tell(line):
        told.append(parse(line).id)

    standby.turn.tell_peers = tell
    answer = ask(standby, "ada", BY_ROOM)
    assert told == [answer.event]
    assert ask(standby, "ada", BY_FRONT).effect is Effect.GRANT
    assert len(told) == 1


def test_peers_hear_of_an_entry_that_no_contact_reports(tmp_path):
    open_room = replace(TWO_DOORS.doors[DoorId("room")], contact=False)
    services = site(tmp_path, replace(WITH_EXIT, doors=WITH_EXIT.doors | {open_room.id: open_room}))
    told = []

    async def scene(journal):
        both = asyncio.Event()

        async def tell(line):
            told.append(parse(line).type)
            if len(told) > 1:
                both.set()

        authorizer = Authorizer(services, journal, Turn(), frozenset({PEER}))
        authorizer.turn.tell_peers = tell
        await authorizer.decide(tap("ada", BY_ROOM), NOON)
        async with asyncio.timeout(10):
            await both.wait()

    with closing(FileJournal(tmp_path / "j", SOURCE, lambda: NOON, Durability.BUFFERED)) as journal:
        asyncio.run(scene(journal))
    services.close()
    assert told == [EventType.DECISION, EventType.PASSAGE]


def test_a_seat_is_given_though_nobody_can_be_told(standby):
    async def tell(_line):
        raise BusDown("no broker")

    standby.turn.tell_peers = tell
    assert ask(standby, "ada", BY_ROOM).effect is Effect.GRANT


def test_over_the_bus_a_peer_knows_of_a_seat_long_before_the_journal_tells(tmp_path):
    def process(name, own, others, bus, clock):
        journal = FileJournal(tmp_path / name, own, clock.now, Durability.BUFFERED)
        opened = site(tmp_path, sources=SCOPES | {SOURCE: (), PEER: ()})
        post = Post(own, Turn(), frozenset(others))
        loop = asyncio.get_running_loop()
        return opened, journal, AuthorizerProcess(opened, journal, bus, clock, inline, post, loop.time)

    async def scene():
        clock, bus = LoopClock(asyncio.get_running_loop(), NOON), MemoryBus()
        parts = [process("a", SOURCE, {PEER}, bus, clock), process("b", PEER, {SOURCE}, bus, clock)]
        tasks = [asyncio.create_task(each) for _, _, one in parts for each in one.tasks()]
        await clock.sleep(1)
        first, second = (one.authorizer for _, _, one in parts)
        given = await first.decide(tap("ada", BY_ROOM), clock.now())
        await clock.sleep(0.01)  # a tenth of what the journal waits for on its own way there
        refused = await second.decide(tap("bob", BY_SIDE), clock.now())
        async with bus.connect("stranger") as line:
            await line.publish(Message(Topics(TWO_DOORS.site).seats(SOURCE), b"mark nonsense"))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for opened, journal, one in parts:
            one.close()
            journal.close()
            opened.close()
        return given.reason, refused.reason

    assert run_virtually(scene()) == (Reason.GRANTED, Reason.UPPER_OCCUPANCY_LIMIT)
