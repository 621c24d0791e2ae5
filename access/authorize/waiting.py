"""Taps that are decided and wait until that is kept: each is answered once, in time or as timed out."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from time import monotonic

from access.services.decisions import Answer, Question
from policies.decision import Decision
from policies.ids import PersonId
from readers.wire.events import Sealed

_SOON_S = 0.001
"""Timers of a loop may ring a little early: so much later is looked again."""

Answered = Callable[[Answer], None]


class Waiting:
    """One tap on its way to the disk. Moments are in seconds of `time.monotonic`; `due` is None without a deadline."""

    __slots__ = (
        "answered",
        "arrived",
        "at",
        "begun",
        "decided",
        "decision",
        "done",
        "due",
        "is_over",
        "kept",
        "passing",
        "question",
    )

    def __init__(
        self,
        question: Question,
        at: datetime,
        decision: Decision,
        passing: tuple[PersonId, ...],
        kept: Sealed,
        answered: Answered,
    ) -> None:
        self.question, self.at, self.decision = question, at, decision
        self.passing, self.kept, self.answered = passing, kept, answered
        self.arrived: float | None = None
        self.due: float | None = None
        self.begun = self.decided = self.done = 0.0
        self.is_over = False


class Deadlines:
    """Calls `late` with whoever still waits when their time is over. One timer watches them all."""

    def __init__(self, late: Callable[[Waiting], None]) -> None:
        self._late = late
        self._waiting: list[tuple[float, int, Waiting]] = []
        self._numbers = count()
        self._is_watched = False

    def watch(self, tap: Waiting, due: float) -> None:
        """See that nobody waits for `tap` beyond `due`."""
        heappush(self._waiting, (due, next(self._numbers), tap))
        if not self._is_watched or self._waiting[0][2] is tap:
            self._is_watched = True
            asyncio.get_running_loop().call_later(due - monotonic(), self._ring)

    def _ring(self) -> None:
        now, waiting = monotonic(), self._waiting
        while waiting and (waiting[0][2].is_over or waiting[0][0] <= now):
            tap = heappop(waiting)[2]
            if not tap.is_over:
                self._late(tap)
        self._is_watched = bool(waiting)
        if waiting:
            asyncio.get_running_loop().call_later(max(waiting[0][0] - now, _SOON_S), self._ring)
