"""What a third party's controller asks of the server, and what it is answered."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from policies.decision import Effect, Message, Reason
from policies.ids import BadgeId, DoorId, ReaderId, RuleId
from policies.request import Assurance
from policies.roster import BadgeKind
from readers.wire.reservations import Reserve, Verdict

DEADLINE_S = 0.05
"""How long an answer may take where the asker names no limit: nobody at a door feels it (docs/domain.md, 4)."""


PIN_DEADLINE_S = 1.0
"""The same where a PIN comes with the tap: whoever has just entered one waits so long for a light."""


class Question(msgspec.Struct, frozen=True, gc=False):
    """A tap at a reader that has no door computer of this system.

    `pin` is what was entered with it, if anything was; `id` is the asker's own, the same when it asks again.
    """

    reader: ReaderId
    kind: BadgeKind
    badge: BadgeId
    assurance: Assurance
    pin: str | None = None
    id: str | None = None

    @property
    def proven(self) -> Assurance:
        """Return the proof to decide from: the controller's word, but no more than the medium can give."""
        return min(self.assurance, self.kind.most_proof)


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The decision. `unlock_ms` is how long to release the strike, 0 unless granted; `event` is its id if recorded.

    `epoch` only grows: an answer under a lower one than was heard before is of an authorizer that was replaced.
    """

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...]
    unlock_ms: int
    message: Message
    event: str | None
    epoch: int = 0


class StageLatency(msgspec.Struct, frozen=True):
    """How long a stage took `n` taps, in microseconds."""

    n: int
    p50_us: int
    p99_us: int
    worst_us: int


class DoorLatency(msgspec.Struct, frozen=True):
    """What was measured at one door since then: by stage, and how many taps missed their deadline."""

    since: datetime
    misses: int
    stages: dict[str, StageLatency]


class SiteLatency(msgspec.Struct, frozen=True):
    """All doors together since the start: for every stage, how many taps took so many µs at most; and the misses.

    `total` is how many taps there were, `sum_us` what they took together.
    """

    bounds_us: tuple[int, ...]
    within: dict[str, tuple[int, ...]]
    total: dict[str, int]
    sum_us: dict[str, int]
    misses: int


class Decides(Protocol):
    """Whoever answers."""

    @property
    def is_answering(self) -> bool:
        """Return whether it answers every tap now; one that stands by does not."""
        ...

    @property
    def is_holding(self) -> bool:
        """Return whether it answers now, if only where it does not matter who is where."""
        ...

    @property
    def epoch(self) -> int:
        """Return the number of its newest term; 0 before any."""
        ...

    def was_asked(self, question: Question) -> bool:
        """Return whether a tap of this id was asked about before: `decide` has its answer."""
        ...

    def may_answer(self, reader: ReaderId) -> bool:
        """Return whether it answers taps at a reader that there is now."""
        ...

    async def decide(
        self,
        question: Question,
        at: datetime,
        *,
        record: bool = True,
        arrived: float | None = None,
        within_s: float = DEADLINE_S,
    ) -> Answer:
        """Answer one tap; with `record` the decision is kept before the answer is given.

        What is not decided and kept `within_s` seconds of its arrival (in seconds of `time.monotonic`) is refused as
        timed out. Without an arrival there is no deadline, and nothing is measured. Raise `StandingBy` where another
        answers for the site.
        """
        ...

    def ask(
        self,
        question: Question,
        at: datetime,
        answered: Callable[[Answer], None],
        *,
        arrived: float | None = None,
        within_s: float = DEADLINE_S,
    ) -> None:
        """Do as `decide` for a reader that there is; `answered` is called once, by then or later."""
        ...

    async def reserve(self, asked: Reserve, at: datetime, *, arrived: float) -> Verdict | None:
        """Give a door computer the site's verdict on a tap; None where it cannot be kept in time.

        Raise `StandingBy` where another answers for the site.
        """
        ...

    def latency_of(self, door: DoorId) -> DoorLatency | None:
        """Return what was measured at one door lately; None before its first tap."""
        ...

    def latency(self) -> SiteLatency:
        """Return what was measured since the start."""
        ...
