"""The path of a tap: decided and reserved in one step, kept in the journal, and only then answered.

No SQL is on it, and one wait, the disk's. Whoever is answered late, or out of turn, is refused, and gives their seats
back. Where the door has no contact the entry counts at once (ARCHITECTURE, "Who decides", point 3).
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from threading import Lock
from time import monotonic

from access.authorize import drafts
from access.authorize.judge import Judge
from access.authorize.latency import Latency
from access.authorize.pins import NOTHING_SHOWN, Shown
from access.authorize.turn import Turn
from access.authorize.waiting import Answered, Deadlines, Waiting
from access.services.decisions import DEADLINE_S, Answer, Question
from policies.building import Building
from policies.decision import Decision, Effect, Reason, message
from readers.errors import JournalError
from readers.journal import FileJournal, GroupCommit
from readers.wire.events import parse
from readers.wire.reservations import Reserve, Verdict

_TOO_LATE = Decision(Effect.DENY, Reason.VERIFICATION_TIMEOUT)
_FAULT = Decision(Effect.DENY, Reason.OTHER)


class Attendant:
    """The one who attends to the taps of a site, all of them in the event loop's thread.

    `lock` is held while `judge` is asked. `on_grown` is called whenever the journal has grown. `latency` is what the
    taps that had an arrival took.
    """

    def __init__(
        self,
        building: Building,
        judge: Judge,
        lock: Lock,
        journal: FileJournal,
        turn: Turn,
        on_grown: Callable[[], None],
    ) -> None:
        self._building, self._judge, self._lock, self._turn = building, judge, lock, turn
        self._commit, self._is_synced = GroupCommit(journal), journal.is_synced
        self._on_grown = on_grown
        self._deadlines = Deadlines(self._time_out)
        self._telling: set[asyncio.Task[None]] = set()
        self.latency = Latency()

    def close(self) -> None:
        """Finish what is being written; the journal is closed by its owner."""
        self._commit.close()

    @property
    def _version(self) -> str:
        """Return the name of the rules in force, which every decision carries."""
        return self._judge.rights.engine.policy.version

    def look(self, question: Question, at: datetime) -> Decision:
        """Return what would be decided about a tap that has shown no PIN, changing nothing."""
        with self._lock:
            return self._judge.decide(question, at)

    # ---- a controller's tap

    def ask(
        self,
        question: Question,
        at: datetime,
        answered: Answered,
        shown: Shown = NOTHING_SHOWN,
        *,
        arrived: float | None = None,
        within_s: float = DEADLINE_S,
    ) -> None:
        """Decide a tap at a reader that the building has; call `answered` once, when that is kept or refused.

        What is not kept `within_s` seconds of its arrival (`time.monotonic`) is refused as timed out; without an
        arrival there is no deadline, and nothing is measured.
        """
        begun = monotonic()
        due = None if arrived is None else arrived + within_s
        if due is not None and begun >= due:
            self.latency.miss(self._judge.door_of(question.reader).id, at)
            answered(self.answer(question, _TOO_LATE, None))
            return
        with self._lock:
            decision = self._judge.decide(question, at, shown)
            passing = self._judge.reserve(question, decision, at)
            kept = self._commit.stage(drafts.decided(question, decision, at, self._version, shown))
        tap = Waiting(question, at, decision, passing, kept, answered)
        tap.arrived, tap.due, tap.begun, tap.decided = arrived, due, begun, monotonic()
        if due is not None and self._is_synced:
            self._deadlines.watch(tap, due)
        self._commit.when_kept(partial(self._kept, tap))

    def answer(self, question: Question, decision: Decision, event: str | None) -> Answer:
        """Return what a controller is told of a decision, and of the event that records it."""
        unlock_ms, said = self._judge.unlock_ms(question, decision), message(decision.reason)
        epoch = self._turn.tenure.epoch
        return Answer(decision.effect, decision.reason, decision.rules, unlock_ms, said, event, epoch)

    def _kept(self, tap: Waiting, fault: JournalError | None) -> None:
        """Answer a tap whose record is kept, or will never be."""
        if fault is None and tap.passing and self._turn.is_told(tap.question.reader):
            self._tell(tap.kept.line).add_done_callback(lambda _: self._conclude(tap, None))
        else:
            self._conclude(tap, fault)

    def _tell(self, line: bytes) -> asyncio.Task[None]:
        telling = asyncio.get_running_loop().create_task(self._turn.tell(line))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)
        return telling

    def _conclude(self, tap: Waiting, fault: JournalError | None) -> None:
        """Answer a tap of which nothing is to be waited for any more: whoever answers late, or out of turn, refuses."""
        if tap.is_over:
            return
        tap.done = monotonic()
        if fault is not None:
            self._fail(tap)
        elif (tap.due is not None and tap.done >= tap.due) or not self._turn.is_ours(tap.question.reader):
            self._time_out(tap)
        else:
            self._pass(tap)

    def _pass(self, tap: Waiting) -> None:
        """Answer with what was decided."""
        tap.is_over = True
        door = self._judge.door_of(tap.question.reader)
        if tap.passing and not door.contact:
            # Once the answer is on its way, and before whoever waits for it asks again.
            asyncio.get_running_loop().call_soon(self._enter, tap)
        tap.answered(self.answer(tap.question, tap.decision, tap.kept.id))
        if tap.arrived is not None:
            self.latency.note(door.id, tap.at, (tap.arrived, tap.begun, tap.decided, tap.done))
        self._on_grown()

    def _fail(self, tap: Waiting) -> None:
        """Refuse a tap of which there is no record, and free its seats."""
        tap.is_over = True
        with self._lock:
            self._judge.release(tap.passing, self._judge.door_of(tap.question.reader).id, tap.at)
        tap.answered(self.answer(tap.question, _FAULT, None))

    def _time_out(self, tap: Waiting) -> None:
        """Refuse a tap whose decision is on record all the same: free its seats, and note that nobody passed by it."""
        tap.is_over = True
        reader, badge = tap.question.reader, tap.question.badge
        door = self._judge.door_of(reader).id
        self.latency.miss(door, tap.at)
        with self._lock:
            self._judge.release(tap.passing, door, tap.at)
            for person in tap.passing:
                draft = drafts.not_passed(self._building, reader, badge, tap.kept.id, tap.at, person)
                self._commit.stage(draft)
        self._commit.when_kept(self._grown)
        tap.answered(self.answer(tap.question, _TOO_LATE, tap.kept.id))

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
                if self._turn.is_told(reader):
                    self._tell(entered)
        self._commit.when_kept(self._grown)

    def _grown(self, _fault: JournalError | None) -> None:
        self._on_grown()

    # ---- a door computer's

    async def reserve(self, asked: Reserve, at: datetime, *, arrived: float) -> Verdict | None:
        """Give the site's verdict to a door computer, kept before it is told; None where that fails or is late.

        Raise `StandingBy` where it is another's turn.
        """
        self._turn.expect(asked.reader)
        due = arrived + DEADLINE_S
        with self._lock:
            decision = self._judge.verdict(asked, at)
            kept = self._commit.stage(drafts.reserved(self._building, asked, decision, at, self._version))
            passing = self._judge.seat(asked.reader, decision, at, kept.id)
        is_kept = await self._is_kept(due)
        if is_kept and passing and self._turn.is_told(asked.reader):
            await self._turn.tell(kept.line)
        door = self._judge.door_of(asked.reader).id
        if not is_kept or not self._turn.is_ours(asked.reader) or monotonic() >= due:
            self.latency.miss(door, at)
            with self._lock:
                self._judge.release(passing, door, at)
            return None
        self._on_grown()
        return Verdict(decision.effect, decision.reason, self._turn.tenure.epoch, decision.rules, kept.id)

    async def _is_kept(self, due: float) -> bool:
        """Wait until what is staged is kept; return False if it is not, or not in time."""
        try:
            async with asyncio.timeout(due - monotonic()):
                await self._commit.kept()
        except (JournalError, TimeoutError):
            return False
        return True
