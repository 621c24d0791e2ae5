"""What controllers' taps leave behind for the next: wrong PINs, and the answers to taps that are asked about again.

Both are found again after a restart, and of the other authorizers too: in the events that tell of them.
"""

import heapq
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from access.authorize.following import Following
from access.authorize.pins import NOTHING_SHOWN, WRONG_PIN, Pins, Shown
from access.authorize.retries import REMEMBERED, Retries
from access.services.decisions import Question
from policies.decision import Decision, Effect, Reason
from policies.ids import SourceId
from readers.wire.events import Event
from readers.wire.lockout import FORGOTTEN_AFTER


class Visits:
    """The PINs and ids of one site's controllers, over the view that `following` keeps."""

    def __init__(
        self, following: Following, unstored: Sequence[Event], authorizers: Collection[SourceId]
    ) -> None:
        self._judge, self._authorizers = following.judge, authorizers
        self._pins, self.retries = Pins(), Retries()
        now = datetime.now(UTC)
        wrong = [following.decided_lately(now - FORGOTTEN_AFTER, reason) for reason in WRONG_PIN]
        self._pins.fold(self._of_authorizers((*heapq.merge(*wrong, key=_at), *unstored)))
        lately = following.decided_lately(now - REMEMBERED)
        self.retries.fold(self._of_authorizers((*lately, *unstored)), self._unlock_ms)

    def hear(self, events: Sequence[Event]) -> None:
        """Take in what other authorizers answered."""
        theirs = self._of_authorizers(events)
        self._pins.fold(theirs)
        self.retries.fold(theirs, self._unlock_ms)

    async def shown(self, question: Question, without: Decision, at: datetime) -> Shown:
        """Return what the PIN that came with a tap shows; where the decision `without` asks for none, nothing."""
        if question.pin is None or without.reason is not Reason.VERIFICATION_REQUIRED:
            return NOTHING_SHOWN
        kept = self._judge.rights.pin_of(without.person)
        return await self._pins.show(question.badge, question.reader, question.pin, kept, at)

    def close(self) -> None:
        """End what compares PINs."""
        self._pins.close()

    def _of_authorizers(self, events: Sequence[Event]) -> list[Event]:
        return [event for event in events if event.source in self._authorizers]

    def _unlock_ms(self, event: Event) -> int:
        if event.reader is None or event.effect is not Effect.GRANT:
            return 0
        return self._judge.opening_ms(event.reader, event.person)


def _at(event: Event) -> datetime:
    return event.at
