"""One person on their way: walk up, wait for their turn, tap, watch the lamp, push, and step through.

Nobody is ever stuck: a reader that stays dark is given up after some patience, and from inside the handle opens.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from emulators.cards.card import VirtualCard
from emulators.people.agenda import Manner
from emulators.people.doorway import Doorway
from emulators.people.routes import Hop, Routes
from emulators.people.truth import Truth
from policies.ids import DoorId, PersonId, SpaceId
from policies.request import Direction
from readers.ports import Clock, Feedback

_WALK_S = (12.0, 40.0)
"""From one door to the next: the halls are 77 m long."""

_GET_CARD_OUT_S = (0.4, 1.1)
_REACT_S = (0.3, 0.8)
_STEP_THROUGH_S = (0.9, 1.5)
_TRY_AGAIN_S = (1.5, 4.0)
_HOLD_S = (33.0, 90.0)
_TRIES = 2
_LOOK_FOR_A_BACK_S = 0.5
_LOOKS_FOR_A_BACK = 60
_FIRST_DOOR_IS_HABIT = 0.65
_REFUSALS_UNTIL_HOME = 2

_Range = tuple[float, float]


class Step(msgspec.Struct, frozen=True):
    """Set out for `space` at the instant `at`."""

    at: datetime
    space: SpaceId
    manner: Manner = Manner.PROPER


class Life:
    """One person in the building, from their first step to their last on a day."""

    def __init__(
        self,
        person: PersonId,
        card: VirtualCard,
        doorways: Mapping[DoorId, Doorway],
        routes: Routes,
        truth: Truth,
        clock: Clock,
        draw: random.Random,
    ) -> None:
        self._person, self._card = person, card
        self._doorways, self._routes, self._truth = doorways, routes, truth
        self._clock, self._draw = clock, draw
        self._first_choice = draw.random() < _FIRST_DOOR_IS_HABIT
        self._holds = False

    async def follow(self, steps: Iterable[Step]) -> None:
        """Take each step when its time comes; go home if the building twice does not let them in."""
        refusals = 0
        for step in steps:
            await self._clock.sleep(max(0.0, (step.at - self._clock.now()).total_seconds()))
            if await self._go(step.space, step.manner):
                continue
            if self._here == self._routes.outside:
                refusals += 1
                if refusals == _REFUSALS_UNTIL_HOME:
                    return

    @property
    def _here(self) -> SpaceId:
        return self._truth.inside.get(self._person, self._routes.outside)

    async def _go(self, space: SpaceId, manner: Manner) -> bool:
        if manner is Manner.BY_ESCAPE_DOOR and space == self._routes.outside:
            escape = self._routes.escape_from(self._here)
            if escape is not None:
                return await self._by_handle(self._doorways[escape], space)
        self._holds = manner is Manner.HOLDING
        for hop in self._routes.between(self._here, space) or ():
            await self._spend(_WALK_S)
            if not await self._pass(hop, manner):
                return False
        return True

    async def _pass(self, hop: Hop, manner: Manner) -> bool:
        doorway = self._doorways[hop.doors[0 if self._first_choice else -1]]
        if manner is Manner.TAILGATING and await self._slip_behind(doorway, hop.target):
            return True
        if hop.direction is Direction.ENTRY:
            return await self._by_badge(doorway, hop)
        if manner is not Manner.FORGETFUL and doorway.has_reader(Direction.EXIT):
            return await self._by_badge(doorway, hop) or await self._by_handle(doorway, hop.target)
        return await self._by_handle(doorway, hop.target)

    async def _by_badge(self, doorway: Doorway, hop: Hop) -> bool:
        turn = doorway.turns[hop.direction]
        if not await turn.take():
            return False
        try:
            for _ in range(_TRIES):
                await self._spend(_GET_CARD_OUT_S)
                answer = await doorway.tap(self._card, hop.direction)
                if not doorway.door.is_open:  # an open leaf is caught before it falls shut
                    await self._spend(_REACT_S)
                if answer is Feedback.GRANTED and doorway.door.push():
                    await self._step(doorway, hop.target)
                    return True
                await self._spend(_TRY_AGAIN_S)
            return False
        finally:
            turn.give()

    async def _by_handle(self, doorway: Doorway, target: SpaceId) -> bool:
        turn = doorway.turns[Direction.EXIT]
        got_turn = await turn.take()  # who does not get it squeezes through: from inside every door opens
        try:
            doorway.door.leave()
            await self._step(doorway, target)
        finally:
            if got_turn:
                turn.give()
        return True

    async def _slip_behind(self, doorway: Doorway, target: SpaceId) -> bool:
        for _ in range(_LOOKS_FOR_A_BACK):
            if doorway.door.is_open:
                doorway.door.push()
                await self._step(doorway, target)
                return True
            await self._clock.sleep(_LOOK_FOR_A_BACK_S)
        return False

    async def _step(self, doorway: Doorway, target: SpaceId) -> None:
        self._truth.move(self._person, target)
        if self._holds:
            self._holds = False
            doorway.door.hold(self._draw.uniform(*_HOLD_S))
        await self._spend(_STEP_THROUGH_S)

    async def _spend(self, between: _Range) -> None:
        await self._clock.sleep(self._draw.uniform(*between))
