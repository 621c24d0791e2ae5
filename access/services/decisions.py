"""What a third party's controller asks of the server, and what it is answered."""

from datetime import datetime
from typing import Protocol

import msgspec

from policies.decision import Effect, Message, Reason
from policies.ids import BadgeId, ReaderId, RuleId
from policies.request import Assurance
from policies.roster import BadgeKind

DEADLINE_S = 0.05
"""How long an answer may take where the asker names no limit: nobody at a door feels it (DOMAIN section 4)."""


class Question(msgspec.Struct, frozen=True):
    """A tap at a reader that has no door computer of this system."""

    reader: ReaderId
    kind: BadgeKind
    badge: BadgeId
    assurance: Assurance

    @property
    def proven(self) -> Assurance:
        """Return the proof to decide from: the controller's word, but no more than the medium can give."""
        return min(self.assurance, self.kind.most_proof)


class Answer(msgspec.Struct, frozen=True):
    """The decision. `unlock_ms` is how long to release the strike, 0 unless granted; `event` is its id if recorded."""

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...]
    unlock_ms: int
    message: Message
    event: str | None


class Decides(Protocol):
    """Whoever answers."""

    async def decide(
        self, question: Question, at: datetime, *, record: bool = True, due: float | None = None
    ) -> Answer:
        """Answer one tap; with `record` the decision is kept before the answer is given.

        `due` is when the answer must be there, in seconds of `time.monotonic`: what is not decided or kept by then is
        refused as timed out.
        """
        ...
