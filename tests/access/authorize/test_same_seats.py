"""Whatever happened, an authorizer that starts again and one that stood by give no seat that is taken.

Every short story of one person's taps, in time and too late, inwards and outwards, and of what doors report; then who
lived through it, the next life and a peer are asked whether somebody else may enter.
"""

import asyncio
from contextlib import closing
from itertools import product
from operator import le

import pytest
from msgspec.structs import replace

from access.authorize.authorizer import Authorizer
from policies.building import Reader
from policies.decision import Effect, Reason
from policies.ids import DoorId, ReaderId, SourceId
from policies.request import Direction
from readers.journal import Durability, FileJournal
from readers.wire.events import GENESIS, Draft, EventType, parse, seal
from tests.access.authorize.two_doors import LASTS, MOMENT, SOURCE, TWO_DOORS, site, tap
from tests.small_site import EDGE, NOON
from tests.soak import soaked

PEER = SourceId("authorizer-2")
OUT_OF_ROOM = ReaderId("room-out")
BUILT = replace(
    TWO_DOORS,
    readers=TWO_DOORS.readers | {OUT_OF_ROOM: Reader(OUT_OF_ROOM, DoorId("room"), Direction.EXIT)},
)
READERS = tuple(map(ReaderId, ("room-in", "side-in", "room-out", "side-out")))

TAPS = tuple(product(READERS, (False, True)))
STEPS = (*TAPS, EventType.PASSAGE, EventType.NO_ENTRY)
LENGTH = soaked(2, 3)


class Turn:
    """A tenure that a test ends while a tap is being kept."""

    epoch, is_over = 7, False

    def may_answer(self):
        return not self.is_over

    may_answer_plain = may_answer


class Story:
    """One authorizer's life. `told` is all that its peer hears: its journal, and the reports of the doors."""

    def __init__(self, services, folder):
        self.turn, self.at, self.told, self.reported = Turn(), NOON, [], 0
        self.journal = FileJournal(folder, SOURCE, lambda: NOON, Durability.BUFFERED)
        self.living = Authorizer(services, self.journal, self.turn)

    def go(self, step):
        self.at += MOMENT
        if isinstance(step, EventType):
            self._report(step)
        else:
            asyncio.run(self._tap(*step))

    async def _tap(self, reader, is_late):
        answering = asyncio.create_task(self.living.decide(tap("ada", reader), self.at))
        await asyncio.sleep(0)
        self.turn.is_over = is_late
        await answering
        self.turn.is_over = False
        await asyncio.sleep(0)  # what it notes is written with the next turn of the loop
        self.told += self._new()

    def _new(self):
        lines = [parse(line) for line in self.journal.pending(100)]
        return lines[sum(event.source == SOURCE for event in self.told) :]

    def _report(self, kind):
        """Let a door's computer tell what became of the newest permit."""
        taken_back = {event.decision for event in self.told}
        permits = [
            event for event in self.told if event.effect is Effect.GRANT and event.id not in taken_back
        ]
        if permits:
            event, self.reported = permits[-1], self.reported + 1
            origin, target = BUILT.passage(event.reader)
            draft = Draft(
                self.at, kind, event.door, event.reader, target, origin, event.id, person=event.person
            )
            said = parse(seal(draft, EDGE, 1, self.reported, GENESIS, "salt").line)
            self.told.append(said)
            self.living.hear([said])


def is_let_in(authorizer, at):
    """Return whether Bob would be let into the room, now and until every seat has run out."""

    async def ask(moment):
        return (
            await authorizer.decide(tap("bob", READERS[1]), moment, record=False)
        ).reason is Reason.GRANTED

    return [asyncio.run(ask(at + LASTS * part / 2)) for part in range(3)]


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with closing(site(tmp_path_factory.mktemp("site"), BUILT)) as opened:
        yield opened


def test_the_next_life_and_a_peer_know_of_every_seat(services, tmp_path):
    with closing(FileJournal(tmp_path / "peer", PEER, lambda: NOON, Durability.BUFFERED)) as of_peer:
        for number, steps in enumerate(product(STEPS, repeat=LENGTH)):
            story = Story(services, tmp_path / str(number))
            for step in steps:
                story.go(step)
            again = Authorizer(services, story.journal)
            again.hear([event for event in story.told if event.source == EDGE])
            peer = Authorizer(services, of_peer, Turn(), frozenset({SOURCE}))
            peer.hear(story.told)
            known = is_let_in(story.living, story.at)
            assert is_let_in(peer, story.at) == known, steps
            # Reports come late to it: it may hold a seat longer, and frees none earlier.
            assert all(map(le, is_let_in(again, story.at), known)), steps
            story.journal.close()
