"""Taps that controllers send again under the same id: answered as the first time, and recorded once.

An id is the controller's own, for one tap at one reader. It is remembered for a minute, and found again in the events
of this authorizer's earlier life, or of another's that it follows.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from access.errors import Invalid
from access.services.decisions import Answer, Question
from policies.decision import Effect, Reason, message
from policies.ids import BadgeId, ReaderId
from readers.wire.events import Event, EventType

REMEMBERED = timedelta(minutes=1)
"""A controller that heard nothing asks again within seconds, or lets the person tap again."""

MOST_REMEMBERED = 50_000
"""Four times what comes in a minute of the busiest morning: a clock that was set back must not fill the memory."""

_Key = tuple[ReaderId, str]


class _Tap:
    """One tap: whose, when, and its answer once there is one."""

    __slots__ = ("answer", "at", "badge", "waiting")

    def __init__(self, badge: BadgeId | None, at: datetime) -> None:
        self.badge, self.at = badge, at
        self.answer: Answer | None = None
        self.waiting: list[asyncio.Future[Answer]] = []


class Retries:
    """The taps of the last minute that have an id."""

    def __init__(self) -> None:
        self._taps: dict[_Key, _Tap] = {}
        self._order: deque[tuple[datetime, _Key]] = deque()
        self._by_event: dict[str, _Key] = {}

    def knows(self, question: Question) -> bool:
        """Return whether a tap is asked again."""
        return question.id is not None and (question.reader, question.id) in self._taps

    async def answer(self, question: Question) -> Answer:
        """Return the answer of a tap that is known; raise `Invalid` where its id was another badge's."""
        tap = self._taps[question.reader, question.id or ""]
        if tap.badge != question.badge:
            raise Invalid(
                "id: it was used for another badge at this reader; expected one of its own for each tap"
            )
        if tap.answer is not None:
            return tap.answer
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        tap.waiting.append(waiter)
        return await waiter

    def begin(self, question: Question, at: datetime) -> None:
        """Remember a tap that is asked for the first time."""
        if question.id is not None:
            self._put((question.reader, question.id), _Tap(question.badge, at))

    def settle(self, question: Question, answer: Answer) -> None:
        """Note a tap's answer, and tell whoever asked again meanwhile; what is not recorded may be asked anew."""
        key = (question.reader, question.id or "")
        tap = self._taps.get(key)
        if tap is None:
            return
        tap.answer = answer
        for waiter in tap.waiting:
            if not waiter.done():
                waiter.set_result(answer)
        tap.waiting.clear()
        if answer.event is None:
            del self._taps[key]

    def drop(self, question: Question) -> None:
        """Forget a tap that could not be decided; whoever asked again meanwhile is not left waiting."""
        tap = self._taps.pop((question.reader, question.id or ""), None)
        for waiter in tap.waiting if tap is not None else ():
            if not waiter.done():
                waiter.set_exception(RuntimeError(f"tap {question.id}: it could not be decided"))

    def fold(self, events: Iterable[Event], unlock_ms: Callable[[Event], int]) -> None:
        """Take in what authorizers decided before, or beside, this one, in its order."""
        for event in events:
            asked = event.inputs.request if event.inputs is not None else None
            if event.type is EventType.DECISION and asked is not None and event.reader is not None:
                self._recall((event.reader, asked), event, unlock_ms(event))
            elif event.type is EventType.NO_ENTRY and (key := self._by_event.get(event.decision or "")):
                self._take_back(key)

    def _recall(self, key: _Key, event: Event, unlock_ms: int) -> None:
        if event.effect is None or event.reason is None:
            return
        tap = _Tap(event.badge, event.at)
        told = message(event.reason)
        tap.answer = Answer(event.effect, event.reason, event.rules, unlock_ms, told, event.id)
        self._put(key, tap)
        self._by_event[event.id] = key

    def _take_back(self, key: _Key) -> None:
        """Remember as refused what an authorizer took back, or nobody passed by: it opens no second time."""
        tap = self._taps.get(key)
        if tap is not None and tap.answer is not None and tap.answer.effect is Effect.GRANT:
            reason = Reason.VERIFICATION_TIMEOUT
            tap.answer = Answer(Effect.DENY, reason, (), 0, message(reason), tap.answer.event)

    def _may_go(self, at: datetime, now: datetime) -> bool:
        return at + REMEMBERED <= now or len(self._order) >= MOST_REMEMBERED

    def _put(self, key: _Key, tap: _Tap) -> None:
        while self._order and self._may_go(self._order[0][0], tap.at):
            at, old = self._order.popleft()
            gone = self._taps.get(old)
            if gone is None or gone.at != at:
                continue
            if gone.answer is None:
                # A clock was set forward while it is being decided, and others may wait for it here.
                gone.at = tap.at
                self._order.append((gone.at, old))
                continue
            del self._taps[old]
            if gone.answer.event is not None:
                self._by_event.pop(gone.answer.event, None)
        self._taps[key] = tap
        self._order.append((tap.at, key))
