"""Decisions for readers without a door computer: from memory, kept in the authorizer's own journal.

It decides by the same engine as every door, over everybody and with the site's view of who is where, and takes the
seat with the same step: nobody who is asked about in between can get it too. A decision is kept before it is told.
Where the door has no contact the entry counts at once (ARCHITECTURE, "Who decides", point 3). No SQL is on this path:
changes of rights and passages are brought in from the side, under the one lock.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from threading import Lock
from time import monotonic

from msgspec.structs import replace

from access.authorize import drafts
from access.authorize.following import Following
from access.authorize.latency import Latency
from access.authorize.pins import NOTHING_SHOWN, Shown
from access.authorize.tenure import Tenure, Unrivalled
from access.authorize.turn import Turn
from access.authorize.visits import Visits
from access.authorize.waiting import Answered, Deadlines, Waiting
from access.errors import Invalid
from access.services import Services
from access.services.decisions import DEADLINE_S, Answer, DoorLatency, Question, SiteLatency
from policies.decision import Decision, Effect, Reason, message
from policies.ids import DoorId, ReaderId, SourceId
from readers.errors import JournalError
from readers.journal import FileJournal, GroupCommit
from readers.wire.bus import Message
from readers.wire.events import Event, parse
from readers.wire.reservations import Reserve, Verdict

_log = logging.getLogger(__name__)

AUTHORIZER = SourceId("authorizer")
"""The source that decisions for foreign controllers are reported by."""

_MOST_UNSTORED = 10_000
"""Of the lines that stops left unstored, the newest so many are looked at for seats and entries at the next start."""

_BOUNDS_US = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)

_TOO_LATE = Decision(Effect.DENY, Reason.VERIFICATION_TIMEOUT)
_FAULT = Decision(Effect.DENY, Reason.OTHER)


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
        self._building = services.building
        self._telling: set[asyncio.Task[None]] = set()
        self._journal, self._commit = journal, GroupCommit(journal)
        self._latency = Latency()
        self._is_buffered = not journal.is_synced
        self._deadlines = Deadlines(partial(self._refuse, said=_TOO_LATE))
        self.on_kept: Callable[[], None] = _to_nobody
        """Called whenever the journal has grown."""
        self._lock = Lock()
        unstored = [parse(line) for line in deque(journal.unacknowledged(), _MOST_UNSTORED)]
        self._following = Following(services, self._lock, unstored, peers)
        self._judge = self._following.judge
        self._catch_up(unstored)
        tenure = tenure or Unrivalled(journal.position[0])
        self.turn = Turn(services.building, self._judge, tenure, peers)
        self._visits = Visits(self._following, unstored, {*peers, journal.source})

    @property
    def _version(self) -> str:
        """Return the name of the rules in force, which every decision carries."""
        return self._judge.rights.engine.policy.version

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
            with self._lock:
                return self._answer(question, self._judge.decide(question, at), None)
        self.turn.expect(question.reader)
        if self._visits.retries.knows(question):
            return replace(await self._visits.retries.answer(question), epoch=self.turn.tenure.epoch)
        self._visits.retries.begin(question, at)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        due = None if arrived is None else arrived + within_s
        try:
            shown = await self._shown(question, at)
            self._ask(question, at, partial(_hand_over, answer), (arrived, due), shown)
        except BaseException:
            self._visits.retries.drop(question)
            raise
        return await answer

    async def _shown(self, question: Question, at: datetime) -> Shown:
        if question.pin is None:
            return NOTHING_SHOWN
        with self._lock:
            without = self._judge.decide(question, at)
        return await self._visits.shown(question, without, at)

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
        due = None if arrived is None else arrived + within_s
        try:
            self._ask(question, at, answered, (arrived, due), NOTHING_SHOWN)
        except BaseException:
            self._visits.retries.drop(question)
            raise

    def _ask(
        self,
        question: Question,
        at: datetime,
        answered: Answered,
        times: tuple[float | None, float | None],
        shown: Shown,
    ) -> None:
        if question.id is not None:
            answered = partial(self._settle, question, answered)
        (arrived, due), begun = times, monotonic()
        if due is not None and begun >= due:
            self._latency.miss(self._judge.door_of(question.reader).id, at)
            answered(self._answer(question, _TOO_LATE, None))
            return
        with self._lock:
            decision = self._judge.decide(question, at, shown)
            passing = self._judge.reserve(question, decision, at)
            kept = self._commit.stage(drafts.decided(question, decision, at, self._version, shown))
        tap = Waiting(question, at, decision, passing, kept, answered)
        tap.arrived, tap.due, tap.begun, tap.decided = arrived, due, begun, monotonic()
        if due is not None and not self._is_buffered:
            self._deadlines.watch(tap, due)
        self._commit.when_kept(partial(self._kept, tap))

    def _settle(self, question: Question, answered: Answered, answer: Answer) -> None:
        self._visits.retries.settle(question, answer)
        answered(answer)

    def was_asked(self, question: Question) -> bool:
        """Return whether a tap of this id was asked about before."""
        return self._visits.retries.knows(question)

    def _kept(self, tap: Waiting, fault: JournalError | None) -> None:
        """Answer a tap whose record is kept, or will never be."""
        if fault is None and tap.passing and self.turn.is_told(tap.question.reader):
            self._tell(tap.kept.line).add_done_callback(lambda _: self._conclude(tap, None))
        else:
            self._conclude(tap, fault)

    def _tell(self, line: bytes) -> asyncio.Task[None]:
        telling = asyncio.get_running_loop().create_task(self.turn.tell(line))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return telling

    def _conclude(self, tap: Waiting, fault: JournalError | None) -> None:
        """Answer a tap of which nothing is to be waited for any more: whoever answers late, or out of turn, refuses."""
        if tap.is_over:
            return
        tap.done = monotonic()
        if fault is not None:
            self._refuse(tap, _FAULT)
        elif (tap.due is not None and tap.done >= tap.due) or not self.turn.is_ours(tap.question.reader):
            self._refuse(tap, _TOO_LATE)
        else:
            tap.is_over = True
            door = self._judge.door_of(tap.question.reader)
            if tap.passing and not door.contact:
                # Once the answer is on its way, and before whoever waits for it asks again.
                asyncio.get_running_loop().call_soon(self._enter, tap)
            tap.answered(self._answer(tap.question, tap.decision, tap.kept.id))
            if tap.arrived is not None:
                self._latency.note(door.id, tap.at, (tap.arrived, tap.begun, tap.decided, tap.done))
            self.on_kept()

    async def reserve(self, asked: Reserve, at: datetime, *, arrived: float) -> Verdict | None:
        """Give the site's verdict to a door computer, kept before it is told; None where that fails or is late.

        Raise `StandingBy` where it is another's turn.
        """
        self.turn.expect(asked.reader)
        due = arrived + DEADLINE_S
        with self._lock:
            decision = self._judge.verdict(asked, at)
            kept = self._commit.stage(drafts.reserved(self._building, asked, decision, at, self._version))
            passing = self._judge.seat(asked.reader, decision, at, kept.id)
        is_kept = await self._keep(due)
        if is_kept and passing and self.turn.is_told(asked.reader):
            await self.turn.tell(kept.line)
        door = self._judge.door_of(asked.reader).id
        if not is_kept or not self.turn.is_ours(asked.reader) or monotonic() >= due:
            self._latency.miss(door, at)
            with self._lock:
                self._judge.release(passing, door, at)
            return None
        self.on_kept()
        return Verdict(decision.effect, decision.reason, self.turn.tenure.epoch, decision.rules, kept.id)

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

    async def _keep(self, due: float) -> bool:
        """Wait until what is staged is kept; return False if it is not, or not in time."""
        try:
            async with asyncio.timeout(due - monotonic()):
                await self._commit.kept()
        except (JournalError, TimeoutError):
            return False
        return True

    def _refuse(self, tap: Waiting, said: Decision) -> None:
        """Free the seats, and note that nobody passed by a decision that is in the journal all the same."""
        tap.is_over = True
        reader, badge = tap.question.reader, tap.question.badge
        door = self._judge.door_of(reader).id
        if said is _TOO_LATE:
            self._latency.miss(door, tap.at)
        with self._lock:
            self._judge.release(tap.passing, door, tap.at)
            for person in tap.passing if said is _TOO_LATE else ():
                draft = drafts.not_passed(self._building, reader, badge, tap.kept.id, tap.at, person)
                self._commit.stage(draft)
        if said is _TOO_LATE:
            self._commit.when_kept(self._grown)
        tap.answered(self._answer(tap.question, said, None if said is _FAULT else tap.kept.id))

    def _enter(self, tap: Waiting) -> None:
        """Count those who were let in by a door that tells nothing of them: the next must not get their seats."""
        reader, badge = tap.question.reader, tap.question.badge
        with self._lock:
            if tap.decision.door in self._judge.view.modes.waiting:
                self._judge.view.modes.hear(parse(tap.kept.line), tap.at)
            for person in tap.passing:
                draft = drafts.passed(self._building, reader, badge, tap.kept.id, tap.at, person)
                entered = self._commit.stage(draft).line
                self._judge.view.take([parse(entered)])
                if self.turn.is_told(reader):
                    self._tell(entered)
        self._commit.when_kept(self._grown)

    def _grown(self, _fault: JournalError | None) -> None:
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
            self._judge.view.take([parse(self._journal.append(draft).line)])

    def _answer(self, question: Question, decision: Decision, event: str | None) -> Answer:
        unlock_ms = self._judge.unlock_ms(question, decision)
        said = message(decision.reason)
        epoch = self.turn.tenure.epoch
        return Answer(decision.effect, decision.reason, decision.rules, unlock_ms, said, event, epoch)

    # ---- what was measured

    def latency_of(self, door: DoorId) -> DoorLatency | None:
        """Return what was measured at one door lately; None before its first tap."""
        return self._latency.of(door)

    def latency(self) -> SiteLatency:
        """Return what was measured since the start."""
        site = self._latency.site().items()
        within = {stage: tuple(map(each.within, _BOUNDS_US)) for stage, each in site}
        total, sums = ({stage: getattr(each, what) for stage, each in site} for what in ("n", "sum_us"))
        return SiteLatency(_BOUNDS_US, within, total, sums, self._latency.misses)

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
        """Read rights, modes and what was stored from `since` on; raise `SQLAlchemyError`."""
        self._following.read_store(since)

    @property
    def longest_seat_s(self) -> float:
        """Return how long a seat may be in flight, in seconds."""
        return self._judge.view.longest_seat.total_seconds()

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
        self._commit.close()
        self._visits.close()


def _hand_over(waiter: asyncio.Future[Answer], answer: Answer) -> None:
    if not waiter.done():  # who asked may have gone
        waiter.set_result(answer)


def _to_nobody() -> None:
    """Tell nobody that the journal has grown."""
