"""How a whole site works at either pace: while time jumps, and once it follows the wall."""

from collections.abc import Callable
from typing import TypeVar

from access.services.offload import Offload

GATHER_S = 4.0
"""While time jumps nobody watches, so events share messages and commits; a source sends again after 10 s."""

_ResultT = TypeVar("_ResultT")


class Pace:
    """An `Offload` and a time to gather. It begins with time jumping: one thread, work done where it stands."""

    def __init__(self) -> None:
        self._where: Offload = inline
        self._gather_s = GATHER_S

    def go_live(self, where: Offload) -> None:
        """Tell everything at once from now on, and do blocking work elsewhere."""
        self._where, self._gather_s = where, 0.0

    def gather_s(self) -> float:
        """Return how long news waits for more of it."""
        return self._gather_s

    async def __call__(self, work: Callable[[], _ResultT]) -> _ResultT:
        """Do blocking work where the pace has it done."""
        return await self._where(work)


async def inline(work: Callable[[], _ResultT]) -> _ResultT:
    """Do blocking work where it stands."""
    return work()
