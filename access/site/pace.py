"""How a whole site works at either pace: while time jumps, and once it follows the wall."""

from collections.abc import Callable
from typing import TypeVar

from access.services.offload import Offload
from readers.ports import Clock

ROUND_S = 30.0
"""While time jumps nobody watches, so all sources tell what they have at the same instants, this far apart."""

COMMIT_S = 1.0
"""And the server waits this long for all of them, so that a round is one commit. A source sends again after 10 s."""

_ResultT = TypeVar("_ResultT")


class Pace:
    """An `Offload` and a time to gather. It begins with time jumping: one thread, work done where it stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._where: Offload = inline
        self._is_live = False

    def go_live(self, where: Offload) -> None:
        """Tell everything at once from now on, and do blocking work elsewhere."""
        self._where, self._is_live = where, True

    def until_told_s(self) -> float:
        """Return how long a source waits for more to say."""
        return 0.0 if self._is_live else ROUND_S - self._clock.now().timestamp() % ROUND_S

    def until_stored_s(self) -> float:
        """Return how long the server waits for more to store."""
        return 0.0 if self._is_live else COMMIT_S

    async def __call__(self, work: Callable[[], _ResultT]) -> _ResultT:
        """Do blocking work where the pace has it done."""
        return await self._where(work)


async def inline(work: Callable[[], _ResultT]) -> _ResultT:
    """Do blocking work where it stands."""
    return work()
