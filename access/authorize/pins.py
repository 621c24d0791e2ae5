"""PINs that controllers send with a tap: compared beside the path, with the lock-outs that doors know.

Three wrong PINs lock a badge out, ten a reader (`readers.wire.lockout`), here for all doors of controllers together.
They are folded from decisions, so that a restart, or another authorizer's turn, forgets none.
"""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from policies.decision import Effect, Reason
from policies.ids import BadgeId, ReaderId
from readers.wire.events import Event, EventType
from readers.wire.lockout import BADGE_TRIES, NONE, READER_TRIES, Lockout
from readers.wire.pin import PinCheck, check_pin

MOST_WAITING = 16
"""So many PINs wait for their comparison, some 30 ms each: whoever comes then is refused, as those who come late."""

_MOST_KEPT = 10_000
"""So many badges' wrong PINs are remembered before those whose lock-out is over are forgotten."""

WRONG_PIN = (Reason.INCORRECT_FACTOR, Reason.MAX_ATTEMPTS)


class Shown(msgspec.Struct, frozen=True, gc=False):
    """What a PIN has shown: `refused` says why it opens nothing; `duress` is told to the server and to nobody here."""

    pin_ok: bool = False
    duress: bool = False
    refused: Reason | None = None


NOTHING_SHOWN = Shown()


class Pins:
    """The lock-outs, and the thread in which PINs are compared. Everything else is called from the loop's thread."""

    def __init__(self) -> None:
        self._badges: dict[BadgeId, Lockout] = {}
        self._readers: dict[ReaderId, Lockout] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="totem-pins")
        self._waiting = 0

    def hold(self, badge: BadgeId, reader: ReaderId, at: datetime) -> bool:
        """Return whether no PIN is taken from this badge, or at this reader."""
        locked = (self._badges.get(badge, NONE), self._readers.get(reader, NONE))
        return any(each.holds(at) for each in locked)

    async def show(
        self, badge: BadgeId, reader: ReaderId, entered: str, kept: str | None, at: datetime
    ) -> Shown:
        """Compare a PIN with what is kept of its holder's; return what that shows.

        The lock-out is looked at after the comparison too: guesses that came at once are not all free.
        """
        if self.hold(badge, reader, at):
            return Shown(refused=Reason.LOCKOUT)
        if self._waiting >= MOST_WAITING:
            return Shown(refused=Reason.VERIFICATION_TIMEOUT)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            check = await loop.run_in_executor(self._thread, check_pin, entered, kept or "")
        finally:
            self._waiting -= 1
        if self.hold(badge, reader, at):
            return Shown(refused=Reason.LOCKOUT)
        if check is not PinCheck.WRONG:
            self._badges.pop(badge, None)
            return Shown(pin_ok=True, duress=check is PinCheck.DURESS)
        self._fail(badge, reader, at)
        is_out = self.hold(badge, reader, at)
        return Shown(refused=Reason.MAX_ATTEMPTS if is_out else Reason.INCORRECT_FACTOR)

    def fold(self, events: Iterable[Event]) -> None:
        """Take in what authorizers decided before, or beside, this one, in its order."""
        for event in events:
            if event.type is not EventType.DECISION or event.badge is None or event.reader is None:
                continue
            if event.reason in WRONG_PIN:
                self._fail(event.badge, event.reader, event.at)
            elif event.effect is Effect.GRANT and event.inputs is not None and event.inputs.pin_ok:
                self._badges.pop(event.badge, None)

    def _fail(self, badge: BadgeId, reader: ReaderId, at: datetime) -> None:
        if len(self._badges) > _MOST_KEPT:
            self._badges = {each: kept for each, kept in self._badges.items() if not kept.is_over(at)}
        self._badges[badge] = self._badges.get(badge, NONE).fail(at, BADGE_TRIES)
        self._readers[reader] = self._readers.get(reader, NONE).fail(at, READER_TRIES)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)
