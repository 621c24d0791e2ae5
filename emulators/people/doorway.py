"""A door as the people in front of it see it: they take turns, tap, watch the lamp, and go through.

Where both sides have a reader they share the door's one lamp, so the two sides take turns with each other as well.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TypeVar

from emulators.cards.card import VirtualCard
from emulators.field import Antenna
from emulators.strike import EmulatedDoor
from policies.request import Direction
from readers.ports import Clock, Feedback

ANSWER_PATIENCE_S = 6.0
"""How long a card is held to a reader whose lamp stays dark, or goes on asking to wait."""

QUEUE_PATIENCE_S = 180.0
"""How long somebody waits behind others before they give the door up."""

_ANSWERS = frozenset({Feedback.GRANTED, Feedback.REFUSED})

_T = TypeVar("_T")


class Turn:
    """First come, first served."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._is_taken = False
        self._queue: deque[asyncio.Future[bool]] = deque()

    async def take(self) -> bool:
        """Wait for the turn; return False if it did not come within people's patience."""
        if not self._is_taken:
            self._is_taken = True
            return True
        called: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append(called)
        timer = self._clock.call_later(QUEUE_PATIENCE_S, lambda: _answer(called, answer=False))
        try:
            return await called
        finally:
            timer.cancel()

    def give(self) -> None:
        """Let the next one have the turn."""
        while self._queue:
            called = self._queue.popleft()
            if not called.done():
                called.set_result(True)
                return
        self._is_taken = False


class Doorway:
    """One door with its readers."""

    def __init__(self, door: EmulatedDoor, antennas: Mapping[Direction, Antenna], clock: Clock) -> None:
        self.door = door
        self.taps = 0
        self._antennas, self._clock = antennas, clock
        self._answered: asyncio.Future[Feedback | None] | None = None
        turn = Turn(clock)
        both = Direction.ENTRY in antennas and Direction.EXIT in antennas
        self.turns = {Direction.ENTRY: turn, Direction.EXIT: turn if both else Turn(clock)}
        door.watch(self._see)

    def has_reader(self, side: Direction) -> bool:
        """Return whether there is something to tap on this side."""
        return side in self._antennas

    async def tap(self, card: VirtualCard, side: Direction) -> Feedback | None:
        """Hold the card to the reader until the lamp answers; return None if it never does."""
        answered: asyncio.Future[Feedback | None] = asyncio.get_running_loop().create_future()
        self._answered = answered
        antenna = self._antennas[side]
        self.taps += 1
        antenna.present(card)
        timer = self._clock.call_later(ANSWER_PATIENCE_S, lambda: _answer(answered, answer=None))
        feedback = await answered
        timer.cancel()
        antenna.remove()
        self._answered = None
        return feedback

    def _see(self, feedback: Feedback) -> None:
        if self._answered is not None and feedback in _ANSWERS:
            _answer(self._answered, answer=feedback)


def _answer(waiting: asyncio.Future[_T], *, answer: _T) -> None:
    if not waiting.done():
        waiting.set_result(answer)
