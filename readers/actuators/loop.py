"""A supervised loop on an analogue input: shut, open, cut and short told apart by its voltage.

Two resistors at the contact, one in series and one across it, give each state a voltage of its own, so that a cable
that is cut or bridged is not taken for a door. Linux gives the converter as a file (IIO, `in_voltage*_raw`). It is read
in a thread of its own, since a slow converter takes milliseconds.
"""

import asyncio
import threading
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from readers.hardware import Loop

POLL_S = 0.05
"""Two readings that agree make a state, so one of 400 ms is seen several times over."""


class LoopState(Enum):
    """What a loop is; `unreadable` is its converter."""

    SHUT = "shut"
    OPEN = "open"
    CUT = "cut"
    SHORT = "short"
    UNREADABLE = "unreadable"


def state_of(reading: int, wiring: Loop) -> LoopState:
    """Return what a reading means, by the shares of the supply that part the states."""
    share = reading / wiring.full
    if share < wiring.short_below:
        return LoopState.SHORT
    if share < wiring.open_above:
        return LoopState.SHUT
    return LoopState.OPEN if share < wiring.cut_above else LoopState.CUT


class LoopWatch:
    """A loop that is watched until it is closed; `on_state` hears each state on the event loop, the first included."""

    def __init__(
        self, wiring: Loop, on_state: Callable[[LoopState], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._wiring, self._on_state, self._loop = wiring, on_state, loop
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"loop {wiring.path}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        self._thread.join()

    def _watch(self) -> None:
        told = last = None
        while not self._closing.is_set():
            now = self._read()
            if now is last and now is not told:
                told = now
                self._loop.call_soon_threadsafe(self._on_state, now)
            last = now
            self._closing.wait(POLL_S)

    def _read(self) -> LoopState:
        try:
            return state_of(int(Path(self._wiring.path).read_text("ascii")), self._wiring)
        except (OSError, ValueError):
            return LoopState.UNREADABLE
