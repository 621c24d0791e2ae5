"""The interpreter's garbage, looked for between cards: never while somebody waits at a door.

What a snapshot brings is put beyond the collector's reach, so that each look passes over what came since. A process
has one collector: this is for a door computer's own, where nothing else runs.
"""

import gc

from policies.building import Building
from readers.daemon.daemon import Daemon
from readers.daemon.rights import Rights
from readers.ports import Clock

EVERY_S = 10.0
"""A door computer makes some kilobytes of garbage an hour that reference counts do not free at once."""

MOST_PUT_OFF = 30
"""Looks that are put off while cards are read: a queue of five minutes without a pause is no reason to run out."""


class Garbage:
    """Collects for one daemon. `run` it as a task."""

    def __init__(self, daemon: Daemon, rights: Rights, clock: Clock) -> None:
        self._daemon, self._rights, self._clock = daemon, rights, clock
        self._settled: Building | None = None
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
        snapshot = self._rights.snapshot
        building = snapshot.building if snapshot is not None else None
        if building is self._settled and building is not None:
            gc.collect()
            return True
        gc.unfreeze()  # the snapshot before is garbage by now
        gc.collect()
        gc.freeze()
        self._settled = building
        return True
