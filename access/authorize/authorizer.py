"""Decisions for readers without a door computer: from memory, kept in the authorizer's own journal.

It decides by the same engine as every door, over everybody and with the site's view of who is where, and takes the
seat with the same step: nobody who is asked about in between can get it too. A decision is kept before it is told
(`attendant.py`). Changes of rights and passages are brought in from the side, under the one lock (`following.py`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from threading import Lock

from msgspec.structs import replace

from access.authorize import drafts
from access.authorize.attendant import Attendant
from access.authorize.following import Following
from access.authorize.pins import NOTHING_SHOWN, Shown
from access.authorize.tenure import Tenure, Unrivalled
from access.authorize.turn import Turn
from access.authorize.visits import Visits
from access.authorize.waiting import Answered
from access.errors import Invalid
from access.services import Services
from access.services.decisions import DEADLINE_S, Answer, DoorLatency, Question, SiteLatency
from policies.decision import Effect
from policies.ids import DoorId, ReaderId, SourceId
from readers.journal import FileJournal
from readers.wire.bus import Message
from readers.wire.events import Event, parse
from readers.wire.reservations import Reserve, Verdict

AUTHORIZER = SourceId("authorizer")
"""The source that decisions for foreign controllers are reported by."""

_MOST_UNSTORED = 10_000
"""Of the lines that stops left unstored, the newest so many are looked at for seats and entries at the next start."""


class Authorizer:
    """Answers for one site. Decisions come from one thread, the event loop's; news and rights from any.

    `tenure` says whether it is this one that answers; `peers` are the others that may follow it.
    """

    def __init__(
        self,
        services: Services,
        journal: FileJournal,
        tenure: Tenure | None = None,
        peers: frozenset[SourceId] = frozenset(),
    ) -> None:
        self._building, self._journal = services.building, journal
        self.on_kept: Callable[[], None] = _to_nobody
        """Called whenever the journal has grown."""
        lock = Lock()
        unstored = [parse(line) for line in deque(journal.unacknowledged(), _MOST_UNSTORED)]
        self._following = Following(services, lock, unstored, peers)
        self._catch_up(unstored)
        judge, tenure = self._following.judge, tenure or Unrivalled(journal.position[0])
        self.turn = Turn(self._building, judge, tenure, peers)
        self._attendant = Attendant(self._building, judge, lock, journal, self.turn, self._grown)
        self._visits = Visits(self._following, unstored, {*peers, journal.source})

    def _grown(self) -> None:
        self.on_kept()

    def _catch_up(self, unstored: list[Event]) -> None:
        """Write down the entries that a death left out: a permit by a door without a contact is one."""
        followed = {event.decision for event in unstored}
        for event in unstored:
            if event.effect is not Effect.GRANT or event.id in followed or event.reader is None:
                continue
            side = self._building.readers.get(event.reader)
            if side is None or event.person is None or self._building.doors[side.door].contact:
                continue
            draft = drafts.passed(self._building, side.id, event.badge, event.id, event.at, event.person)
            self._following.judge.view.take([parse(self._journal.append(draft).line)])

    async def decide(
        self,
        question: Question,
        at: datetime,
        *,
        record: bool = True,
        arrived: float | None = None,
        within_s: float = DEADLINE_S,
    ) -> Answer:
        """Answer one tap; raise `Invalid` for a reader that the building does not have, `StandingBy` out of turn.

        What is not kept `within_s` of its arrival, in seconds of `time.monotonic`, is refused as timed out.
        """
        if question.reader not in self._building.readers:
            raise Invalid(f"reader {question.reader}: there is no such reader")
        if not record:
            return self._attendant.answer(question, self._attendant.look(question, at), None)
        self.turn.expect(question.reader)
        if self._visits.retries.knows(question):
            return replace(await self._visits.retries.answer(question), epoch=self.turn.tenure.epoch)
        self._visits.retries.begin(question, at)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        answered = self._settling(question, partial(_hand_over, answer))
        try:
            shown = await self._shown(question, at)
            self._attendant.ask(question, at, answered, shown, arrived=arrived, within_s=within_s)
        except BaseException:
            self._visits.retries.drop(question)
            raise
        return await answer

    async def _shown(self, question: Question, at: datetime) -> Shown:
        if question.pin is None:
            return NOTHING_SHOWN
        return await self._visits.shown(question, self._attendant.look(question, at), at)

    def ask(
        self,
        question: Question,
        at: datetime,
        answered: Answered,
        *,
        arrived: float | None = None,
        within_s: float = DEADLINE_S,
    ) -> None:
        """Decide one tap at a reader that the building has; call `answered` once, when that is kept or refused."""
        self._visits.retries.begin(question, at)
        answered = self._settling(question, answered)
        try:
            self._attendant.ask(question, at, answered, arrived=arrived, within_s=within_s)
        except BaseException:
            self._visits.retries.drop(question)
            raise

    def _settling(self, question: Question, answered: Answered) -> Answered:
        """Return who hears the answer to a tap: `answered`, after those who asked again under the tap's id."""
        return answered if question.id is None else partial(self._settle, question, answered)

    def _settle(self, question: Question, answered: Answered, answer: Answer) -> None:
        self._visits.retries.settle(question, answer)
        answered(answer)

    def was_asked(self, question: Question) -> bool:
        """Return whether a tap of this id was asked about before."""
        return self._visits.retries.knows(question)

    async def reserve(self, asked: Reserve, at: datetime, *, arrived: float) -> Verdict | None:
        """Give the site's verdict to a door computer, kept before it is told; None where that fails or is late.

        Raise `StandingBy` where it is another's turn.
        """
        return await self._attendant.reserve(asked, at, arrived=arrived)

    # ---- whose turn it is

    @property
    def is_answering(self) -> bool:
        """Return whether it answers every tap now."""
        return self.turn.tenure.may_answer()

    @property
    def is_holding(self) -> bool:
        """Return whether it answers now, if only where it does not matter who is where."""
        return self.turn.tenure.may_answer_plain()

    @property
    def epoch(self) -> int:
        """Return the number of its newest term; 0 before any."""
        return self.turn.tenure.epoch

    def may_answer(self, reader: ReaderId) -> bool:
        """Return whether it answers taps at a reader now."""
        return self.turn.is_ours(reader)

    # ---- what was measured

    def latency_of(self, door: DoorId) -> DoorLatency | None:
        """Return what was measured at one door lately; None before its first tap."""
        return self._attendant.latency.of(door)

    def latency(self) -> SiteLatency:
        """Return what was measured since the start."""
        return self._attendant.latency.told()

    # ---- beside the path

    def advance(self, now: datetime) -> None:
        """Let expire what is due."""
        self._following.advance(now)

    def hear(self, events: Sequence[Event]) -> None:
        """Take in what doors report, before the server has stored it, and what other authorizers answered."""
        self._following.hear(events)
        if self.turn.peers:
            self._visits.hear(events)

    def change(self, payload: bytes, *, at_once: bool = False) -> bool:
        """Take up a signed delta; return False if something before it is missing. Raise `WireError` if forged."""
        return self._following.change(payload, at_once=at_once)

    def command(self, message: Message) -> None:
        """Take up a door's register of modes."""
        self._following.command(message)

    def catch_up(self) -> None:
        """Read from the store what changed, in the thread that asks for it."""
        self._following.catch_up()

    def look_again(self) -> None:
        """Read again, in the thread that asks for it, rights that could not be read when they changed."""
        self._following.look_again()

    def read_store(self, since: datetime) -> None:
        """Read rights, modes and what was stored since; raise `SQLAlchemyError`."""
        self._following.read_store(since)

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        return self._following.judge.view.longest_seat.total_seconds()

    def oldest(self, limit: int) -> list[bytes]:
        """Return the oldest lines that are not stored yet."""
        return self._journal.pending(limit)

    def stored(self, epoch: int, seq: int) -> None:
        """Note how far the server has stored: less than before, if it was restored from a copy."""
        if not self._journal.rewind(epoch, seq):
            self._journal.acknowledge(epoch, seq)

    def prune(self, keep_after: datetime) -> list[int]:
        """Delete what is stored and older; return the journal's epochs that are gone."""
        return self._journal.prune(keep_after)

    def close(self) -> None:
        """Finish what is being written; the journal is closed by its owner."""
        self._attendant.close()
        self._visits.close()


def _hand_over(waiter: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiter.done():  # who asked may have gone
        waiter.set_result(answer)


def _to_nobody() -> None:
    """Tell nobody that the journal has grown."""
