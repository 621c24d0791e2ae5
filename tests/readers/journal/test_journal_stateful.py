"""The journal against its model, a list: appends, deaths, torn ends, acknowledgements and pruning in any order."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from readers.journal import FileJournal, verify
from readers.wire.events import parse
from tests.readers.journal.samples import START, opened, tap

Place = tuple[int, int]


class JournalMachine(RuleBasedStateMachine):
    """`unsent` is what the server does not have, in order; the journal must never differ."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = START
        self.journal: FileJournal | None = None
        self.unsent: list[Place] = []
        self.ever: set[Place] = set()

    @initialize()
    def begin(self) -> None:
        self.journal = opened(self.folder, self.now, rotate_bytes=3000)

    def open_journal(self) -> FileJournal:
        assert self.journal is not None
        return self.journal

    @rule(count=st.integers(1, 8))
    def append(self, count: int) -> None:
        for _ in range(count):
            event = parse(self.open_journal().append(tap()).line)
            assert (event.epoch, event.seq) not in self.ever
            self.unsent.append((event.epoch, event.seq))
            self.ever.add((event.epoch, event.seq))

    @rule(torn=st.binary(max_size=40), minutes=st.integers(-30, 30))
    def die_and_reopen(self, torn: bytes, minutes: int) -> None:
        journal = self.open_journal()
        epoch, _ = journal.position
        journal.close()  # what is kept was written at once: closing adds nothing
        with (self.folder / f"{epoch}.journal").open("ab") as stream:
            stream.write(torn.replace(b"\n", b""))
        self.now += timedelta(minutes=minutes)
        self.journal = opened(self.folder, self.now, rotate_bytes=3000)

    @precondition(lambda self: self.unsent)
    @rule(data=st.data())
    def acknowledge_some(self, data: st.DataObject) -> None:
        oldest = [place for place in self.unsent if place[0] == self.unsent[0][0]]
        told = data.draw(st.integers(1, len(oldest)), label="records stored")
        self.open_journal().acknowledge(*oldest[told - 1])
        assert self.open_journal().acknowledged == oldest[told - 1]
        del self.unsent[:told]

    @rule(epoch=st.integers(0, 2**50), seq=st.integers(-1, 2**50))
    def acknowledge_nonsense(self, epoch: int, seq: int) -> None:
        before = self.open_journal().acknowledged
        if (epoch, seq) not in self.ever:
            self.open_journal().acknowledge(epoch, seq)
            assert self.open_journal().acknowledged == before

    @rule(minutes=st.integers(-60, 60))
    def prune(self, minutes: int) -> None:
        self.open_journal().prune(self.now + timedelta(minutes=minutes))

    @invariant()
    def pending_is_the_oldest_of_what_the_server_lacks(self) -> None:
        if self.journal is None:
            return
        places = [(parse(line).epoch, parse(line).seq) for line in self.journal.pending(1000)]
        front = [place for place in self.unsent if place[0] == self.unsent[0][0]]
        assert places == front

    @invariant()
    def every_file_is_whole(self) -> None:
        for file in self.folder.glob("*.journal"):
            assert verify(file).is_whole

    def teardown(self) -> None:
        if self.journal is not None:
            self.journal.close()
        shutil.rmtree(self.folder)


TestJournal = JournalMachine.TestCase
TestJournal.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
