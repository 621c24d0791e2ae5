"""Where blocking work is done: on a thread beside the event loop, which never waits for the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

_ResultT = TypeVar("_ResultT")


class Offload(Protocol):
    """Does blocking work away from the event loop; a simulation does it where it stands."""

    async def __call__(self, work: Callable[[], _ResultT]) -> _ResultT:
        """Return what `work` returns."""
        ...


class WorkThread:
    """An `Offload` to a thread of its own, called `totem-` and what it is for; one piece of work after the other."""

    def __init__(self, purpose: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"totem-{purpose}")

    async def __call__(self, work: Callable[[], _ResultT]) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Finish what was begun and end the thread."""
        self._thread.shutdown()
