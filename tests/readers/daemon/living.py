"""The desk lived through in virtual time, and what a whole passage leaves in its journal."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from emulators.clock import run_virtually
from tests.readers.daemon.desk import Desk, desk, signed, snapshot

PASSED = [
    ("decision", "granted"),
    ("door-opened", None),
    ("passage", None),
    ("door-closed", None),
]


def live(directory: Path, act: Callable[[Desk], Awaitable[None]], *payloads: bytes) -> None:
    """Run a door computer and do `act` at it, in virtual time."""

    async def scene() -> None:
        async with desk(directory, payloads or (signed(snapshot()),)) as running:
            await act(running)

    run_virtually(scene())
