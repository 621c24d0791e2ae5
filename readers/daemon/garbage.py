"""The interpreter's garbage, looked for between cards: never while somebody waits at a door.

What is loaded, and what each snapshot brings, is put beyond the collector's reach, so that a look passes over what came
since and nothing else: a look through everything takes a third of a second of a small computer whose caches are cold.
What a snapshot replaces has no cycles, and its reference counts free it. A process has one collector: this is for a
door computer's own, where nothing else runs.
"""

import gc

from policies.building import Building
from readers.daemon.daemon import Daemon
from readers.daemon.rights import Rights
from readers.ports import Clock

EVERY_S = 60.0
"""A door computer makes some kilobytes of garbage an hour that reference counts do not free at once."""

WHOLE_EVERY = 1440
"""Looks until the next at everything, a day's: it finds what was put aside in the middle of its work and was knotted
into a cycle since."""

MOST_PUT_OFF = 5
"""Looks that are put off while cards are read: a queue of five minutes without a pause is no reason to run out."""


class Garbage:
    """Collects for one daemon. `run` it as a task."""

    def __init__(self, daemon: Daemon, rights: Rights, clock: Clock) -> None:
        self._daemon, self._rights, self._clock = daemon, rights, clock
        self._settled: Building | None = None
        self._looks = 0
        self._put_off = 0

    async def run(self) -> None:
        """Collect until cancelled; then the interpreter does again by itself."""
        gc.disable()
        try:
            while True:
                self.look()
                await self._clock.sleep(EVERY_S)
        finally:
            gc.enable()

    def look(self) -> bool:
        """Collect, unless a card is being read; return whether it was done."""
        if self._daemon.is_reading and self._put_off < MOST_PUT_OFF:
            self._put_off += 1
            return False
        self._put_off = 0
        is_whole = self._looks % WHOLE_EVERY == 0
        self._looks += 1
        if is_whole:
            gc.unfreeze()
        gc.collect()
        snapshot = self._rights.snapshot
        building = snapshot.building if snapshot is not None else None
        if is_whole or building is not self._settled:
            gc.freeze()
            self._settled = building
        return True
